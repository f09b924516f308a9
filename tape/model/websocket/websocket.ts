/** What an exchange holds that is the life of one WebSocket; what was said on it are the exchange's messages. */
import { nameOfUpgrade, webSocketName } from '../../http/upgrade';
import { type HeaderList, headerValue } from '../body';
import type { HttpContent, HttpRequest, HttpResponse } from '../http/http';
import type { Message } from '../message';

/**
 * The handshake, as HTTP carried it, and the payload of the messages both ways: true sizes on the wire, compressed where
 * it was compressed, headers of frames not counted.
 */
export interface WebSocketContent extends HttpContent {
  readonly requestSize: number;
  readonly responseSize: number;
}

/** A handshake and what was said after it, as the part of an exchange that is of this protocol. */
export function socketOf(handshake: HttpContent, messages: readonly Message[]) {
  const sizeFrom = (side: Message['from']) =>
    messages.reduce((sum, { from, body }) => (from === side ? sum + body.wireSize : sum), 0);
  const content: WebSocketContent = {
    ...handshake,
    requestSize: sizeFrom('client'),
    responseSize: sizeFrom('server'),
  };
  return { protocol: 'websocket', content, messages } as const;
}

/** The kinds of messages (RFC 6455 5.2). */
const webSocketKinds = ['text', 'binary', 'ping', 'pong', 'close'] as const;
export type WebSocketKind = (typeof webSocketKinds)[number];

/** True for the handshake of a WebSocket that was made (RFC 6455 4.2.2, RFC 8441 5). */
export function opensWebSocket({ request, response }: HttpContent): boolean {
  if (response === null) return false;
  if (request?.protocol === 'websocket') return response.status < 300;
  return response.status === 101 && nameOfUpgrade(response.headers) === webSocketName;
}

/** What the server agreed to speak (RFC 6455 11.3.4); null where it named nothing. */
export function subprotocolOf({ response }: HttpContent): string | null {
  const named = response === null ? undefined : headerValue(response.headers, 'sec-websocket-protocol')?.trim();
  return named === undefined || named === '' ? null : named;
}

interface Handshake {
  readonly request: HttpRequest;
  readonly response: HttpResponse;
}

/**
 * A handshake as one of HTTP/1.1: an extended CONNECT (RFC 8441, 5) as the GET, and its 2xx as the 101, that it stands
 * for. What is made of a key is in neither, and a 101 need not have the Date that a 2xx has (RFC 9110, 6.6.1). Those of
 * HTTP/1.1 are returned as they are.
 */
export function handshakeOverHttp1({ request, response }: Handshake): Handshake {
  if (!asksForWebSocket(request)) return { request, response };
  const answered = response.headers.filter(([name]) => name !== 'date');
  return {
    request: askedOverHttp1(request),
    response: { ...response, status: 101, version: '1.1', headers: [...answered, ...upgradeFields] },
  };
}

/** True for an extended CONNECT for a WebSocket (RFC 8441, 4), whatever its answer was. */
export function asksForWebSocket({ protocol }: HttpRequest): boolean {
  return protocol === 'websocket';
}

/** The request alone, whatever its answer was; any other than one for a WebSocket is returned as it is. */
export function askedOverHttp1(request: HttpRequest): HttpRequest {
  if (!asksForWebSocket(request)) return request;
  const { authority, scheme: _scheme, protocol: _protocol, ...asked } = request;
  const hasHost = authority === undefined || headerValue(request.headers, 'host') !== undefined;
  const host: HeaderList = hasHost ? [] : [['host', authority]];
  return { ...asked, method: 'GET', version: '1.1', headers: [...host, ...request.headers, ...upgradeFields] };
}

/** HTTP/2 has no such fields (RFC 9113, 8.2.2). */
const upgradeFields: HeaderList = [
  ['connection', 'Upgrade'],
  ['upgrade', 'websocket'],
];

/** An extension with its parameters; a parameter without a value has ''. */
export interface Extension {
  readonly name: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** What Sec-WebSocket-Extensions lists, in lower case (RFC 6455 9.1). */
export function extensionsIn(headers: HeaderList): readonly Extension[] {
  const lists = headers.filter(([name]) => name.toLowerCase() === 'sec-websocket-extensions');
  return lists.flatMap(([, value]) => value.split(',')).flatMap(extensionOf);
}

function extensionOf(text: string): readonly Extension[] {
  const [name = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  if (name === '') return [];
  return [{ name, parameters: new Map(parameters.map(parameterOf)) }];
}

function parameterOf(text: string): [string, string] {
  const [name = '', value = ''] = text.split('=', 2).map((part) => part.trim());
  return [name, value.replace(/^"(.*)"$/, '$1')];
}
