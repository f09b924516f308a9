/** Exchanges of HTTP as requests to be sent and answers to be given: whole ones alone, without what belongs to one connection. */
import { isUtf8 } from 'node:buffer';
import { decodeBody } from '../body/coding';
import { viewBody } from '../body/view';
import { connectionOptions, framing } from '../http/hop-by-hop';
import { isToken } from '../http/lists';
import { changesToHttp2 } from '../http/upgrade';
import { JsonNumber, type JsonValue, stringifyJson } from '../json/json';
import { mapScalars } from '../json/values';
import type { HeaderList } from '../model/body';
import { addressOf, type HttpRequest, type HttpResponse } from '../model/http/http';
import { httpOf } from '../model/registry';
import type { RedactionEntry } from '../redact/redacted';
import type { StoredExchange } from '../store/tape';
import type { ExportOptions, StoredExchanges } from './exporter';

export interface Call {
  readonly stored: StoredExchange;
  readonly request: HttpRequest;
  readonly response: HttpResponse;
  /** `http://shop.test:8080`. */
  readonly origin: string;
  /** Path and query. */
  readonly path: string;
  /** Without those that say how bytes were put on a connection, and without a content coding that is undone in `body`. */
  readonly headers: HeaderList;
  readonly body: Buffer;
  /** The same of the answer. */
  readonly answer: Payload;
  /** What redaction put there; known by the ledger, not by looks. */
  readonly placeholders: ReadonlySet<string>;
}

export interface Payload {
  readonly headers: HeaderList;
  readonly body: Buffer;
}

/** What stands in a request or an answer in the place of a secret: `header["authorization"] (authorization)`. */
export function redactionsIn({ redacted }: StoredExchange, side: RedactionEntry['in']): readonly string[] {
  const said = redacted.filter((entry) => entry.in === side).map(({ path, rule }) => `${path} (${rule})`);
  return [...new Set(said)];
}

/** `17  POST /orders  201`, in one line whatever the path holds. */
export function titleOf({ stored, request, path, response }: Call): string {
  return oneLine(`${stored.id}  ${request.method} ${path}  ${response.status}`);
}

/** For comments: nothing that could end the line. */
export function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to go
  return text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, ' ');
}

/**
 * What a body of protobuf says, or each message in the body of a remote call, as JSON, where its bytes say it to nobody:
 * beside them, never in their place. Numbers that JSON's readers would change are their text. Undefined elsewhere.
 */
export function messagesIn({ headers, body }: Pick<HttpRequest, 'headers' | 'body'>): JsonValue | undefined {
  const view = viewBody(headers, body);
  if (view.kind !== 'messages') return undefined;
  return mapScalars(view.value, (scalar) => (scalar instanceof JsonNumber ? scalar.source : scalar));
}

const longestComment = 500;

/** The same of what is sent, for a line of comment: `says [{"sku":"TEA"}]`. */
export function messageComments({ request }: Call): readonly string[] {
  const said = messagesIn(request);
  if (said === undefined) return [];
  const text = oneLine(stringifyJson(said));
  return [`says ${text.length > longestComment ? `${text.slice(0, longestComment)}…` : text}`];
}

/** A value of a field, which is bytes read as latin1, as text: of UTF-8 where it is that. */
export function fieldText(value: string): string {
  const bytes = Buffer.from(value, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : value;
}

/** The exchanges that can be sent again and answered. `nameless` stands for a host that nothing names; without it they are left out. */
export async function* callsIn(
  exchanges: StoredExchanges,
  options: ExportOptions,
  nameless: string | null = null,
): AsyncIterableIterator<Call> {
  for await (const stored of exchanges) {
    const call = callOf(stored, options.target, nameless);
    if (typeof call === 'string') options.onLeftOut(call);
    else if (call !== null) yield call;
  }
}

/** Or why it cannot be, in words for a note; null where it is on the tape a second time. */
function callOf(stored: StoredExchange, target: string | null, nameless: string | null): Call | string | null {
  const { exchange } = stored;
  const http = httpOf(exchange);
  if (http === null) return 'are not HTTP';
  if (changesToHttp2(http)) return null;
  const { request, response } = http;
  if (request === null || response === null) return 'have no request or no answer';
  if (exchange.problems.length > 0) return 'are not complete';
  if (request.method === 'CONNECT' || response.status === 101) return 'left HTTP for another protocol';
  const { host: asked, path } = addressOf(request);
  const host = asked ?? nameless;
  if (host === null && target === null) return 'do not say of which host they asked it (--target names one)';
  if (!path.startsWith('/')) return 'ask for no path';
  const scheme = exchange.connection.tls === null ? 'http' : 'https';
  return {
    stored,
    request,
    response,
    origin: target ?? `${scheme}://${host}`,
    path,
    ...payloadOf(request),
    answer: payloadOf(response),
    placeholders: new Set(stored.redacted.map(({ placeholder }) => placeholder)),
  };
}

/** What whoever sends it works out. */
const madeAnew = ['host', 'expect'];

function payloadOf(message: HttpRequest | HttpResponse): Payload {
  const { bytes, problem } = decodeBody(message.body);
  // A coding that cannot be undone stays, and so does the header that names it.
  const isDecoded = problem === null;
  const body = isDecoded ? bytes : message.body.bytes;
  const dropped = new Set([...framing, ...madeAnew, ...connectionOptions(message.headers)]);
  if (isDecoded) dropped.add('content-encoding');
  return {
    headers: message.headers.filter(([name]) => isToken(name) && !dropped.has(name.toLowerCase())),
    body: Buffer.from(body.buffer, body.byteOffset, body.byteLength),
  };
}
