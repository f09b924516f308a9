/**
 * Text in UTF-16 (RFC 2781), as Windows writes it: it is full of NUL bytes, so that all that looks at bytes takes it for
 * binary. Read as UTF-8 it goes through the same rules as any other text, and is written back as it was. Half of a
 * surrogate pair cannot be kept where something else in the text is taken; otherwise not a byte changes.
 */
import type { MediaType } from '../body/media-type';

export interface WideText {
  /** As UTF-8, without the mark at its beginning. */
  readonly utf8: Buffer;
  /** The bytes for what became of it. */
  write(utf8: Uint8Array): Uint8Array;
}

/** Null where the bytes are no such text. */
export function wideText(type: MediaType, bytes: Uint8Array): WideText | null {
  const order = orderOf(type, bytes);
  if (order === null) return null;
  const { isBig, mark } = order;
  const whole = Buffer.from(bytes.subarray(mark, bytes.length - ((bytes.length - mark) % 2))); // a copy, as it may be swapped
  const rest = bytes.subarray(mark + whole.length); // half a character at a cut
  const text = (isBig ? whole.swap16() : whole).toString('utf16le');
  return {
    utf8: Buffer.from(text, 'utf8'),
    write(utf8) {
      const written = Buffer.from(Buffer.from(utf8).toString('utf8'), 'utf16le');
      return Buffer.concat([bytes.subarray(0, mark), isBig ? written.swap16() : written, rest]);
    },
  };
}

interface Order {
  readonly isBig: boolean;
  /** How long the mark at the beginning is. */
  readonly mark: number;
}

/** By the mark, by what the type says, or by the zeros that every second byte of ASCII in it is. */
function orderOf({ charset }: MediaType, bytes: Uint8Array): Order | null {
  if (bytes.length < 4) return null;
  if (bytes[0] === 0xff && bytes[1] === 0xfe && !(bytes[2] === 0 && bytes[3] === 0)) return { isBig: false, mark: 2 };
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return { isBig: true, mark: 2 };
  if (charset === 'utf-16le') return { isBig: false, mark: 0 };
  if (charset === 'utf-16be' || charset === 'utf-16') return { isBig: true, mark: 0 };
  return byZeros(bytes);
}

const looked = 64;

function byZeros(bytes: Uint8Array): Order | null {
  if (bytes[0] !== 0 && bytes[1] !== 0) return null;
  const first = bytes.subarray(0, Math.min(looked, bytes.length - (bytes.length % 2)));
  for (const isBig of [false, true]) {
    const fits = first.every((byte, i) => ((i % 2 === 0) === isBig ? byte === 0 : isPrintable(byte)));
    if (fits && first.length >= 16) return { isBig, mark: 0 };
  }
  return null;
}

function isPrintable(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
