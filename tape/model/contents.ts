/** What each protocol puts into an exchange: one line a protocol. `registry.ts` says how to handle it. */
import type { HttpContent } from './http/http';
import type { RawContent } from './raw/raw';
import type { WebSocketContent } from './websocket/websocket';

export interface Contents {
  readonly http1: HttpContent;
  readonly http2: HttpContent;
  readonly raw: RawContent;
  readonly websocket: WebSocketContent;
}

export type ProtocolName = keyof Contents;
