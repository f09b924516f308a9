/** HTTP/2 (RFC 9113, RFC 9110) as a protocol plug-in: by its preface, over TLS or without, and after an upgrade. */
import type { Protocol } from '../protocol';
import { joins, recognise } from './boundary';
import { Http2Conversation } from './conversation';

export const http2: Protocol = {
  name: 'http2',
  alpn: { names: ['h2'], shown: 'HTTP/2' },
  recognise,
  joins,
  open: (host, start) => new Http2Conversation(host, start),
};
