/**
 * An exchange as the cells of its row, in the order of `exchangeColumns` and `rareColumns`, and back; its messages
 * likewise. Knows no protocol: contents pack themselves.
 */
import { noBytes } from '../../model/body';
import type { Heads, Operation, PackedBytes, Sizes } from '../../model/content-model';
import type { ProtocolName } from '../../model/contents';
import type { Cause, Connection, Exchange, Outcome, Problem } from '../../model/exchange';
import type { Message } from '../../model/message';
import { messageIn } from '../../model/path';
import { isProtocol, modelFor } from '../../model/registry';
import type { Redacted, RedactionEntry } from '../../redact/redacted';
import { factsIn, UnbelievableCell } from './cells';
import { type ConnectionColumns, connectionOf, type ListedConnectionColumns } from './connection-row';

export type Cell = null | number | string | Uint8Array;

/** Columns of `exchanges` that the exchange itself says; ids and bodies are the writer's. */
export const exchangeColumns = [
  'seq',
  'number',
  'protocol',
  'started_us',
  'duration_us',
  'verb',
  'authority',
  'target',
  'result',
  'request_bytes',
  'response_bytes',
  'content',
  'redacted',
] as const;

/** The same; most exchanges have these values in all of them, which need not be handed to SQLite each time. */
export const rareColumns = [
  ['outcome', 'response'],
  ['problems', ''],
  ['failed', 0],
  ['messages', 0],
  ['channel', null],
  ['cause_number', null],
  ['cause_method', null],
  ['application', null],
  ['over_verb', null],
  ['over_target', null],
  ['over_result', null],
] as const;

/** One exchange on its way to the tape. */
export interface PreparedExchange {
  readonly connection: Connection;
  readonly number: number;
  /** It goes on: another one will take its place. */
  readonly isOpen: boolean;
  readonly usual: readonly Cell[];
  /** Null where all of them are as usual. */
  readonly rare: readonly Cell[] | null;
  readonly heads: Heads;
  readonly request: PackedBytes | null;
  readonly response: PackedBytes | null;
  /** How many of its messages are on the tape already. */
  readonly messagesBefore: number;
  readonly messages: readonly PreparedMessage[];
}

export interface PreparedMessage {
  readonly cells: Cell[];
  readonly body: PackedBytes | null;
}

export function prepareExchange({ exchange, entries }: Redacted<Exchange>): PreparedExchange {
  const { protocol, content, messages, messagesBefore } = exchange;
  const model = modelFor(protocol);
  const operation = model.operation(content, messages);
  const sizes = model.sizes(content);
  const packed = model.pack(content);
  const entriesByMessage = messages.length + messagesBefore === 0 ? null : byMessage(entries);
  const usual = [
    exchange.seq,
    exchange.number,
    protocol,
    exchange.startedAtUs,
    exchange.durationUs,
    operation.verb,
    operation.authority,
    operation.target,
    operation.result,
    sizes.request,
    sizes.response,
    packed.fields,
    cellOf(entriesByMessage === null ? entries : entriesByMessage.get(null)),
  ];
  return {
    connection: exchange.connection,
    number: exchange.number,
    isOpen: exchange.outcome === 'open',
    usual,
    rare: rareCells(exchange, operation),
    heads: packed.heads ?? noHeads,
    request: packed.request,
    response: packed.response,
    messagesBefore,
    messages: messages.map((message, i) => prepareMessage(message, entriesByMessage?.get(messagesBefore + i))),
  };
}

const noHeads: Heads = { request: null, response: null };

function rareCells(exchange: Exchange, operation: Operation): readonly Cell[] | null {
  if (isUsual(exchange, operation)) return null;
  const { channel, cause, messages, messagesBefore } = exchange;
  const { application, over } = operation;
  return [
    exchange.outcome,
    exchange.problems.join(' '),
    operation.failed ? 1 : 0,
    messagesBefore + messages.length,
    channel,
    cause === null ? null : cause.number,
    cause === null ? null : cause.method,
    application,
    over === null ? null : over.verb,
    over === null ? null : over.target,
    over === null ? null : over.result,
  ];
}

function isUsual(exchange: Exchange, { application, over, failed }: Operation): boolean {
  const { outcome, problems, channel, cause, messages, messagesBefore } = exchange;
  const isWhole = outcome === 'response' && problems.length === 0 && !failed;
  const isPlain = channel === null && cause === null && application === null && over === null;
  return isWhole && isPlain && messagesBefore + messages.length === 0;
}

/** What was taken from a message stands beside it: the exchange is written again when more of them come. */
function byMessage(entries: readonly RedactionEntry[]): ReadonlyMap<number | null, readonly RedactionEntry[]> {
  return Map.groupBy(entries, ({ path }) => messageIn(path));
}

function cellOf(entries: readonly RedactionEntry[] = []): string | null {
  return entries.length === 0 ? null : JSON.stringify(entries);
}

/** Columns of `messages` that the message itself says. */
export const messageColumns = [
  'sender',
  'kind',
  'started_us',
  'ended_us',
  'facts',
  'size',
  'codings',
  'redacted',
] as const;

function prepareMessage(
  { from, kind, startedAtUs, endedAtUs, facts, body }: Message,
  entries: readonly RedactionEntry[] | undefined,
): PreparedMessage {
  const written = [startedAtUs, endedAtUs, JSON.stringify(facts), body.wireSize, body.codings.join(' ')];
  return {
    cells: [from, kind, ...written, cellOf(entries)],
    body: body.bytes.length === 0 ? null : { bytes: body.bytes, isCoded: body.codings.length > 0 },
  };
}

/** A row of `exchanges` joined with its connection, without what only the whole exchange needs. */
export interface SummaryColumns extends ListedConnectionColumns {
  readonly id: number;
  readonly session_id: number;
  readonly connection_id: number;
  readonly cause_id: number | null;
  readonly channel: number | null;
  readonly seq: number;
  readonly protocol: string;
  readonly started_us: number;
  readonly duration_us: number | null;
  readonly outcome: Outcome;
  readonly problems: string;
  readonly cause_method: string | null;
  readonly verb: string | null;
  readonly authority: string | null;
  readonly target: string | null;
  readonly result: string | null;
  readonly application: string | null;
  readonly failed: number;
  readonly over_verb: string | null;
  readonly over_target: string | null;
  readonly over_result: string | null;
  readonly request_bytes: number;
  readonly response_bytes: number;
  readonly messages: number;
}

/** The whole row; heads and bodies put together by the reader. */
export interface ExchangeColumns extends SummaryColumns, ConnectionColumns {
  readonly number: number;
  readonly cause_number: number | null;
  readonly content: string;
  readonly redacted: string | null;
}

export interface MessageColumns {
  readonly sender: string;
  readonly kind: string;
  readonly started_us: number;
  readonly ended_us: number;
  readonly facts: string;
  readonly size: number;
  readonly codings: string;
  readonly redacted: string | null;
}

export interface StoredParts {
  readonly heads: Heads;
  readonly request: Uint8Array | null;
  readonly response: Uint8Array | null;
}

/** Throws UnbelievableCell and UnbelievableContent where the row is not what was recorded. */
export function exchangeOf(row: ExchangeColumns, parts: StoredParts, messages: readonly Message[]): Exchange {
  const protocol = protocolOf(row);
  const stored = { fields: row.content, ...parts, sizes: sizesOf(row), operation: operationOf(row) };
  return {
    number: row.number,
    connection: connectionOf(row),
    channel: row.channel,
    seq: row.seq,
    protocol,
    startedAtUs: row.started_us,
    durationUs: row.duration_us,
    outcome: row.outcome,
    problems: problemsOf(row.problems),
    cause: causeOf(row),
    content: modelFor(protocol).unpack(stored),
    messages,
    messagesBefore: 0,
  } as Exchange; // the model is the protocol's own
}

export function messageOf(row: MessageColumns, bytes: Uint8Array | null): Message {
  return {
    from: row.sender === 'client' ? 'client' : 'server',
    kind: row.kind,
    startedAtUs: row.started_us,
    endedAtUs: row.ended_us,
    facts: factsIn(row.facts),
    body: { bytes: bytes ?? noBytes, codings: row.codings === '' ? [] : row.codings.split(' '), wireSize: row.size },
  };
}

export function protocolOf({ protocol }: Pick<SummaryColumns, 'protocol'>): ProtocolName {
  if (isProtocol(protocol)) return protocol;
  throw new UnbelievableCell(
    `column protocol holds ${JSON.stringify(protocol.slice(0, 40))}, which this version does not know`,
  );
}

export function problemsOf(text: string): Problem[] {
  return text === '' ? [] : (text.split(' ') as Problem[]);
}

/** The columns of a list. */
export function operationOf(row: SummaryColumns): Operation {
  const { verb, authority, target, result, application, failed } = row;
  const { over_verb, over_target, over_result } = row;
  const over = over_verb === null ? null : { verb: over_verb, target: over_target, result: over_result };
  return { verb, authority, target, result, application, failed: failed !== 0, over };
}

function sizesOf(row: SummaryColumns): Sizes {
  return { request: row.request_bytes, response: row.response_bytes };
}

function causeOf(row: ExchangeColumns): Cause | null {
  return row.cause_number === null ? null : { number: row.cause_number, method: row.cause_method ?? '' };
}
