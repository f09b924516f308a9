/**
 * `openTape`: a recording as people use it in programs of their own. Bodies come decoded, times as dates; how a tape keeps
 * them stays inside. Reads only.
 */
import { decodeBody } from '../../tape/body/coding';
import type { Body, HeaderList } from '../../tape/model/body';
import { type Operation, protocolLineOf } from '../../tape/model/content-model';
import type { Direction, Outcome, Problem } from '../../tape/model/exchange';
import { type ExchangeFilter, parseFilterPattern } from '../../tape/model/filter';
import { noHttp } from '../../tape/model/http/http';
import type { Message, MessageFacts } from '../../tape/model/message';
import { httpOf, operationOf } from '../../tape/model/registry';
import type { RedactionEntry } from '../../tape/redact/redacted';
import { openReader } from '../../tape/store/registry';
import type { StoredExchange, TapeReader } from '../../tape/store/tape';

/** The filter of the commands: `METHOD host/path` with globs, as in 'GET *\/orders/**'. */
export interface TapeFilter {
  readonly include?: string | readonly string[];
  readonly exclude?: string | readonly string[];
  /** The id of a session. */
  readonly session?: string;
  /** `inbound`: the recorded process served it. `outbound`: it made it as a client. */
  readonly direction?: 'inbound' | 'outbound';
}

export interface Tape {
  readonly path: string;
  sessions(): Promise<readonly TapeSession[]>;
  /** In the order they began, read from the file one by one. Throws BAD_FILTER. */
  exchanges(filter?: TapeFilter): AsyncIterableIterator<TapeExchange>;
  /** The exchange of that id, as `wiretape ls` shows it. */
  exchange(id: string): Promise<TapeExchange | undefined>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** One run of the recorder. */
export interface TapeSession {
  readonly id: string;
  readonly startedAt: Date;
  /** Null while it goes on, and where it was cut short. */
  readonly endedAt: Date | null;
  readonly exchanges: number;
}

export interface TapeExchange {
  readonly id: string;
  readonly session: string;
  readonly connection: string;
  readonly direction: Direction;
  /** Such as `http1`. */
  readonly protocol: string;
  readonly startedAt: Date;
  /** First byte of the request to last byte of the answer; null where there was no end. */
  readonly durationMs: number | null;
  readonly outcome: Outcome;
  /** What is missing of it; [] where it is whole. */
  readonly problems: readonly Problem[];
  /** The id of the inbound exchange during which this outbound one happened. */
  readonly causeId: string | null;
  /** What its protocol says of it: of HTTP method, host, path and status; null is what it or its messages have not. */
  readonly verb: string | null;
  readonly authority: string | null;
  readonly target: string | null;
  readonly result: string | null;
  /** The same in the words of the application that is spoken over it, such as GraphQL, where that is known. */
  readonly operation: TapeOperation;
  /** Null where the protocol is not HTTP, or nothing was seen. */
  readonly request: TapeRequest | null;
  readonly response: TapeResponse | null;
  /** What was said message by message, where the protocol does that. */
  readonly messages: readonly TapeMessage[];
  /** Where redaction took something out, and what stands there now. */
  readonly redacted: readonly RedactionEntry[];
}

export interface TapeOperation {
  /** Such as `GraphQL`; null where it is not known. */
  readonly application: string | null;
  readonly verb: string | null;
  readonly target: string | null;
  readonly result: string | null;
  /** Whether the result is the server's failure. */
  readonly failed: boolean;
}

export interface TapeBody {
  /** Content coding undone, as far as it could be. */
  readonly bytes: Uint8Array;
  /** As UTF-8. */
  text(): string;
  /** Throws a SyntaxError where it is no JSON. */
  json(): unknown;
}

export interface TapeRequest {
  readonly method: string;
  /** As it was on the wire. */
  readonly target: string;
  /** Order, case and repeats as on the wire. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: TapeBody;
}

export interface TapeResponse {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: TapeBody;
}

export interface TapeMessage {
  readonly from: 'client' | 'server';
  /** Such as `text` or `event`. */
  readonly kind: string;
  readonly at: Date;
  readonly facts: MessageFacts;
  readonly body: TapeBody;
}

/** Opens a recording for reading. Rejects with a WiretapeError: where it is not there or no tape. */
export async function openTape(path: string): Promise<Tape> {
  const reader = await openReader(path);
  return {
    path,
    sessions: () => sessionsOf(reader),
    async *exchanges(filter = {}) {
      for await (const stored of reader.exchanges(filterFrom(filter))) yield exchangeFrom(stored);
    },
    async exchange(id) {
      const stored = await reader.exchange(id);
      return stored === undefined ? undefined : exchangeFrom(stored);
    },
    close: () => reader.close(),
    [Symbol.asyncDispose]: () => reader.close(),
  };
}

export function filterFrom({ include = [], exclude = [], session, direction }: TapeFilter): ExchangeFilter {
  return {
    include: [include].flat().map(parseFilterPattern),
    exclude: [exclude].flat().map(parseFilterPattern),
    ...(session === undefined ? {} : { session }),
    ...(direction === undefined ? {} : { direction }),
  };
}

async function sessionsOf(reader: TapeReader): Promise<readonly TapeSession[]> {
  return (await reader.sessions()).map(({ id, startedAtUs, end, exchanges }) => {
    return { id, startedAt: dateOf(startedAtUs), endedAt: end === null ? null : dateOf(end.endedAtUs), exchanges };
  });
}

function exchangeFrom({ id, session, connectionId, causeId, exchange, redacted }: StoredExchange): TapeExchange {
  const operation = operationOf(exchange);
  const { verb, target, result } = protocolLineOf(operation);
  const { request, response } = httpOf(exchange) ?? noHttp;
  return {
    id,
    session,
    connection: connectionId,
    direction: exchange.connection.direction,
    protocol: exchange.protocol,
    startedAt: dateOf(exchange.startedAtUs),
    durationMs: exchange.durationUs === null ? null : exchange.durationUs / 1000,
    outcome: exchange.outcome,
    problems: exchange.problems,
    causeId,
    verb,
    authority: operation.authority,
    target,
    result,
    operation: tapeOperation(operation),
    request: request === null ? null : { method: request.method, target: request.target, ...partsOf(request) },
    response: response === null ? null : { status: response.status, ...partsOf(response) },
    messages: exchange.messages.map(messageFrom),
    redacted,
  };
}

function tapeOperation({ application, verb, target, result, failed }: Operation): TapeOperation {
  return { application, verb, target, result, failed };
}

function partsOf({ headers, body }: { headers: HeaderList; body: Body }): { headers: HeaderList; body: TapeBody } {
  return { headers, body: bodyFrom(body) };
}

function messageFrom({ from, kind, startedAtUs, facts, body }: Message): TapeMessage {
  return { from, kind, at: dateOf(startedAtUs), facts, body: bodyFrom(body) };
}

/** Decoded when it is looked at: most bodies of a tape never are. */
function bodyFrom(body: Body): TapeBody {
  let decoded: Uint8Array | undefined;
  const bytes = (): Uint8Array => {
    decoded ??= decodeBody(body).bytes;
    return decoded;
  };
  const text = (): string => new TextDecoder().decode(bytes());
  return {
    get bytes() {
      return bytes();
    },
    text,
    json: () => JSON.parse(text()) as unknown,
  };
}

/** Dates hold milliseconds; what is finer is cut. */
function dateOf(atUs: number): Date {
  return new Date(Math.floor(atUs / 1000));
}
