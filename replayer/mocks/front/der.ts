/**
 * Writes the few DER values a certificate is made of (X.690, RFC 5280). Writes only: nothing here reads bytes
 * from anybody, and nothing here knows what a certificate is for.
 */

/** One value: tag, length, content (X.690 8.1). */
function tlv(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.from([tag, ...lengthOctets(body.length)]), body]);
}

function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length];
  if (length < 0x100) return [0x81, length];
  return [0x82, length >> 8, length & 0xff];
}

export const sequence = (...items: readonly Uint8Array[]): Buffer => tlv(0x30, ...items);
export const set = (...items: readonly Uint8Array[]): Buffer => tlv(0x31, ...items);
export const octets = (bytes: Uint8Array): Buffer => tlv(0x04, bytes);
export const utf8 = (text: string): Buffer => tlv(0x0c, Buffer.from(text, 'utf8'));
export const truth = (): Buffer => tlv(0x01, Buffer.from([0xff]));
/** A value with a context-specific tag around it: `[n] EXPLICIT`. */
export const explicit = (n: number, value: Uint8Array): Buffer => tlv(0xa0 | n, value);
/** A primitive value whose tag is replaced: `[n] IMPLICIT`. */
export const implicit = (n: number, content: Uint8Array): Buffer => tlv(0x80 | n, content);

/** An unsigned integer from its big-endian bytes: shortest form, never read as negative (X.690 8.3). */
export function integer(bytes: Uint8Array): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const digits = bytes.subarray(start);
  const negative = ((digits[0] ?? 0) & 0x80) !== 0;
  return tlv(0x02, negative ? Buffer.concat([Buffer.from([0]), digits]) : digits);
}

export function bits(bytes: Uint8Array, unusedBits = 0): Buffer {
  return tlv(0x03, Buffer.from([unusedBits]), bytes);
}

/** `1.2.840.10045.4.3.2` and the like (X.690 8.19). */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return tlv(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(arc: number): number[] {
  const digits = [arc & 0x7f];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) digits.unshift((rest & 0x7f) | 0x80);
  return digits;
}

/** UTCTime to the second; good for the years 1950 to 2049 (RFC 5280 4.1.2.5.1). */
export function utcTime(at: Date): Buffer {
  const digits = at
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '');
  return tlv(0x17, Buffer.from(digits.slice(2), 'ascii'));
}
