/**
 * JSON in base64 within text, as queues, gateways and events carry what they do not look into (`"data": "eyJ1c2VyIjo…"`): it is
 * read as the JSON it is, and written back as it was written. Other text in base64 cannot be told from ids and keys by its
 * beginning, and is left.
 */
import { isUtf8 } from 'node:buffer';
import { applyEdits } from './ledger';

/** How JSON begins in base64: `{"` and `["` before a letter, a digit or what is beyond ASCII, `{ ` and `[{`. */
export const base64Beginnings: readonly string[] = ['eyJ', 'eyI', 'eyL', 'WyJ', 'WyI', 'WyL', 'eyA', 'W3s'];

const lines = '[\\w+/-]{57,77}\\r?\\n(?:[\\w+/-]{60,80}\\r?\\n)*[\\w+/-]{1,80}';
/** In one line, or in lines as mail has them. A token of three parts begins so, too. */
const encoded = new RegExp(
  `(?<![\\w+/.-])(?:${base64Beginnings.join('|')})(?:${lines}|[\\w+/-]{12,})={0,2}(?![\\w+/=.-])`,
  'g',
);

/** True where what is so written may be something that `isSuspicious` says of text: for the cheap look. */
export function mayHoldInBase64(text: string, isSuspicious: (json: Buffer) => boolean): boolean {
  // Escapes of JSON are not undone yet.
  const plain = text.includes('\\') ? text.replace(/\\+([nr/])/g, (_, sign: string) => escaped[sign] ?? sign) : text;
  for (const [written] of plain.matchAll(encoded)) {
    const json = jsonIn(written);
    if (json !== null && isSuspicious(json)) return true;
  }
  return false;
}

const escaped: Readonly<Record<string, string>> = { n: '\n', r: '\r' };

/** The text with what `redact` makes of the JSON (bytes read as latin1) in it. */
export function redactBase64(text: string, redact: (json: string) => string): string {
  const edits = [...text.matchAll(encoded)].flatMap(({ 0: written, index }) => {
    const json = jsonIn(written)?.toString('latin1') ?? '';
    const after = redact(json);
    return after === json ? [] : [{ start: index, end: index + written.length, text: writtenAs(written, after) }];
  });
  return applyEdits(text, edits);
}

/** Null where it is none after all: not a word that only begins so. */
function jsonIn(written: string): Buffer | null {
  const json = Buffer.from(written, 'base64');
  const isWhole = withoutPadding(json.toString('base64')) === withoutPadding(standard(written));
  return isWhole && isUtf8(json) && !json.includes(0) ? json : null;
}

/** In one line, in the same letters, padded where it was, or would have been. */
function writtenAs(before: string, json: string): string {
  const bytes = Buffer.from(json, 'latin1');
  const written = bytes.toString(/[_-]/.test(before) ? 'base64url' : 'base64');
  return before.endsWith('=') || standard(before).length % 4 === 0 ? written : withoutPadding(written);
}

function standard(text: string): string {
  return text.replace(/\s+/g, '').replaceAll('-', '+').replaceAll('_', '/');
}

function withoutPadding(text: string): string {
  return text.replace(/=+$/, '');
}
