/** Percent-encoding of bytes read as latin1. */

/** `+` is a space and %XX are bytes (WHATWG URL 5.1); what is no escape stays. */
export function decodePercent(text: string): string {
  if (!/[%+]/.test(text)) return text;
  return text
    .replaceAll('+', ' ')
    .replace(/%([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

/** Bytes read as latin1 to percent-encoding; unreserved characters stay (RFC 3986 2.3). */
export function encodePercent(text: string): string {
  return text.replace(/[^\w.~-]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}
