/**
 * HTTP Archive 1.2. Everything of HTTP is in it, what is not complete too, with a comment; what the format has no place for
 * (trailers, 1xx answers) is left out. Members that begin with an underscore are additions, which the format allows;
 * that of WebSockets is one of Chromium's.
 */
import { isUtf8 } from 'node:buffer';
import { decodeBody } from '../body/coding';
import { decodeFormText, parseForm } from '../body/form';
import { mediaTypeOf } from '../body/media-type';
import { type Body, type HeaderList, headerValue } from '../model/body';
import { addressOf, type HttpRequest, type HttpResponse } from '../model/http/http';
import { httpOf, isConversation } from '../model/registry';
import type { StoredExchange } from '../store/tape';
import { messagesIn, oneLine, redactionsIn } from './calls';
import type { Exporter, ExportOptions, StoredExchanges } from './exporter';
import { endOf, socketMembers } from './har-socket';

export const har: Exporter = { name: 'har', title: 'HAR', about: 'all', sends: false, render };

async function* render(exchanges: StoredExchanges, options: ExportOptions): AsyncIterableIterator<string> {
  const creator = JSON.stringify({ name: 'wiretape', version: options.wiretapeVersion });
  yield `{"log":{"version":"1.2","creator":${creator},"pages":[],"entries":[`;
  let separator = '\n';
  for await (const stored of exchanges) {
    const entry = entryOf(stored);
    if (typeof entry === 'string') {
      options.onLeftOut(entry);
      continue;
    }
    yield `${separator}${JSON.stringify(entry)}`;
    separator = ',\n';
    options.onWritten(stored);
  }
  yield '\n]}}\n';
}

function entryOf(stored: StoredExchange): object | string {
  const { exchange, connectionId } = stored;
  const http = httpOf(exchange);
  if (http === null) return 'are not HTTP';
  const { request, response } = http;
  if (request === null) return 'have no request';
  const { direction, local, remote } = exchange.connection;
  const server = addressIn(direction === 'inbound' ? local : remote);
  const problems = new Set<string>(exchange.problems);
  const isSocket = isConversation(exchange);
  const endedAtUs = isSocket ? endOf(exchange) : (response ?? request).endedAtUs;
  return {
    startedDateTime: isoTime(request.startedAtUs),
    time: milliseconds(endedAtUs - request.startedAtUs),
    request: requestOf(stored, request, problems),
    response: response === null ? noResponse(exchange.outcome) : responseOf(response, problems),
    cache: {},
    timings: timingsOf(request, response, isSocket ? endedAtUs : null),
    ...(server === null ? {} : { serverIPAddress: server }),
    connection: connectionId,
    _direction: direction,
    ...(problems.size === 0 ? {} : { _problems: exchange.problems }),
    ...(isSocket ? socketMembers(exchange) : {}),
    ...commentOf(stored),
  };
}

function commentOf(stored: StoredExchange): { comment?: string } {
  const { problems } = stored.exchange;
  const taken = [...redactionsIn(stored, 'request'), ...redactionsIn(stored, 'response')];
  const said = [
    ...(problems.length === 0 ? [] : [`not complete: ${problems.join(', ')}`]),
    ...(taken.length === 0 ? [] : [`placeholders in the place of secrets: ${taken.join(', ')}`]),
  ];
  return said.length === 0 ? {} : { comment: oneLine(said.join('; ')) };
}

function requestOf(stored: StoredExchange, request: HttpRequest, problems: ReadonlySet<string>): object {
  const { version, method, headers, body } = request;
  const { path } = addressOf(request);
  const plain = path.replace(/[^!#$%&'()*+,\-./0-9:;=?@A-Z_a-z~]/g, percentEncoded);
  const origin = originOf(stored, request);
  const url = `${isConversation(stored.exchange) ? origin.replace('http', 'ws') : origin}${plain === '*' ? '/*' : plain}`;
  const { bytes } = decodeBody(body);
  const pseudo = pseudoFields(request);
  return {
    method,
    url,
    ...(plain === path ? {} : { _target: request.target }),
    httpVersion: `HTTP/${version}`,
    cookies: cookiesIn(headers),
    headers: fieldsOf([...pseudo, ...headers]),
    queryString: queryOf(url),
    ...(bytes.length === 0 ? {} : { postData: { ...postDataOf(headers, bytes), ...saidIn(request) } }),
    headersSize: -1,
    bodySize: problems.has('not-in-file') && bytes.length === 0 && body.wireSize === 0 ? -1 : body.wireSize,
  };
}

/** What HTTP/2 sends in the place of a request line and a Host field; other tools write them so, too. */
function pseudoFields({ authority, scheme }: HttpRequest): HeaderList {
  return [
    ...(authority === undefined ? [] : [[':authority', authority] as const]),
    ...(scheme === undefined ? [] : [[':scheme', scheme] as const]),
  ];
}

function originOf({ exchange }: StoredExchange, request: HttpRequest): string {
  const { host } = addressOf(request);
  const scheme = /^[a-z][a-z0-9+.-]*(?=:\/\/)/i.exec(request.target)?.[0] ?? schemeOf(exchange.connection.tls !== null);
  const { direction, local, remote } = exchange.connection;
  const authority = host ?? (direction === 'inbound' ? local : remote) ?? 'unknown.invalid';
  return `${scheme.toLowerCase()}://${authority}`;
}

/** What a target may hold on a wire and no URI may (RFC 3986 2), byte for byte. */
function percentEncoded(sign: string): string {
  const bytes = [...Buffer.from(sign, 'latin1')];
  return bytes.map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}

function schemeOf(isTls: boolean): string {
  return isTls ? 'https' : 'http';
}

function postDataOf(headers: HeaderList, bytes: Uint8Array): object {
  const mimeType = headerValue(headers, 'content-type') ?? '';
  // The format has no coding for what is posted; `encoding` is an addition of several tools, and read by wiretape.
  const { text, encoding } = textOf(bytes, headers);
  const isForm = mediaTypeOf(headers).essence === 'application/x-www-form-urlencoded' && encoding === undefined;
  const params = isForm ? parseForm(text).map(([name, value]) => ({ name, value })) : [];
  return { mimeType, text, params, ...(encoding === undefined ? {} : { encoding }) };
}

function responseOf(response: HttpResponse, problems: ReadonlySet<string>): object {
  const { version, status, reason, headers, body } = response;
  const { bytes } = decodeBody(body);
  return {
    status,
    statusText: reason,
    httpVersion: `HTTP/${version}`,
    cookies: setCookiesIn(headers),
    headers: fieldsOf(headers),
    content: { ...contentOf(headers, body, bytes, problems), ...saidIn(response) },
    redirectURL: headerValue(headers, 'location') ?? '',
    headersSize: -1,
    bodySize: bytes.length === 0 && body.wireSize === 0 && problems.has('not-in-file') ? -1 : body.wireSize,
  };
}

/** What messages say whose bytes stand in base64; nothing reads it back. */
function saidIn(half: HttpRequest | HttpResponse): object {
  const messages = messagesIn(half);
  return messages === undefined ? {} : { _messages: messages };
}

function contentOf(headers: HeaderList, body: Body, bytes: Uint8Array, problems: ReadonlySet<string>): object {
  const mimeType = headerValue(headers, 'content-type') ?? 'x-unknown';
  if (bytes.length === 0 && (body.wireSize > 0 || problems.has('not-in-file'))) {
    return { size: body.wireSize > 0 ? body.wireSize : -1, mimeType, comment: 'the body is not on the tape' };
  }
  const { text, encoding } = textOf(bytes, headers);
  // One byte more than is here says to whoever reads it that there was more.
  const size = problems.has('truncated') ? Math.max(bytes.length + 1, body.wireSize) : bytes.length;
  return { size, mimeType, text, ...(encoding === undefined ? {} : { encoding }) };
}

/** Text where it comes back as the same bytes; base64 elsewhere. */
function textOf(bytes: Uint8Array, headers: HeaderList): { text: string; encoding?: 'base64' } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { charset } = mediaTypeOf(headers);
  const isPlain = isUtf8(buffer) && (charset === null || charset === 'utf-8' || buffer.every((byte) => byte < 0x80));
  return isPlain ? { text: buffer.toString('utf8') } : { text: buffer.toString('base64'), encoding: 'base64' };
}

function noResponse(outcome: string): object {
  return {
    status: 0,
    statusText: '',
    httpVersion: '',
    cookies: [],
    headers: [],
    content: { size: 0, mimeType: 'x-unknown' },
    redirectURL: '',
    headersSize: -1,
    bodySize: -1,
    _error: outcome,
  };
}

/** `lastedUntilUs`: of what went on after the answer, when it ended. */
function timingsOf(request: HttpRequest, response: HttpResponse | null, lastedUntilUs: number | null): object {
  const send = milliseconds(request.endedAtUs - request.startedAtUs);
  if (response === null) return { blocked: -1, dns: -1, connect: -1, send, wait: 0, receive: 0, ssl: -1 };
  const wait = milliseconds(Math.max(0, response.startedAtUs - request.endedAtUs));
  const answerFrom = Math.max(response.startedAtUs, request.endedAtUs);
  const receive = milliseconds((lastedUntilUs ?? response.endedAtUs) - answerFrom);
  const answer = lastedUntilUs === null ? {} : { _answer: milliseconds(response.endedAtUs - answerFrom) };
  return { blocked: -1, dns: -1, connect: -1, send, wait, receive, ssl: -1, ...answer };
}

function fieldsOf(headers: HeaderList): readonly object[] {
  return headers.map(([name, value]) => ({ name, value }));
}

function queryOf(url: string): readonly object[] {
  const query = /\?([^#]*)/.exec(url)?.[1] ?? '';
  return parseForm(query).map(([name, value]) => ({ name, value }));
}

function cookiesIn(headers: HeaderList): readonly object[] {
  return headers
    .filter(([name]) => name.toLowerCase() === 'cookie')
    .flatMap(([, value]) => value.split(';'))
    .map(cookieOf);
}

function setCookiesIn(headers: HeaderList): readonly object[] {
  return headers
    .filter(([name]) => name.toLowerCase() === 'set-cookie')
    .map(([, value]) => cookieOf(value.split(';')[0] ?? ''));
}

function cookieOf(text: string): object {
  const equals = text.indexOf('=');
  const [name, value] = equals < 0 ? ['', text] : [text.slice(0, equals), text.slice(equals + 1)];
  return { name: decodeFormText(name.trim().replaceAll('+', '%2B')), value: value.trim() };
}

/** `10.0.0.1` of `10.0.0.1:443`; IPv6 without its brackets. Null for sockets that have no such address. */
function addressIn(socket: string | null): string | null {
  const found = /^(?:\[([^\]]+)\]|([^:/]+)):\d+$/.exec(socket ?? '');
  return found === null ? null : (found[1] ?? found[2] ?? null);
}

function isoTime(atUs: number): string {
  const ms = Math.floor(atUs / 1000);
  return new Date(ms).toISOString().replace('Z', `${String(atUs - ms * 1000).padStart(3, '0')}Z`);
}

function milliseconds(us: number): number {
  return us / 1000;
}
