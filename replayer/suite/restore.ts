/**
 * Descriptions as exchanges again, for the same replay, judge and mocks that a tape gets. The times of mocks
 * that have none, as older suites left them, are made up from their order. Does no file access.
 */
import { encodeBody } from '../../tape/body/coding';
import { contentCodingsOf } from '../../tape/http/codings';
import { stringifyJson } from '../../tape/json/json';
import type { Body, HeaderList } from '../../tape/model/body';
import type { Connection, Direction, Exchange, Outcome } from '../../tape/model/exchange';
import type { HttpRequest, HttpResponse } from '../../tape/model/http/http';
import { carrierOf } from '../../tape/model/registry';
import type { StoredExchange } from '../../tape/store/tape';
import type {
  BodyDescription,
  CaseDescription,
  HeadersDescription,
  MockDescription,
  RequestDescription,
  ResponseDescription,
} from './description';

/** The bytes of a file that a description names. */
export type ReadBody = (file: string) => Uint8Array;

/** Of ISO 8601 with up to six digits of a second's fraction. */
function microseconds(text: string): number {
  const [seconds = '', fraction = ''] = text.replace(/Z$/, '').split('.');
  return Date.parse(`${seconds}Z`) * 1000 + Number(fraction.slice(0, 6).padEnd(6, '0'));
}

/** The inbound exchange a case was described from. */
export function restoreCase({ tape, request, response, redacted }: CaseDescription, read: ReadBody): StoredExchange {
  const startedAtUs = microseconds(tape.at);
  const connection = {
    direction: 'inbound',
    key: Number(tape.connection) || 0,
    tls: tape.tls ?? null,
    remote: null,
  } as const;
  const timing = { startedAtUs, durationUs: Math.round(tape.durationMs * 1000) };
  return {
    id: tape.exchange,
    session: '1',
    connectionId: tape.connection,
    causeId: null,
    redacted: redacted ?? [],
    exchange: exchangeOf(
      { request, response, outcome: 'response' },
      { number: tape.exchange, connection, channel: tape.channel ?? null, ...timing, read },
    ),
  };
}

/** The outbound exchange a mock was described from; `position` is its place in mocks.json, from 0. */
export function restoreMock(mock: MockDescription, position: number, read: ReadBody): StoredExchange {
  const connection = { direction: 'outbound', key: position, tls: mock.tls, remote: mock.remote } as const;
  const startedAtUs = mock.at === undefined ? (position + 1) * 1000 : microseconds(mock.at);
  const timing = { startedAtUs, durationUs: Math.round((mock.latencyMs ?? 0) * 1000) };
  return {
    id: mock.exchange,
    session: '1',
    connectionId: mock.exchange,
    causeId: mock.cause ?? null,
    redacted: mock.redacted ?? [],
    exchange: exchangeOf(mock, { number: mock.exchange, connection, channel: null, ...timing, read }),
  };
}

interface Messages {
  readonly request: RequestDescription | null;
  readonly response: ResponseDescription | null;
  readonly outcome: Outcome;
}

interface Rest {
  readonly number: string;
  readonly connection: KnownConnection;
  readonly channel: number | null;
  readonly startedAtUs: number;
  readonly durationUs: number;
  readonly read: ReadBody;
}

interface KnownConnection {
  readonly direction: Direction;
  readonly key: number;
  readonly tls: string | null;
  readonly remote: string | null;
}

function exchangeOf({ request, response, outcome }: Messages, rest: Rest): Exchange {
  const { number, connection, channel, startedAtUs, durationUs, read } = rest;
  const endedAtUs = startedAtUs + durationUs;
  const isHttp2 = request?.version === '2' || response?.version === '2';
  return {
    number: Number(number) || 0,
    connection: connectionOf(connection, startedAtUs),
    channel,
    seq: 0,
    protocol: carrierOf[isHttp2 ? '2' : (request?.version ?? '1.1')],
    startedAtUs,
    durationUs,
    outcome,
    problems: [],
    cause: null,
    content: {
      request: request === null ? null : requestOf(request, { startedAtUs, endedAtUs: startedAtUs, read }),
      response: response === null ? null : responseOf(response, { startedAtUs: endedAtUs, endedAtUs, read }),
    },
    messages: [],
    messagesBefore: 0,
  };
}

function connectionOf({ tls, ...known }: KnownConnection, openedAtUs: number): Connection {
  const read = tls === null ? null : { library: tls };
  return { ...known, openedAtUs, local: null, tls: read, unreadTls: null, process: null };
}

interface Reading {
  readonly startedAtUs: number;
  readonly endedAtUs: number;
  readonly read: ReadBody;
}

function requestOf(description: RequestDescription, { read, ...times }: Reading): HttpRequest {
  const { method, target, authority, scheme } = description;
  const said = { ...(authority === undefined ? {} : { authority }), ...(scheme === undefined ? {} : { scheme }) };
  return { method, target, ...said, ...messageOf(description, read), ...times };
}

function responseOf(description: ResponseDescription, { read, ...times }: Reading): HttpResponse {
  const { status, reason = '' } = description;
  return { status, reason, informational: [], ...messageOf(description, read), ...times };
}

function messageOf(description: RequestDescription | ResponseDescription, read: ReadBody) {
  const headers = restoreHeaders(description.headers);
  return {
    version: description.version ?? ('1.1' as const),
    headers,
    body: bodyOf(description, headers, read),
    trailers: restoreHeaders(description.trailers ?? {}),
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

function bodyOf(description: BodyDescription, headers: HeaderList, read: ReadBody): Body {
  const plain = plainBytes(description, read);
  const codings = plain.length === 0 ? [] : contentCodingsOf(headers);
  const bytes = description.coded ? plain : encodeBody(plain, codings);
  return { bytes, codings, wireSize: bytes.length };
}

function plainBytes(description: BodyDescription, read: ReadBody): Uint8Array {
  if (description.file !== undefined) return read(description.file);
  if (description.json !== undefined) return Buffer.from(stringifyJson(description.json));
  return Buffer.from(description.text ?? '');
}
