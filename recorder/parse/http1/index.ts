/** HTTP/1.0 and HTTP/1.1 (RFC 9110, RFC 9112) as a protocol plug-in. */
import type { Protocol } from '../protocol';
import { recognise } from './boundary';
import { HttpConversation } from './conversation';

export const http1: Protocol = {
  name: 'http1',
  alpn: { names: ['http/1.1', 'http/1.0'], shown: 'HTTP/1.1' },
  recognise,
  open: (host, start) => new HttpConversation(host, start.missed),
};
