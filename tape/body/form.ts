/** `application/x-www-form-urlencoded` and query strings as fields (WHATWG URL 5.1). Tolerant: a bad escape stays as it is. */

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
  const bytes = text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return [...bytes].some((c) => c.charCodeAt(0) > 255) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8');
}
