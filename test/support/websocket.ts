/** What two peers of a WebSocket say, as bytes: handshakes, frames, messages compressed with a context. */
import { createHash } from 'node:crypto';
import { constants, deflateRawSync } from 'node:zlib';
import type { Exchange } from '../../tape/model/exchange';
import type { Message } from '../../tape/model/message';
import { client, head, server, type Turn } from './converse';

const key = 'dGhlIHNhbXBsZSBub25jZQ==';
const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');

const upgradeFields = ['Connection: Upgrade', 'Upgrade: websocket'];

export const upgrade = head('GET /chat HTTP/1.1', ['Host: shop', ...upgradeFields, `Sec-WebSocket-Key: ${key}`]);

/** The answer to `upgrade`, with further fields. */
export function switching(...fields: string[]): string {
  return head('HTTP/1.1 101 Switching Protocols', [...upgradeFields, `Sec-WebSocket-Accept: ${accept}`, ...fields]);
}

/** Both, as turns. */
export function handshake(...fields: string[]): readonly Turn[] {
  return [client(upgrade), server(switching(...fields))];
}

export const deflated = 'Sec-WebSocket-Extensions: permessage-deflate';

const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface FrameOptions {
  readonly opcode?: keyof typeof opcodes | number;
  readonly isFinal?: boolean;
  /** The reserved bits of the first byte. */
  readonly reserved?: number;
  readonly mask?: readonly number[] | null;
  /** Writes the length in 2 or 8 bytes, whatever it is. */
  readonly lengthBytes?: 2 | 8;
}

/** One frame (RFC 6455 5.2). */
export function frame(payload: string | Uint8Array, options: FrameOptions = {}): Buffer {
  const { opcode = 'text', isFinal = true, reserved = 0, mask = null } = options;
  const bytes = Buffer.from(payload);
  const code = typeof opcode === 'number' ? opcode : opcodes[opcode];
  const first = (isFinal ? 0x80 : 0) | reserved | code;
  const length = lengthField(bytes.length, options.lengthBytes);
  const second = (mask === null ? 0 : 0x80) | length.short;
  const masked = mask === null ? bytes : bytes.map((byte, i) => byte ^ (mask[i % 4] as number));
  return Buffer.concat([Buffer.of(first, second), length.extended, Buffer.from(mask ?? []), masked]);
}

function lengthField(length: number, bytes?: 2 | 8): { short: number; extended: Buffer } {
  if (bytes === undefined && length < 126) return { short: length, extended: Buffer.alloc(0) };
  const isLong = bytes === 8 || length > 0xffff;
  const extended = Buffer.alloc(isLong ? 8 : 2);
  if (isLong) extended.writeBigUInt64BE(BigInt(length));
  else extended.writeUInt16BE(length);
  return { short: isLong ? 127 : 126, extended };
}

const mask = [0x37, 0xfa, 0x21, 0x3d];

/** A client's frame is masked. */
export function asks(payload: string | Uint8Array, options: FrameOptions = {}): Turn {
  return client(frame(payload, { mask, ...options }));
}

export function says(payload: string | Uint8Array, options: FrameOptions = {}): Turn {
  return server(frame(payload, options));
}

export function closing(code: number, reason = ''): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(code);
  return Buffer.concat([bytes, Buffer.from(reason)]);
}

/** A peer that compresses (RFC 7692 7.2.1), each message with what it said before as its context. */
export class Deflater {
  private context: Buffer = Buffer.alloc(0);

  constructor(private readonly takesOver = true) {}

  message(text: string | Uint8Array): Buffer {
    const options = {
      finishFlush: constants.Z_SYNC_FLUSH,
      ...(this.context.length > 0 ? { dictionary: this.context } : {}),
    };
    const packed = deflateRawSync(text, options);
    if (this.takesOver) this.context = Buffer.concat([this.context, Buffer.from(text)]).subarray(-32768);
    return packed.subarray(0, -4);
  }

  frame(text: string | Uint8Array, options: FrameOptions = {}): Buffer {
    return frame(this.message(text), { reserved: 0x40, ...options });
  }
}

/** A message as one would say it: `client text "hi"`, facts behind it. */
export function said({ from, kind, facts, body }: Message): string {
  const told = Object.entries(facts).map(([name, fact]) => ` ${name}=${JSON.stringify(fact)}`);
  const text = body.bytes.length > 60 ? `(${body.bytes.length})` : JSON.stringify(Buffer.from(body.bytes).toString());
  return `${from} ${kind} ${text}${told.join('')}`;
}

/** All messages of an exchange that came in one or several pieces, oldest first; each piece has to fit to those before. */
export function messagesOf(exchanges: readonly Exchange[], number: number): readonly Message[] {
  const all: Message[] = [];
  for (const { number: own, messages, messagesBefore } of exchanges) {
    if (own !== number) continue;
    expect(messagesBefore).toBe(all.length);
    all.push(...messages);
  }
  return all;
}
