/**
 * Exchanges of a tape as descriptions, for people to read and edit. Knows nothing of source code or of folders; the caller
 * chooses the names of the files for what does not fit beside a test.
 */
import { isWithoutItsCodings } from '../../tape/body/view';
import { framing } from '../../tape/http/hop-by-hop';
import type { HeaderList } from '../../tape/model/body';
import type { Exchange } from '../../tape/model/exchange';
import {
  type HttpContent,
  type HttpRequest,
  type HttpResponse,
  type HttpVersion,
  noHttp,
} from '../../tape/model/http/http';
import { httpOf, isConversation } from '../../tape/model/registry';
import type { StoredExchange } from '../../tape/store/tape';
import { lasting } from '../cases/conversation';
import type { Mock, Refusal } from '../mocks/mock';
import { describeBody, type KeepBody } from './describe-body';
import { describeMessages, timesOf } from './describe-messages';
import type {
  CaseDescription,
  HeadersDescription,
  MockDescription,
  OnTape,
  RequestDescription,
  ResponseDescription,
} from './description';

/** `stored` is an inbound exchange that a case can be made of, and `step` its place in the recording. */
export function describeCase(stored: StoredExchange, step: number, keep: KeepBody): CaseDescription {
  const { exchange, redacted } = stored;
  const { request, response } = describedOf(exchange);
  if (request === null || response === null) throw new RangeError(`exchange ${stored.id} makes no case`);
  const headers = isConversation(exchange)
    ? lasting(response.headers)
    : judgedHeaders(response.headers, request.method);
  return {
    tape: onTape(stored, step),
    request: describeRequest(request, { headers: requestHeaders(request), keep }),
    response: describeResponse(response, { headers, exact: false, keep }),
    ...describeMessages(exchange, keep),
    ...(redacted.length === 0 ? {} : { redacted }),
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
    ...timesOf(exchange, describedOf(exchange)),
    ...(exchange.problems.length === 0 ? {} : { problems: exchange.problems }),
  };
}

/** `stored` is the exchange that `mock` is made of, a refused connect included. */
export function describeMock(
  stored: StoredExchange,
  mock: Pick<Mock, 'answer'> | Pick<Refusal, 'id'>,
  keep: KeepBody,
): MockDescription {
  const { outcome, connection } = stored.exchange;
  const content = describedOf(stored.exchange);
  const { request, response } = content;
  const latencyMs = 'answer' in mock ? tookMs(mock.answer) : undefined;
  return {
    exchange: stored.id,
    at: timeText(stored.exchange.startedAtUs),
    ...(stored.causeId === null ? {} : { cause: stored.causeId }),
    remote: connection.remote,
    tls: connection.tls?.library ?? null,
    outcome,
    ...(latencyMs === undefined ? {} : { latencyMs }),
    ...timesOf(stored.exchange, content),
    request: request === null ? null : describeRequest(request, { headers: request.headers, keep }),
    response: response === null ? null : describeResponse(response, { headers: response.headers, exact: true, keep }),
    ...describeMessages(stored.exchange, keep),
    ...(stored.redacted.length === 0 ? {} : { redacted: stored.redacted }),
  };
}

function tookMs(answer: Mock['answer']): number | undefined {
  if ('latencyMs' in answer) return answer.latencyMs;
  return 'afterMs' in answer ? answer.afterMs : undefined;
}

/** Without what is described as messages. */
function describedOf(exchange: Exchange): HttpContent {
  return httpOf({ ...exchange, messages: [] }) ?? noHttp;
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
    ...(request.protocol === undefined ? {} : { protocol: request.protocol }),
    headers: describeHeaders(headers),
    ...describeBody(request, { part: 'request', exact: true, keep }),
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
    ...describeBody(response, { part: 'response', exact, keep }),
    ...(!exact && isWithoutItsCodings(response.headers, response.body) ? { uncoded: true } : {}),
    ...trailersOf(response.trailers),
  };
}

/** Without a length that is said just so where none is (drive/http1-message.ts). Whether it is said is the client's choice. */
function requestHeaders({ headers, body, version }: HttpRequest): HeaderList {
  const [name, value] = headers.at(-1) ?? [];
  const isUsual = name === 'Content-Length' && body.bytes.length > 0 && value === String(body.bytes.length);
  return isUsual && version !== '2' ? headers.slice(0, -1) : headers;
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

/** ISO 8601 with microseconds. */
function timeText(atUs: number): string {
  const seconds = new Date(Math.floor(atUs / 1000)).toISOString().slice(0, 19);
  return `${seconds}.${String(atUs % 1_000_000).padStart(6, '0')}Z`;
}
