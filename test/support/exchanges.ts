/**
 * Hand-made stored exchanges for tests of what stands right of the tape: cases, mocks, generated suites.
 * Times count up by themselves, one exchange after another, unless a test says otherwise; nothing here reads a clock.
 */
import type { Body, HeaderList } from '../../tape/model/body';
import type { Direction, Exchange, Outcome, Problem } from '../../tape/model/exchange';
import type { HttpRequest, HttpResponse } from '../../tape/model/http/http';
import type { RedactionEntry } from '../../tape/redact/redacted';
import type { StoredExchange } from '../../tape/store/tape';

/** What a test says of an exchange; everything left out is filled in plausibly. */
export interface ExchangeSketch {
  readonly method?: string;
  readonly target?: string;
  readonly host?: string;
  /** The stream of HTTP/2 it was; without it the exchange is of HTTP/1.1. */
  readonly channel?: number;
  /** Where the connection ended on the recorded machine. */
  readonly local?: string;
  /** The connection was in TLS. */
  readonly tls?: boolean;
  readonly requestTrailers?: HeaderList;
  readonly requestHeaders?: HeaderList;
  /** A string is sent as it is; an object as JSON with its content type; bytes as they are. */
  readonly requestBody?: SketchBody;
  readonly status?: number;
  readonly responseHeaders?: HeaderList;
  readonly responseBody?: SketchBody;
  readonly responseTrailers?: HeaderList;
  /** The recorded connection; exchanges of one name share it. Default: one connection for all. */
  readonly connection?: string;
  readonly direction?: Direction;
  readonly outcome?: Outcome;
  readonly problems?: readonly Problem[];
  readonly redacted?: readonly RedactionEntry[];
  /** Microseconds since the epoch; default one millisecond after the exchange before it ended. */
  readonly startedAtUs?: number;
  readonly durationUs?: number;
  /** The id of the inbound exchange that caused this outbound one. */
  readonly causeId?: string;
  /** `none` leaves the exchange without a response. */
  readonly response?: 'none';
}

export type SketchBody = string | Uint8Array | SketchJson;
type SketchJson = { readonly [name: string]: unknown } | readonly unknown[];

export const recordedAtUs = Date.UTC(2026, 10, 20, 10, 0, 0) * 1000;

/** The stored exchanges of one session, numbered from 1 in the order given. */
export function storedExchanges(...sketches: readonly ExchangeSketch[]): StoredExchange[] {
  const state: SketchState = { connections: new Map(), nextAtUs: recordedAtUs };
  return sketches.map((sketch, i) => storedExchange(sketch, i + 1, state));
}

interface SketchState {
  readonly connections: Map<string, { key: number; exchanges: number }>;
  nextAtUs: number;
}

function storedExchange(sketch: ExchangeSketch, number: number, state: SketchState): StoredExchange {
  const startedAtUs = sketch.startedAtUs ?? state.nextAtUs;
  const durationUs = sketch.durationUs ?? 1000;
  state.nextAtUs = startedAtUs + durationUs + 1000;
  const name = sketch.connection ?? 'only';
  const connection = state.connections.get(name) ?? { key: state.connections.size + 1, exchanges: 0 };
  state.connections.set(name, connection);
  return {
    id: String(number),
    session: '1',
    connectionId: String(connection.key),
    causeId: sketch.causeId ?? null,
    exchange: exchangeOf(sketch, { number, startedAtUs, durationUs, key: connection.key, seq: connection.exchanges++ }),
    redacted: sketch.redacted ?? [],
  };
}

interface Placement {
  readonly number: number;
  readonly startedAtUs: number;
  readonly durationUs: number;
  readonly key: number;
  readonly seq: number;
}

function exchangeOf(sketch: ExchangeSketch, at: Placement): Exchange {
  const endedAtUs = at.startedAtUs + at.durationUs;
  return {
    number: at.number,
    connection: {
      key: at.key,
      direction: sketch.direction ?? 'inbound',
      openedAtUs: at.startedAtUs,
      local: sketch.local ?? '127.0.0.1:8080',
      remote: '127.0.0.1:50112',
      tls: sketch.tls === true ? { library: 'openssl' } : null,
      unreadTls: null,
      process: { pid: 4711, name: 'node' },
    },
    channel: sketch.channel ?? null,
    seq: at.seq,
    protocol: sketch.channel === undefined ? 'http1' : 'http2',
    startedAtUs: at.startedAtUs,
    durationUs: at.durationUs,
    outcome: sketch.outcome ?? 'response',
    problems: sketch.problems ?? [],
    cause: null,
    content: {
      request: requestOf(sketch, at.startedAtUs),
      response: sketch.response === 'none' ? null : responseOf(sketch, endedAtUs),
    },
    messages: [],
    messagesBefore: 0,
  };
}

function requestOf(sketch: ExchangeSketch, atUs: number): HttpRequest {
  const { headers, body } = framed(sketch.requestBody, sketch.requestHeaders ?? []);
  const host = sketch.host ?? 'shop.test';
  const isHttp2 = sketch.channel !== undefined;
  return {
    version: versionOf(sketch),
    method: sketch.method ?? 'GET',
    target: sketch.target ?? '/',
    ...(isHttp2 ? { authority: host, scheme: sketch.tls === true ? 'https' : 'http' } : {}),
    headers: isHttp2 ? headers : [['Host', host], ...headers],
    body,
    trailers: sketch.requestTrailers ?? [],
    startedAtUs: atUs,
    endedAtUs: atUs,
  };
}

function responseOf(sketch: ExchangeSketch, atUs: number): HttpResponse {
  const { headers, body } = framed(sketch.responseBody, sketch.responseHeaders ?? []);
  return {
    version: versionOf(sketch),
    status: sketch.status ?? 200,
    reason: sketch.channel === undefined ? 'OK' : '',
    informational: [],
    headers,
    body,
    trailers: sketch.responseTrailers ?? [],
    startedAtUs: atUs,
    endedAtUs: atUs,
  };
}

function versionOf({ channel }: ExchangeSketch): HttpRequest['version'] {
  return channel === undefined ? '1.1' : '2';
}

function framed(sketch: SketchBody | undefined, given: HeaderList): { headers: HeaderList; body: Body } {
  const bytes = bytesOf(sketch);
  const names = new Set(given.map(([name]) => name.toLowerCase()));
  const headers = [...given];
  const json = sketch !== undefined && typeof sketch !== 'string' && !(sketch instanceof Uint8Array);
  if (json && !names.has('content-type')) headers.push(['Content-Type', 'application/json']);
  const unframed = !names.has('content-length') && !names.has('transfer-encoding');
  if (sketch !== undefined && unframed) headers.push(['Content-Length', String(bytes.length)]);
  const codings = given.filter(([name]) => name.toLowerCase() === 'content-encoding').map(([, value]) => value);
  return { headers, body: { bytes, codings, wireSize: bytes.length } };
}

function bytesOf(sketch: SketchBody | undefined): Uint8Array {
  if (sketch === undefined) return new Uint8Array(0);
  if (sketch instanceof Uint8Array) return sketch;
  return Buffer.from(typeof sketch === 'string' ? sketch : JSON.stringify(sketch));
}
