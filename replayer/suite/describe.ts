/**
 * Exchanges of a tape as descriptions: bodies as JSON or text where that is short and loses nothing, and otherwise as
 * files of their own. Knows nothing of source code or of folders; the caller chooses the names of the files.
 */
import { isUtf8 } from 'node:buffer';
import { decodeBody } from '../../tape/body/coding';
import { type BodyView, viewBody } from '../../tape/body/view';
import { framing } from '../../tape/http/hop-by-hop';
import { isJsonObject, JsonNumber, type JsonValue, parseJson, stringifyJson } from '../../tape/json/json';
import type { Body, HeaderList } from '../../tape/model/body';
import { type HttpRequest, type HttpResponse, type HttpVersion, noHttp } from '../../tape/model/http/http';
import { httpOf } from '../../tape/model/registry';
import type { StoredExchange } from '../../tape/store/tape';
import type { RunnableCase } from '../cases/cases';
import type { Mock, Refusal } from '../mocks/mock';
import type {
  BodyDescription,
  CaseDescription,
  HeadersDescription,
  MockDescription,
  OnTape,
  RequestDescription,
  ResponseDescription,
} from './description';

/** Keeps a body that does not fit beside the test, and says under which name. `extension` is `json`, `txt` or `bin`. */
export type KeepBody = (bytes: Uint8Array, place: { side: 'request' | 'response'; extension: string }) => string;

/** Larger bodies get a file of their own: what is beside a test should fit on a screen together with it. */
export const inlineLimitBytes = 2048;

export function describeCase(testCase: RunnableCase, step: number, keep: KeepBody): CaseDescription {
  const { stored, request, response } = testCase;
  const expected = { headers: judgedHeaders(response.headers, request.method), exact: false, keep };
  return {
    tape: onTape(stored, step),
    request: describeRequest(request, { headers: requestHeaders(request), keep }),
    response: describeResponse(response, expected),
    ...(stored.redacted.length === 0 ? {} : { redacted: stored.redacted }),
  };
}

function onTape({ id, connectionId, exchange }: StoredExchange, step: number): OnTape {
  const { tls } = exchange.connection;
  return {
    step,
    exchange: id,
    connection: connectionId,
    ...(exchange.channel === null ? {} : { channel: exchange.channel }),
    ...(tls === null ? {} : { tls: tls.library }),
    at: timeText(exchange.startedAtUs),
    durationMs: (exchange.durationUs ?? 0) / 1000,
  };
}

/** `stored` is the exchange that `mock` was made of, a refused connect included. */
export function describeMock(stored: StoredExchange, mock: Mock | Refusal, keep: KeepBody): MockDescription {
  const { outcome, connection } = stored.exchange;
  const { request, response } = httpOf(stored.exchange) ?? noHttp;
  const latencyMs = 'answer' in mock ? tookMs(mock.answer) : undefined;
  return {
    exchange: stored.id,
    at: timeText(stored.exchange.startedAtUs),
    ...(stored.causeId === null ? {} : { cause: stored.causeId }),
    remote: connection.remote,
    tls: connection.tls?.library ?? null,
    outcome,
    ...(latencyMs === undefined ? {} : { latencyMs }),
    request: request === null ? null : describeRequest(request, { headers: request.headers, keep }),
    response: response === null ? null : describeResponse(response, { headers: response.headers, exact: true, keep }),
    ...(stored.redacted.length === 0 ? {} : { redacted: stored.redacted }),
  };
}

function tookMs(answer: Mock['answer']): number | undefined {
  if ('latencyMs' in answer) return answer.latencyMs;
  return 'afterMs' in answer ? answer.afterMs : undefined;
}

interface Told {
  /** The header fields worth writing down. */
  readonly headers: HeaderList;
  readonly keep: KeepBody;
}

function describeRequest(request: HttpRequest, { headers, keep }: Told): RequestDescription {
  return {
    method: request.method,
    target: request.target,
    ...versionOf(request),
    ...(request.authority === undefined ? {} : { authority: request.authority }),
    ...(request.scheme === undefined ? {} : { scheme: request.scheme }),
    headers: describeHeaders(headers),
    ...describeBody(request, { side: 'request', exact: true, keep }),
    ...trailersOf(request.trailers),
  };
}

function describeResponse(response: HttpResponse, told: Told & { readonly exact: boolean }): ResponseDescription {
  const { headers, exact, keep } = told;
  return {
    status: response.status,
    ...(exact && response.reason !== '' ? { reason: response.reason } : {}),
    ...versionOf(response),
    headers: describeHeaders(headers),
    ...describeBody(response, { side: 'response', exact, keep }),
    ...trailersOf(response.trailers),
  };
}

/** Without what is made anew when the request is sent. Whether the length is said is the client's choice in HTTP/2. */
function requestHeaders({ headers, version }: HttpRequest): HeaderList {
  return headers.filter(([name, value]) => {
    const lower = name.toLowerCase();
    return (
      (lower !== 'content-length' || version === '2') && !(lower === 'connection' && /^keep-alive$/i.test(value.trim()))
    );
  });
}

/** Without the fields of connection and framing, which no verdict depends on (RFC 9110 7.6.1, RFC 9112 6). */
function judgedHeaders(headers: HeaderList, method: string): HeaderList {
  return headers.filter(([name]) => {
    const lower = name.toLowerCase();
    return !framing.has(lower) || (lower === 'content-length' && method === 'HEAD');
  });
}

function versionOf({ version }: { version: HttpVersion }): { version?: HttpVersion } {
  return version === '1.1' ? {} : { version };
}

function trailersOf(trailers: HeaderList): { trailers?: HeadersDescription } {
  return trailers.length === 0 ? {} : { trailers: describeHeaders(trailers) };
}

/** An object where it says the same as the list: repeats stand together, and no name is one that objects sort or swallow. */
export function describeHeaders(headers: HeaderList): HeadersDescription {
  const byName: { [name: string]: string | string[] } = {};
  let before: string | undefined;
  for (const [name, value] of headers) {
    if (name === '__proto__' || /^\d+$/.test(name)) return headers;
    const known = Object.hasOwn(byName, name) ? byName[name] : undefined;
    if (known === undefined) byName[name] = value;
    else if (before !== name) return headers;
    else byName[name] = typeof known === 'string' ? [known, value] : [...known, value];
    before = name;
  }
  return byName;
}

interface Keeping {
  readonly side: 'request' | 'response';
  /** What is sent again must keep its bytes; what is only compared must keep its meaning. */
  readonly exact: boolean;
  readonly keep: KeepBody;
}

function describeBody(message: { headers: HeaderList; body: Body }, { side, exact, keep }: Keeping): BodyDescription {
  const { headers, body } = message;
  if (body.bytes.length === 0) return {};
  const decoded = decodeBody(body);
  if (decoded.problem !== null) return { file: keep(body.bytes, { side, extension: 'bin' }), coded: true };
  const text = isUtf8(decoded.bytes) ? utf8(decoded.bytes) : undefined;
  if (text === undefined) return { file: keep(decoded.bytes, { side, extension: 'bin' }) };
  const json = jsonOf(viewBody(headers, body), text);
  if (json !== undefined && (!exact || stringifyJson(json) === text)) {
    if (decoded.bytes.length <= inlineLimitBytes) return { json };
    if (!exact) return { file: keep(prettyJson(json), { side, extension: 'json' }) };
  }
  if (isOneShortLine(text)) return { text };
  return { file: keep(decoded.bytes, { side, extension: json === undefined ? 'txt' : 'json' }) };
}

/** The value of a JSON body where source code can hold all of it. */
export function jsonOf(view: BodyView, text: string): JsonValue | undefined {
  if (view.kind !== 'json' || !isSameAsUtf8(view.value, text) || !survives(view.value)) return undefined;
  return view.value;
}

/** False for JSON in another charset: it would be written back as UTF-8. */
function isSameAsUtf8(value: JsonValue, text: string): boolean {
  const parsed = parseJson(text);
  return parsed !== undefined && stringifyJson(parsed) === stringifyJson(value);
}

/** True where a JavaScript value holds all that the JSON says. */
function survives(value: JsonValue): boolean {
  if (value instanceof JsonNumber || Object.is(value, -0)) return false;
  if (Array.isArray(value)) return value.every(survives);
  return !isJsonObject(value) || Object.values(value).every(survives);
}

function isOneShortLine(text: string): boolean {
  return text.length <= inlineLimitBytes / 4 && !/[\r\n]/.test(text);
}

function prettyJson(value: JsonValue): Uint8Array {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}

function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/** ISO 8601 with microseconds. */
function timeText(atUs: number): string {
  const seconds = new Date(Math.floor(atUs / 1000)).toISOString().slice(0, 19);
  return `${seconds}.${String(atUs % 1_000_000).padStart(6, '0')}Z`;
}
