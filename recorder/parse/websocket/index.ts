/**
 * WebSocket (RFC 6455) with permessage-deflate (RFC 7692) as a protocol plug-in. It takes over where a handshake ended;
 * frames alone prove nothing, so that a connection whose handshake was missed is none of its own.
 */
import type { Protocol } from '../protocol';
import { WebSocketConversation } from './conversation';

export const websocket: Protocol = {
  name: 'websocket',
  recognise: () => 'no',
  open: (host, { handOver }) =>
    handOver?.to === 'websocket'
      ? new WebSocketConversation(host, handOver.facts)
      : host.handOver({ to: null, missed: 0, named: 'WebSocket' }),
};
