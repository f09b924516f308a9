/**
 * URLs inside text, such as a signed link in a JSON string: what is secret in their user information, their path, and in
 * their query by company (`code` beside `state`, `sig` beside `se`, `Signature` beside a key id). Single names in a query
 * are found as in any text.
 */

import type { Path } from '../model/path';
import { isCallbackCode, isSecretAmong, mayHoldCompanySecret } from './form';
import type { Edit, Ledger } from './ledger';
import type { NameKind } from './names';
import { mayHoldPathSecret, pathSecrets } from './path-secrets';
import { decodePercent, encodePercent } from './percent';
import { secretsInUserInfo } from './user-info';

interface UrlContext {
  readonly ledger: Ledger;
  readonly path: Path;
  readonly isCut: boolean;
  readonly detection: { kindOfName(name: string): NameKind | null };
}

/** `://`, and as PHP writes it in JSON. */
const opening = /:(?:\/|\\\/){2}/g;
const urlRest = /^[^\s"'<>\\]*/;
/** Before escapes of JSON are undone. */
const escapedRest = /^(?:[^\s"\\]|\\.)*/;
const longestUrl = 8000;

export function urlSecrets(text: string, context: UrlContext): Edit[] {
  const edits = isRelative(text) ? secretsInPath(text, context) : [];
  for (const { start, rest, isLast } of urlsIn(text)) {
    for (const edit of secretsOf(rest, { ...context, isCut: context.isCut && isLast }))
      edits.push({ ...edit, start: edit.start + start, end: edit.end + start });
  }
  return edits;
}

/** True where a URL in the text may hold such a secret: for the cheap look. */
export function mayHoldUrlSecret(text: string): boolean {
  for (const url of urlsIn(text, escapedRest)) if (mayBeSecretIn(url)) return true;
  return false;
}

function mayBeSecretIn({ rest, isLast }: FoundUrl): boolean {
  return (
    rest.includes('@') ||
    (isLast && rest.includes(':')) ||
    mayHoldPathSecret(rest) ||
    /[?&;](?:code|sig|signature)=/i.test(rest)
  );
}

/** A URL without its host, as services put it in a header, a member or a query: it is all of the text. */
function isRelative(text: string): boolean {
  return text.charCodeAt(0) === slash && text.length <= longestUrl && /^\/[^\s"'<>\\]+$/.test(text);
}

/** True where such a one may hold a secret. */
export function mayHoldSecretPath(text: string): boolean {
  return text.charCodeAt(0) === slash && (mayHoldPathSecret(text) || mayHoldCompanySecret(text));
}

const slash = 0x2f;

/** A password may hold what ends a URL within a text. */
function isAllOfText(text: string, colon: number): boolean {
  return (
    colon < longestScheme &&
    text.length <= longestUrl &&
    /^[a-z][\w+.-]*$/i.test(text.slice(0, colon)) &&
    !/\s/.test(text)
  );
}

const longestScheme = 30;

interface FoundUrl {
  /** Where the host, or what stands before it, begins. */
  readonly start: number;
  readonly rest: string;
  readonly isLast: boolean;
}

/** One after another: a long text may hold a million of them. */
function* urlsIn(text: string, end = urlRest): Generator<FoundUrl> {
  if (!text.includes(':/') && !text.includes(':\\/')) return;
  const openings = text.matchAll(opening);
  for (let found = openings.next().value; found !== undefined; ) {
    const following = openings.next().value;
    const start = found.index + found[0].length;
    // A URL in the query of another one is one of its own.
    const next = Math.min(following?.index ?? text.length, start + longestUrl);
    const rest = isAllOfText(text, found.index)
      ? text.slice(start, next)
      : (end.exec(text.slice(start, next))?.[0] ?? '');
    yield { start, rest, isLast: start + rest.length === text.length };
    found = following;
  }
}

function secretsOf(rest: string, context: UrlContext): Edit[] {
  const users = userEdits(rest, context);
  return [...users, ...secretsInPath(rest, context).filter(({ start }) => users.every((user) => start >= user.end))];
}

function secretsInPath(rest: string, context: UrlContext): Edit[] {
  const question = rest.indexOf('?');
  const path = rest.slice(0, question < 0 ? rest.length : question);
  const taken = (secret: string): string => takeEncoded(secret, 'secret-name', context);
  const inPath = mayHoldPathSecret(path) ? pathSecrets(path, context.detection.kindOfName, taken) : [];
  return [...inPath, ...queryEdits(rest, question, context)];
}

function userEdits(rest: string, context: UrlContext): Edit[] {
  return secretsInUserInfo(rest, context.isCut).map(({ start, end }) => ({
    start,
    end,
    text: takeEncoded(rest.slice(start, end), 'url-password', context),
  }));
}

function queryEdits(rest: string, question: number, context: UrlContext): Edit[] {
  if (question < 0) return [];
  const fields = [...rest.slice(question + 1).matchAll(/(?<=^|[&;])([\w-]{1,60})=([^&;#]*)/g)];
  const names = new Set(fields.map(([, name = '']) => name.toLowerCase()));
  return fields.flatMap(({ 1: name = '', 2: value = '', index }) => {
    const isCallback = isCallbackCode(name, decodePercent(value), rest.slice(0, question));
    if (value === '' || !(isCallback || isSecretAmong(name.toLowerCase(), names))) return [];
    const start = question + 1 + index + name.length + 1;
    return [{ start, end: start + value.length, text: takeEncoded(value, 'secret-name', context) }];
  });
}

function takeEncoded(secret: string, rule: string, { ledger, path }: UrlContext): string {
  return encodePercent(ledger.take(decodePercent(secret), rule, path));
}
