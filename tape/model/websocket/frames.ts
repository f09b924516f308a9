/** What RFC 6455 says of frames that both whoever reads a wire and whoever reads or writes a file of another tool need. */
import type { MessageFacts } from '../message';
import type { WebSocketKind } from './websocket';

/** RFC 6455 5.2. */
export const opcodes: Readonly<Record<WebSocketKind, number>> = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

const kinds = new Map(Object.entries(opcodes).map(([kind, opcode]) => [opcode, kind as WebSocketKind]));

/** Null for a continuation, and for what is reserved. */
export function kindOfOpcode(opcode: number): WebSocketKind | null {
  return kinds.get(opcode) ?? null;
}

/** RFC 6455 5.5.1: a code, and words for people; both may be missing. */
export function closeFacts(payload: Uint8Array): MessageFacts {
  if (payload.length < 2) return { code: null, reason: '' };
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
  return { code: bytes.readUInt16BE(0), reason: bytes.toString('utf8', 2) };
}

/** The payload that `closeFacts` reads so. */
export function closePayload({ code, reason }: MessageFacts): Uint8Array {
  if (typeof code !== 'number') return new Uint8Array(0);
  const head = Buffer.alloc(2);
  head.writeUInt16BE(code);
  return Buffer.concat([head, Buffer.from(String(reason ?? ''))]);
}
