/**
 * Descriptions as exchanges again, for the same replay, judge and mocks that a tape gets. When mocks began is made up from
 * their order where a suite of before does not say it. Does no file access.
 */
import type { Schemas } from '../../tape/body/protobuf/schemas';
import { contentCodingsOf } from '../../tape/http/codings';
import type { HeaderList } from '../../tape/model/body';
import type { Connection, Direction, Exchange, Outcome, Problem } from '../../tape/model/exchange';
import type { HttpContent, HttpRequest, HttpResponse } from '../../tape/model/http/http';
import { carrierOf } from '../../tape/model/registry';
import { withSchemas } from '../../tape/model/schemas';
import { opensWebSocket, socketOf } from '../../tape/model/websocket/websocket';
import type { StoredExchange } from '../../tape/store/tape';
import type {
  CaseDescription,
  HeadersDescription,
  MessagesDescription,
  MockDescription,
  RequestDescription,
  ResponseDescription,
  TimesDescription,
} from './description';
import { restoreBody, type Shapes, shapesFor } from './restore-body';
import { restoreMessages } from './restore-messages';

/** What stands beside a suite. */
export interface Beside {
  /** The bytes of a file that a description names. */
  read(file: string): Uint8Array;
  readonly schemas: Schemas;
}

/** Of ISO 8601 with up to six digits of a second's fraction. */
function microseconds(text: string): number {
  const [seconds = '', fraction = ''] = text.replace(/Z$/, '').split('.');
  return Date.parse(`${seconds}Z`) * 1000 + Number(fraction.slice(0, 6).padEnd(6, '0'));
}

/** The inbound exchange a case was described from. Throws USAGE for a message that the set of descriptors does not have. */
export function restoreCase(description: CaseDescription, beside: Beside): StoredExchange {
  const { tape, redacted } = description;
  const startedAtUs = microseconds(tape.at);
  const connection = {
    direction: 'inbound',
    key: Number(tape.connection) || 0,
    tls: tape.tls ?? null,
    remote: null,
  } as const;
  const timing = { startedAtUs, durationUs: Math.round(tape.durationMs * 1000), times: tape.times };
  const { channel = null, problems = [] } = tape;
  return {
    id: tape.exchange,
    session: '1',
    connectionId: tape.connection,
    causeId: null,
    redacted: redacted ?? [],
    exchange: exchangeOf(
      { ...description, outcome: 'response' },
      { number: tape.exchange, connection, channel, problems, ...timing, beside },
    ),
  };
}

/** The outbound exchange a mock was described from; `position` is its place in mocks.json, from 0. Throws as `restoreCase` does. */
export function restoreMock(mock: MockDescription, position: number, beside: Beside): StoredExchange {
  const connection = { direction: 'outbound', key: position, tls: mock.tls, remote: mock.remote } as const;
  const durationUs = Math.round((mock.latencyMs ?? 0) * 1000);
  const startedAtUs = mock.at === undefined ? (position + 1) * 1000 : microseconds(mock.at);
  const timing = { startedAtUs, durationUs, times: mock.times };
  return {
    id: mock.exchange,
    session: '1',
    connectionId: mock.exchange,
    causeId: mock.cause ?? null,
    redacted: mock.redacted ?? [],
    exchange: exchangeOf(mock, { number: mock.exchange, connection, channel: null, problems: [], ...timing, beside }),
  };
}

interface Described {
  readonly request: RequestDescription | null;
  readonly response: ResponseDescription | null;
  readonly messages?: MessagesDescription;
  readonly outcome: Outcome;
}

interface Rest {
  readonly number: string;
  readonly connection: KnownConnection;
  readonly channel: number | null;
  readonly problems: readonly Problem[];
  readonly startedAtUs: number;
  readonly durationUs: number;
  readonly times: TimesDescription | undefined;
  readonly beside: Beside;
}

interface KnownConnection {
  readonly direction: Direction;
  readonly key: number;
  readonly tls: string | null;
  readonly remote: string | null;
}

function exchangeOf(described: Described, rest: Rest): Exchange {
  const { number, connection, channel, problems, startedAtUs, durationUs, beside } = rest;
  const { outcome } = described;
  const plain = {
    ...spokenIn(described, rest),
    number: Number(number) || 0,
    connection: connectionOf(connection, startedAtUs),
    channel,
    seq: 0,
    startedAtUs,
    durationUs,
    outcome,
    problems,
    cause: null,
    messagesBefore: 0,
  } as Exchange; // its content is of its protocol
  return withSchemas(plain, beside.schemas);
}

/** In which protocol, and what: a handshake goes on as a WebSocket. */
function spokenIn(
  { request, response, messages: told = [] }: Described,
  rest: Rest,
): Pick<Exchange, 'protocol' | 'content' | 'messages'> {
  const { startedAtUs, beside } = rest;
  const shapes = shapesFor(beside.schemas, request?.target ?? '');
  const content = contentOf({ request, response }, rest, shapes);
  const messages = restoreMessages(told, { startedAtUs, shapes, read: beside.read });
  if (opensWebSocket(content)) return socketOf(content, messages);
  const isHttp2 = request?.version === '2' || response?.version === '2';
  const protocol = carrierOf[isHttp2 ? '2' : (request?.version ?? '1.1')];
  return { protocol, content, messages };
}

function contentOf(
  { request, response }: Pick<Described, 'request' | 'response'>,
  { startedAtUs, durationUs, times, beside }: Rest,
  shapes: Shapes,
): HttpContent {
  const { read } = beside;
  const since = (ms: number | undefined, otherwiseUs: number) =>
    ms === undefined ? startedAtUs + otherwiseUs : startedAtUs + Math.round(ms * 1000);
  const asked = { startedAtUs, endedAtUs: since(times?.askedMs, 0), read, shape: shapes.request };
  const endedAtUs = since(times?.answeredMs, durationUs);
  const answered = { startedAtUs: since(times?.answeringMs, durationUs), endedAtUs, read, shape: shapes.response };
  return {
    request: request === null ? null : requestOf(request, asked),
    response: response === null ? null : responseOf(response, answered),
  };
}

function connectionOf({ tls, ...known }: KnownConnection, openedAtUs: number): Connection {
  const read = tls === null ? null : { library: tls };
  return { ...known, openedAtUs, local: null, tls: read, unreadTls: null, process: null };
}

interface Reading {
  readonly startedAtUs: number;
  readonly endedAtUs: number;
  readonly read: Beside['read'];
  readonly shape: Shapes['request'];
}

function requestOf(description: RequestDescription, reading: Reading): HttpRequest {
  const { method, target, authority, scheme, protocol } = description;
  const said = {
    ...(authority === undefined ? {} : { authority }),
    ...(scheme === undefined ? {} : { scheme }),
    ...(protocol === undefined ? {} : { protocol }),
  };
  return { method, target, ...said, ...messageOf(description, reading) };
}

function responseOf(description: ResponseDescription, reading: Reading): HttpResponse {
  const { status, reason = '' } = description;
  return { status, reason, informational: [], ...messageOf(description, reading) };
}

function messageOf(description: RequestDescription | ResponseDescription, { read, shape, ...times }: Reading) {
  const headers = restoreHeaders(description.headers);
  const codings = 'uncoded' in description ? [] : contentCodingsOf(headers);
  return {
    version: description.version ?? ('1.1' as const),
    headers,
    body: restoreBody(description, { codings, read, shape }),
    trailers: restoreHeaders(description.trailers ?? {}),
    ...times,
  };
}

export function restoreHeaders(description: HeadersDescription): HeaderList {
  if (isList(description)) return description;
  return Object.entries(description).flatMap(([name, values]) =>
    [values].flat().map((value): [string, string] => [name, value]),
  );
}

function isList(description: HeadersDescription): description is HeaderList {
  return Array.isArray(description);
}
