import type { RequestHandler, WebSocketHandler } from 'msw';

export declare const handlers: (RequestHandler | WebSocketHandler)[];
/** Begins all recordings again. For beforeEach: tests then depend on no order. */
export declare function rewind(): void;
