/** Fields of queries and of urlencoded bodies, redacted in place: order, repeats and the writing of all others stay. */
import type { Path } from '../model/path';
import { applyEdits, type Edit, readable } from './ledger';
import { kindOfName } from './names';

/** What a field's value becomes; both are bytes read as latin1, percent-encoding undone. */
export type RedactField = (
  value: string,
  at: { readonly name: string; readonly path: Path; readonly isSecret: boolean },
) => string;

/** The text (without `?`) with its fields redacted; `root` is `query` or the path of the form. */
export function redactFields(text: string, root: Path, redact: RedactField): string {
  const fields = fieldsOf(text);
  const names = new Set(fields.map(({ name }) => name.toLowerCase()));
  const seen = new Map<string, number>();
  const edits: Edit[] = [];
  for (const { name, start, end } of fields) {
    const repeat = seen.get(name) ?? 0;
    seen.set(name, repeat + 1);
    const raw = text.slice(start, end);
    const value = decodePercent(raw);
    const path = [...root, readable(name), ...(repeat === 0 ? [] : [repeat])];
    const isSecret = kindOfName(name) !== null || isSecretAmong(name.toLowerCase(), names);
    const redacted = value === '' ? value : redact(value, { name, path, isSecret });
    if (redacted !== value) edits.push({ start, end, text: encodePercent(redacted) });
  }
  return applyEdits(text, edits);
}

/**
 * Names that are secrets only in company: an OAuth code beside its state or grant type (RFC 6749 4.1), the signature of
 * a signed URL beside its expiry (Azure SAS `se`, CloudFront and S3 key ids).
 */
function isSecretAmong(name: string, others: ReadonlySet<string>): boolean {
  if (name === 'code') return others.has('state') || others.has('grant_type');
  if (name === 'sig') return others.has('se') || others.has('sv');
  return name === 'signature' && ['key-pair-id', 'awsaccesskeyid', 'googleaccessid'].some((key) => others.has(key));
}

/** True where a query or form may hold one of those; the cheap look at words does not know them. */
export function mayHoldCompanySecret(fields: string): boolean {
  return /(?:^|[?&])(?:code|sig|signature)=/i.test(fields);
}

interface FieldSpan {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

function fieldsOf(text: string): readonly FieldSpan[] {
  const fields: FieldSpan[] = [];
  for (let at = 0; at <= text.length; ) {
    const ampersand = text.indexOf('&', at);
    const end = ampersand < 0 ? text.length : ampersand;
    const equals = text.indexOf('=', at);
    if (equals >= 0 && equals < end)
      fields.push({ name: decodePercent(text.slice(at, equals)), start: equals + 1, end });
    at = end + 1;
  }
  return fields;
}

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
