/**
 * Texts in few bytes, for who keeps a great many of them: a UUID in seventeen, where V8 takes forty-eight. Two texts have the
 * same bytes only where they are the same, so that packed ones are compared byte by byte; and a text comes back as it was,
 * whatever it holds.
 */

const kinds = { uuid: 0, hex: 1, latin1: 2, utf16: 3 } as const;
const bytesOfUuid = 16;
const digit = nibbles();

/** The kind, how many bytes follow where the kind does not say, and those. */
export function packed(text: string): Uint8Array {
  return packedUuid(text) ?? packedHex(text) ?? packedLetters(text);
}

export function unpacked(bytes: Uint8Array, at: number): string {
  const { kind, from, to } = lookAt(bytes, at);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from);
  if (kind === kinds.utf16) return buffer.toString('utf16le');
  if (kind === kinds.latin1) return buffer.toString('latin1');
  const hex = buffer.toString('hex');
  return kind === kinds.hex ? hex : withDashes(hex);
}

/** Where what begins there is over. */
export function endOfPacked(bytes: Uint8Array, at: number): number {
  return lookAt(bytes, at).to;
}

function lookAt(bytes: Uint8Array, at: number): { readonly kind: number; readonly from: number; readonly to: number } {
  const kind = bytes[at] as number;
  if (kind === kinds.uuid) return { kind, from: at + 1, to: at + 1 + bytesOfUuid };
  let [length, from, scale] = [0, at + 1, 1];
  for (let byte = 0x80; byte >= 0x80; from++, scale *= 0x80) {
    byte = bytes[from] as number;
    length += (byte & 0x7f) * scale;
  }
  return { kind, from, to: from + length };
}

/** Of lower-case digits, as most are printed; of others null. */
function packedUuid(text: string): Uint8Array | null {
  if (text.length !== 36) return null;
  const bytes = new Uint8Array(1 + bytesOfUuid);
  bytes[0] = kinds.uuid;
  for (let i = 0, at = 1; i < text.length; ) {
    if (i === 8 || i === 13 || i === 18 || i === 23) {
      if (text.charCodeAt(i++) !== dash) return null;
      continue;
    }
    const byte = byteAt(text, i);
    if (byte < 0) return null;
    bytes[at++] = byte;
    i += 2;
  }
  return bytes;
}

/** Pairs of lower-case digits alone; of others null. */
function packedHex(text: string): Uint8Array | null {
  const { length } = text;
  if (length % 2 !== 0 || length < 4) return null;
  for (let i = 0; i < length; i += 2) if (byteAt(text, i) < 0) return null;
  return withLength(kinds.hex, Buffer.from(text, 'hex'));
}

function packedLetters(text: string): Uint8Array {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0xff) return withLength(kinds.utf16, Buffer.from(text, 'utf16le'));
  }
  return withLength(kinds.latin1, Buffer.from(text, 'latin1'));
}

function withLength(kind: number, bytes: Uint8Array): Uint8Array {
  const length: number[] = [];
  let left = bytes.length;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) length.push((left % 0x80) | 0x80);
  length.push(left);
  const whole = new Uint8Array(1 + length.length + bytes.length);
  whole[0] = kind;
  whole.set(length, 1);
  whole.set(bytes, 1 + length.length);
  return whole;
}

/** Negative where no two digits stand there. */
function byteAt(text: string, at: number): number {
  const [high, low] = [text.charCodeAt(at), text.charCodeAt(at + 1)];
  return high > 0x7f || low > 0x7f ? -1 : ((digit[high] as number) << 4) | (digit[low] as number);
}

const dash = 0x2d;

function withDashes(hex: string): string {
  const cuts = [0, 8, 12, 16, 20, 32];
  return cuts
    .slice(1)
    .map((end, i) => hex.slice(cuts[i], end))
    .join('-');
}

/** By code of ASCII, what a lower-case digit stands for; -1 of what is none. */
function nibbles(): Int8Array {
  const table = new Int8Array(0x80).fill(-1);
  [...'0123456789abcdef'].forEach((letter, value) => {
    table[letter.charCodeAt(0)] = value;
  });
  return table;
}
