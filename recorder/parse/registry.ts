/** The protocols, in the order they are asked. `raw` says yes to everything: unknown traffic is kept, not dropped. */
import { http1 } from './http1';
import { http2 } from './http2';
import type { ConversationStart, FallbackProtocol, HandOver, Protocol } from './protocol';
import { raw } from './raw';
import { websocket } from './websocket';

export const protocols: readonly Protocol[] = [http1, http2, websocket, raw];

/** What continues a connection that was handed over, and what carries a connection nothing is known about. */
export const fallback: FallbackProtocol = raw;

/** Who goes on where another protocol handed over. */
export function successorIn({ to }: HandOver): Protocol {
  return protocols.find(({ name }) => name === to) ?? fallback;
}

export function startOf(handOver: HandOver): ConversationStart {
  const { to, missed } = handOver;
  return to === null ? { missed, named: handOver.named } : { missed, handOver };
}

/** What people call a protocol that TLS agreed on. */
export function shownName(agreed: string): string {
  return protocols.find(({ alpn }) => alpn?.names.includes(agreed) === true)?.alpn?.shown ?? agreed;
}
