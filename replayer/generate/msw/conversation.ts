/**
 * What was said on a WebSocket as source: the turns of `conversations` in recorded.js. Pings and pongs are left to the
 * runtime, which answers them by itself.
 */

import type { Exchange } from '../../../tape/model/exchange';
import { addressOf, noHttp } from '../../../tape/model/http/http';
import type { Message } from '../../../tape/model/message';
import { httpOf } from '../../../tape/model/registry';
import { opensWebSocket } from '../../../tape/model/websocket/websocket';
import type { StoredExchange } from '../../../tape/store/tape';
import { baseUrl, upstreamOf } from '../../mocks/upstream';
import { stringLiteral } from '../literal';

export interface Conversation {
  readonly id: string;
  /** Of the handshake, as `ws:` or `wss:`, without its query: links are matched without. */
  readonly url: string;
  readonly turns: readonly string[];
}

/** With or without what was said afterwards. */
export function isWebSocket(exchange: Exchange): boolean {
  return opensWebSocket(httpOf(exchange) ?? noHttp);
}

/** A recording that ended before the socket did is told as far as it goes; where something is missing, nothing is. */
const harmless = new Set<string>(['still-open', 'uncertain-connection']);

/** Null where nothing was recorded of what was said, or not all of it, or its URL is none. */
export function conversationOf({ id, exchange }: StoredExchange): Conversation | null {
  const request = httpOf(exchange)?.request ?? null;
  const upstream = upstreamOf(exchange);
  if (request === null || upstream === null || exchange.messages.length === 0) return null;
  if (exchange.problems.some((problem) => !harmless.has(problem))) return null;
  const asked = baseUrl(upstream) + addressOf(request).path;
  if (!URL.canParse(asked)) return null;
  const { protocol, host, pathname } = new URL(asked);
  const url = `${protocol === 'https:' ? 'wss' : 'ws'}://${host}${pathname}`;
  return { id, url, turns: exchange.messages.flatMap(turnsOf) };
}

function turnsOf({ from, kind, facts, body }: Message): readonly string[] {
  if (kind === 'close') return from === 'server' ? [`{ close: ${closeSource(facts.code, facts.reason)} }`] : [];
  if (kind !== 'text' && kind !== 'binary') return [];
  const buffer = Buffer.from(body.bytes);
  const data =
    kind === 'text' ? stringLiteral(buffer.toString('utf8')) : `bytes(${stringLiteral(buffer.toString('base64'))})`;
  return [`{ ${from}: ${data} }`];
}

/** What a client may be told by close(): 1005 and 1006 are never sent (RFC 6455 7.4.1). */
function closeSource(code: unknown, reason: unknown): string {
  if (typeof code !== 'number' || code === 1005 || code === 1006) return '[]';
  return typeof reason === 'string' && reason !== '' ? `[${code}, ${stringLiteral(reason)}]` : `[${code}]`;
}
