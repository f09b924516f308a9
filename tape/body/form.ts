/**
 * `application/x-www-form-urlencoded` and query strings as fields (WHATWG URL 5.1). Tolerant: what is no escape, or stands for no
 * UTF-8, stays as it is, so that texts that differ there (`%E8` and `%E9` of Latin-1) are told apart.
 */
import { isUtf8 } from 'node:buffer';

export type Field = readonly [name: string, value: string];

/** Fields in order, repeats kept; the text is without its `?`. */
export function parseForm(text: string): readonly Field[] {
  return text
    .split('&')
    .filter((piece) => piece !== '')
    .map((piece) => {
      const equals = piece.indexOf('=');
      return equals < 0
        ? [decodeFormText(piece), '']
        : [decodeFormText(piece.slice(0, equals)), decodeFormText(piece.slice(equals + 1))];
    });
}

/** `+` is a space and %XX are UTF-8 bytes. */
export function decodeFormText(text: string): string {
  if (!/[+%]/.test(text)) return text;
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return decodeLoosely(spaced);
  }
}

function decodeLoosely(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => decodeEscapes(escapes));
}

/** Character by character; the escape of a byte that belongs to none stays, in capitals as RFC 3986 6.2.2.1 has it. */
function decodeEscapes(escapes: string): string {
  const bytes = Buffer.from(escapes.replaceAll('%', ''), 'hex');
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const character = bytes.subarray(at, at + lengthSaidBy(bytes[at] ?? 0));
    const isWhole = isUtf8(character);
    text += isWhole ? character.toString('utf8') : escapes.slice(at * 3, at * 3 + 3).toUpperCase();
    at += isWhole ? character.length : 1;
  }
  return text;
}

/** How many bytes a character of UTF-8 takes that begins with this one. */
function lengthSaidBy(first: number): number {
  if (first < 0xc0) return 1;
  if (first < 0xe0) return 2;
  return first < 0xf0 ? 3 : 4;
}
