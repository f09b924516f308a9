/**
 * Strings of JSON (RFC 8259 7) as they are written: where they end, what they stand for, and how something else is written
 * in their place. Bytes read as latin1. Knows nothing of what lies around a string.
 */
import { latin1Of } from './ledger';

/** The position of the closing quote, or the end of the text. */
export function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === 0x5c && end - 1 - backslashes >= start) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}

const shortEscapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** The bytes a JSON string stands for (RFC 8259 7), read as latin1; `\u` escapes become UTF-8. */
export function unescapeJson(raw: string): string {
  if (!raw.includes('\\')) return raw;
  return raw.replace(/(?:\\u[0-9a-fA-F]{4})+|\\(.?)/gs, (all, short?: string) => {
    if (short !== undefined) return shortEscapes[short] ?? short;
    const units = [...all.matchAll(/[0-9a-fA-F]{4}/g)].map(([digits]) => Number.parseInt(digits, 16));
    return latin1Of(String.fromCharCode(...units));
  });
}

/** Only what must be escaped is. */
export function escapeJson(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters JSON strings may not hold
  return text.replace(/["\\\u0000-\u001f]/g, (c) => JSON.stringify(c).slice(1, -1));
}
