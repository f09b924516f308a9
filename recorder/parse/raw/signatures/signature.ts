/**
 * What a signature is: says of the bytes two peers exchanged whether they are of one protocol. It says so only where
 * nothing else begins like that; what merely might be is none of it. Pure, and safe on any bytes.
 */

/** What both sides said, as far as it was kept; empty where a side has said nothing. */
export interface Said {
  readonly client: Uint8Array;
  readonly server: Uint8Array;
}

export interface Signature {
  /** What people call the protocol; travels to the tape. */
  readonly name: string;
  /** The first bytes of the connection. */
  readonly opens?: (opening: Said) => boolean;
  /** One call of the client, whole, and how the server's next call begins, anywhere on the connection. */
  readonly goesOn?: (turn: Said) => boolean;
}

/** Numbers in bytes that may be too short for them: then no comparison with the result holds. */
export function uint16(bytes: Uint8Array, at: number): number {
  return (byte(bytes, at) << 8) | byte(bytes, at + 1);
}

export function uint32(bytes: Uint8Array, at: number): number {
  return at + 4 > bytes.length ? Number.NaN : uint16(bytes, at) * 0x10000 + uint16(bytes, at + 2);
}

/** Little endian. */
export function uint24le(bytes: Uint8Array, at: number): number {
  return at + 3 > bytes.length
    ? Number.NaN
    : byte(bytes, at) | (byte(bytes, at + 1) << 8) | (byte(bytes, at + 2) << 16);
}

/** Little endian. */
export function uint32le(bytes: Uint8Array, at: number): number {
  return at + 4 > bytes.length ? Number.NaN : uint24le(bytes, at) + byte(bytes, at + 3) * 0x1000000;
}

/** NaN behind the end, which bit operations turn into 0: who uses it compares lengths first, or does no harm. */
export function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? Number.NaN;
}

export function startsWith(bytes: Uint8Array, opening: string | readonly number[]): boolean {
  if (bytes.length < opening.length) return false;
  for (let i = 0; i < opening.length; i++) {
    if (bytes[i] !== (typeof opening === 'string' ? opening.charCodeAt(i) : opening[i])) return false;
  }
  return true;
}

/** The bytes as text a regular expression can look at. */
export function textOf(bytes: Uint8Array, start = 0, end = bytes.length): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1', start, end);
}

/** Text up to a zero byte; null where none comes. */
export function zeroEnded(bytes: Uint8Array, start: number): string | null {
  const end = bytes.indexOf(0, start);
  return end < 0 ? null : textOf(bytes, start, end);
}

/** Whether the bytes are messages one after the other, none left over. `sizeAt`: the size of the one there, NaN where there is none. */
export function isChain(bytes: Uint8Array, sizeAt: (at: number) => number): boolean {
  let at = 0;
  while (at < bytes.length) {
    const size = sizeAt(at);
    if (!(size > 0)) return false;
    at += size;
  }
  return at === bytes.length && at > 0;
}
