/**
 * Conversations for tests of everything between events and exchanges: who says what, in order, and what comes out.
 * A conversation can be cut into any pieces and given holes; the bytes said stay known, so that a test can hold every
 * exchange against them.
 */
import { createHeaderInflater } from '../../native/binding';
import { createPipeline, type Pipeline, type PipelineOptions } from '../../recorder/pipeline';
import type { CloseEvent, DataEvent, OpenEvent, SourceEvent } from '../../recorder/source/events';
import type { RecordingStats } from '../../recorder/tally/tally';
import type { Exchange } from '../../tape/model/exchange';
import type { Loss } from '../../tape/store/tape';
import { httpIn } from './contents';
import { asRedacted } from './tapes';

/** One thing said by one side, or something else that happens. */
export type Turn =
  | { readonly kind: 'says'; readonly who: 'client' | 'server'; readonly bytes: Buffer }
  | {
      readonly kind: 'misses';
      readonly who: 'client' | 'server';
      readonly size: number;
      readonly reason: DataEvent['missing'];
    }
  | { readonly kind: 'waits'; readonly us: number }
  | { readonly kind: 'closes'; readonly how: CloseEvent['how']; readonly wasLeft: boolean };

export function client(text: string | Buffer): Turn {
  return { kind: 'says', who: 'client', bytes: bytesOf(text) };
}

export function server(text: string | Buffer): Turn {
  return { kind: 'says', who: 'server', bytes: bytesOf(text) };
}

/** Bytes that were said and not captured. */
export function missing(who: 'client' | 'server', size: number, reason: DataEvent['missing'] = 'ring-full'): Turn {
  return { kind: 'misses', who, size, reason };
}

export function waits(us: number): Turn {
  return { kind: 'waits', us };
}

export function closes(how: CloseEvent['how'] = 'closed'): Turn {
  return { kind: 'closes', how, wasLeft: false };
}

/** The recorded process closes before the other side has ended. */
export function leaves(): Turn {
  return { kind: 'closes', how: 'closed', wasLeft: true };
}

export interface Seen {
  readonly exchanges: readonly Exchange[];
  readonly losses: readonly Loss[];
  readonly stats: RecordingStats;
}

export interface Circumstances extends Partial<Pick<PipelineOptions, 'limits' | 'keepRaw' | 'filter'>> {
  readonly role?: OpenEvent['role'];
  readonly startedEarlier?: boolean;
  readonly key?: number;
  readonly local?: string | null;
  readonly remote?: string | null;
}

export const startUs = 1_800_000_000_000_000;
/** Time between two turns. */
export const stepUs = 1000;

/** Plays a conversation of the only connection, and ends the recording a second later. */
export function converse(...turns: readonly Turn[]): Seen {
  return converseWith({}, ...turns);
}

export function converseWith(circumstances: Circumstances, ...turns: readonly Turn[]): Seen {
  return play(eventsOf(circumstances, turns), circumstances);
}

/** Gives events to a pipeline one at a time, with the ticks that a recorder gives, and ends it. */
export function play(events: readonly SourceEvent[], options: Circumstances = {}): Seen {
  const exchanges: Exchange[] = [];
  const losses: Loss[] = [];
  const { limits = {}, keepRaw = false, filter = {} } = options;
  const pipeline = createPipeline({
    limits,
    keepRaw,
    filter,
    createHeaderDecoder: createHeaderInflater,
    redact: (exchange) => asRedacted(exchange),
    onExchange: ({ exchange }) => exchanges.push(exchange),
    onLoss: (loss) => losses.push(loss),
  });
  for (const event of events) {
    pipeline.tick(event.atUs);
    pushLent(pipeline, event);
  }
  pipeline.end((events.at(-1)?.atUs ?? startUs) + 1_000_000);
  return { exchanges, losses, stats: pipeline.stats() };
}

/** As the addon does: the memory of an event's bytes holds others as soon as it was pushed. */
function pushLent(pipeline: Pipeline, event: SourceEvent): void {
  if (event.kind !== 'data') {
    pipeline.push([event]);
    return;
  }
  const bytes = Buffer.from(event.bytes);
  pipeline.push([{ ...event, bytes }]);
  bytes.fill('overwritten ');
}

/** The events of a conversation as the watched process sees it: a server's for `inbound`, a client's for `outbound`. */
export function eventsOf(circumstances: Circumstances, turns: readonly Turn[]): SourceEvent[] {
  const script = new Script(circumstances);
  for (const turn of turns) script.play(turn);
  return script.events;
}

class Script {
  readonly events: SourceEvent[];
  private readonly key: number;
  private readonly serves: boolean;
  private atUs = startUs;
  private readonly positions = { sent: 0, received: 0 };

  constructor(circumstances: Circumstances) {
    const { role = 'inbound', startedEarlier = false, key = 1 } = circumstances;
    const { local = '127.0.0.1:8080', remote = '127.0.0.1:50112' } = circumstances;
    this.key = key;
    this.serves = role !== 'outbound';
    const process = { pid: 4711, name: 'node' };
    this.events = [{ kind: 'open', connection: key, atUs: this.atUs, role, process, local, remote, startedEarlier }];
  }

  play(turn: Turn): void {
    this.atUs += turn.kind === 'waits' ? turn.us : stepUs;
    if (turn.kind === 'says') this.data(turn.who, turn.bytes, turn.bytes.length, null);
    if (turn.kind === 'misses') this.data(turn.who, Buffer.alloc(0), turn.size, turn.reason);
    if (turn.kind === 'closes') this.close(turn);
  }

  private data(who: 'client' | 'server', bytes: Buffer, size: number, reason: DataEvent['missing']): void {
    const direction = (who === 'server') === this.serves ? 'sent' : 'received';
    const position = this.positions[direction];
    this.positions[direction] += size;
    this.events.push({
      kind: 'data',
      connection: this.key,
      atUs: this.atUs,
      direction,
      position,
      bytes,
      size,
      missing: reason,
    });
  }

  private close({ how, wasLeft }: Pick<Required<CloseEvent>, 'how' | 'wasLeft'>): void {
    const { sent, received } = this.positions;
    this.events.push({
      kind: 'close',
      connection: this.key,
      atUs: this.atUs,
      how,
      wasLeft,
      sentTotal: sent,
      receivedTotal: received,
    });
  }
}

/** Request and response as one would say them: `GET /a` → `200 A`, problems behind it. */
export function summary(exchange: Exchange): string {
  const { outcome, problems, protocol } = exchange;
  const { request, response } = httpIn(exchange);
  const asked = request === null ? protocol : `${request.method} ${request.target}${text(request.body.bytes)}`;
  const answered =
    response === null
      ? outcome
      : `${outcome === 'response' ? '' : `${outcome} `}${response.status}${text(response.body.bytes)}`;
  return `${asked} → ${answered}${problems.length > 0 ? ` [${problems.join(' ')}]` : ''}`;
}

export function summaries(seen: Seen): string[] {
  return seen.exchanges.map(summary);
}

function text(bytes: Uint8Array): string {
  return bytes.length === 0 ? '' : ` ${Buffer.from(bytes).toString('latin1')}`;
}

export function get(target: string, ...headers: string[]): string {
  return head(`GET ${target} HTTP/1.1`, ['Host: shop', ...headers]);
}

export function post(target: string, body: string, ...headers: string[]): string {
  return (
    head(`POST ${target} HTTP/1.1`, ['Host: shop', `Content-Length: ${Buffer.byteLength(body)}`, ...headers]) + body
  );
}

export function ok(body: string, ...headers: string[]): string {
  return head('HTTP/1.1 200 OK', [`Content-Length: ${Buffer.byteLength(body)}`, ...headers]) + body;
}

export function chunked(...chunks: string[]): string {
  const framed = [...chunks, ''].map((chunk) => `${Buffer.byteLength(chunk).toString(16)}\r\n${chunk}\r\n`).join('');
  return head('HTTP/1.1 200 OK', ['Transfer-Encoding: chunked']) + framed;
}

/** A start line and header lines, and the empty line behind them. */
export function head(startLine: string, headers: readonly string[]): string {
  return `${[startLine, ...headers].join('\r\n')}\r\n\r\n`;
}

function bytesOf(text: string | Buffer): Buffer {
  return typeof text === 'string' ? Buffer.from(text, 'latin1') : text;
}
