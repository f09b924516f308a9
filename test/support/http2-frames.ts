/**
 * Frames of HTTP/2 for tests, byte by byte (RFC 9113, 4.1), with header blocks a reader can follow: literals that are
 * added to no table, unless a test asks for more. Real encoders speak in the tests that need them.
 */

export type Fields = readonly (readonly [name: string, value: string])[];

export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

const types = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;
const END_STREAM = 1;
const END_HEADERS = 4;
const PADDED = 8;
const PRIORITY = 0x20;

export function frame(
  type: keyof typeof types | number,
  stream: number,
  flags = 0,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = typeof type === 'number' ? type : types[type];
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

export function settings(...pairs: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(pairs.length * 6);
  pairs.forEach(([id, value], i) => {
    payload.writeUInt16BE(id, i * 6);
    payload.writeUInt32BE(value, i * 6 + 2);
  });
  return frame('SETTINGS', 0, 0, payload);
}

/** What both sides say first. */
export const clientOpening = Buffer.concat([preface, settings()]);
export const serverOpening = settings();

/** Literals without indexing, names and values in full (RFC 7541, 6.2.2). */
export function literals(fields: Fields): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

/** Literals that are added to the table (RFC 7541, 6.2.1). */
export function added(fields: Fields): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0x40]), text(name), text(value)]));
}

/** Fields by their index (RFC 7541, 6.1): below 127. */
export function indexed(...indices: readonly number[]): Buffer {
  return Buffer.from(indices.map((index) => 0x80 | index));
}

/** A change of the table's size (RFC 7541, 6.3): below 31, or 4096. */
export function tableSize(bytes: number): Buffer {
  return bytes < 31 ? Buffer.from([0x20 | bytes]) : Buffer.from([0x3f, 0xe1, 0x1f]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  let rest = bytes.length - 127;
  const length = [127];
  for (; rest >= 128; rest >>>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([...length, rest]), bytes]);
}

export interface HeadersOptions {
  readonly ends?: boolean;
  readonly padding?: number;
  readonly priority?: boolean;
  /** Cuts the block: a HEADERS, and CONTINUATIONs of that many bytes. */
  readonly cut?: number;
}

export function headers(stream: number, fields: Fields | Buffer, options: HeadersOptions = {}): Buffer {
  const block = Buffer.isBuffer(fields) ? fields : literals(fields);
  const { ends = false, padding, priority = false, cut = block.length } = options;
  const flags = (ends ? END_STREAM : 0) | (padding === undefined ? 0 : PADDED) | (priority ? PRIORITY : 0);
  const isWhole = cut >= block.length;
  const first = Buffer.concat([
    Buffer.from(padding === undefined ? [] : [padding]),
    Buffer.from(priority ? [0, 0, 0, 0, 16] : []),
    block.subarray(0, cut),
    Buffer.alloc(padding ?? 0),
  ]);
  const frames = [frame('HEADERS', stream, flags | (isWhole ? END_HEADERS : 0), first)];
  for (let at = cut; at < block.length; at += cut) {
    const isLast = at + cut >= block.length;
    frames.push(frame('CONTINUATION', stream, isLast ? END_HEADERS : 0, block.subarray(at, at + cut)));
  }
  return Buffer.concat(frames);
}

export function data(
  stream: number,
  body: string | Buffer,
  options: { ends?: boolean; padding?: number } = {},
): Buffer {
  const { ends = false, padding } = options;
  const bytes = Buffer.from(body);
  const payload = padding === undefined ? bytes : Buffer.concat([Buffer.from([padding]), bytes, Buffer.alloc(padding)]);
  return frame('DATA', stream, (ends ? END_STREAM : 0) | (padding === undefined ? 0 : PADDED), payload);
}

export function promise(stream: number, promised: number, fields: Fields): Buffer {
  return frame('PUSH_PROMISE', stream, END_HEADERS, Buffer.concat([uint32(promised), literals(fields)]));
}

export function reset(stream: number, code: number): Buffer {
  return frame('RST_STREAM', stream, 0, uint32(code));
}

export function goAway(lastStream: number, code = 0): Buffer {
  return frame('GOAWAY', 0, 0, Buffer.concat([uint32(lastStream), uint32(code)]));
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A request that is over with its head, or has a body behind it. */
export function asks(stream: number, path: string, body?: string, more: Fields = []): Buffer {
  const fields: Fields = [
    [':method', body === undefined ? 'GET' : 'POST'],
    [':scheme', 'http'],
    [':authority', 'shop'],
    [':path', path],
    ...more,
  ];
  const block = Buffer.concat([indexed(body === undefined ? 2 : 3, 6), literals(fields.slice(2))]);
  if (body === undefined) return headers(stream, block, { ends: true });
  return Buffer.concat([headers(stream, block), data(stream, body, { ends: true })]);
}

export function answers(stream: number, body: string, more: Fields = []): Buffer {
  const block = Buffer.concat([indexed(8), literals(more)]);
  return Buffer.concat([headers(stream, block), data(stream, body, { ends: true })]);
}
