/**
 * Compares header fields: names without case, values as they are, order between names ignored. Fields that belong to
 * the connection or to framing are not judged; Content-Length only where there is no body to judge in its place.
 */
import { framing } from '../../tape/http/hop-by-hop';
import type { HeaderList } from '../../tape/model/body';
import { type Cookie, parseSetCookie, type SetCookie } from '../correlate/cookies';
import type { Report } from './difference';

export interface HeaderOptions {
  readonly root: 'header' | 'trailer';
  /** The answer to a HEAD request: its Content-Length is all there is to judge. */
  readonly head: boolean;
}

export function compareHeaders(expected: HeaderList, actual: HeaderList, options: HeaderOptions, report: Report): void {
  const changed = changedFields(expected, actual);
  if (changed?.every((i) => isPlainField(actual, i))) {
    for (const i of changed) compareField(i, expected, actual, { options, report });
    return;
  }
  const left = byName(expected, options);
  const right = byName(actual, options);
  for (const name of new Set([...left.keys(), ...right.keys()])) {
    const pair = { name, expected: left.get(name) ?? [], actual: right.get(name) ?? [] };
    if (name === 'set-cookie') compareSetCookies(pair, report);
    else compareValues(pair, options.root, report);
  }
}

/** The usual case, without a table: the same names in the same order. Positions of other values; null for other names. */
function changedFields(expected: HeaderList, actual: HeaderList): readonly number[] | null {
  if (expected.length !== actual.length) return null;
  const changed: number[] = [];
  for (let i = 0; i < expected.length; i++) {
    if (expected[i]?.[0] !== actual[i]?.[0]) return null;
    if (expected[i]?.[1] !== actual[i]?.[1]) changed.push(i);
  }
  return changed;
}

/** A field that stands alone under its name, and is compared as a whole. */
function isPlainField(headers: HeaderList, position: number): boolean {
  const name = headers[position]?.[0].toLowerCase();
  return name !== 'set-cookie' && headers.every(([other], i) => i === position || other.toLowerCase() !== name);
}

function compareField(
  position: number,
  expected: HeaderList,
  actual: HeaderList,
  { options, report }: { readonly options: HeaderOptions; readonly report: Report },
): void {
  const name = (expected[position]?.[0] ?? '').toLowerCase();
  if (isFraming(name, options)) return;
  const values = { expected: [expected[position]?.[1] ?? ''], actual: [actual[position]?.[1] ?? ''] };
  compareValues({ name, ...values }, options.root, report);
}

function isFraming(name: string, { head }: HeaderOptions): boolean {
  return framing.has(name) && !(head && name === 'content-length');
}

interface Values {
  readonly name: string;
  readonly expected: readonly string[];
  readonly actual: readonly string[];
}

function byName(headers: HeaderList, options: HeaderOptions): Map<string, string[]> {
  const named = new Map<string, string[]>();
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    if (isFraming(lower, options)) continue;
    const values = named.get(lower);
    if (values === undefined) named.set(lower, [value]);
    else values.push(value);
  }
  return named;
}

/** A list in one field or in several says the same (RFC 9110 section 5.3). */
function compareValues({ name, expected, actual }: Values, root: string, report: Report): void {
  if (isOneList(expected, actual)) return;
  const count = Math.max(expected.length, actual.length);
  for (let i = 0; i < count; i++) {
    const [left, right] = [expected[i], actual[i]];
    if (left === right) continue;
    const path = i === 0 ? [root, name] : [root, name, i]; // as everywhere: the first of a name has no number
    report({ path, kind: kindOf(left, right), expected: left, actual: right, key: name });
  }
}

/** Not where there is none: a field that is there and empty is not one that is gone. */
function isOneList(one: readonly string[], other: readonly string[]): boolean {
  return one.length !== other.length && one.length > 0 && other.length > 0 && one.join(', ') === other.join(', ');
}

function kindOf(expected: unknown, actual: unknown): 'added' | 'removed' | 'changed' {
  if (expected === undefined) return 'added';
  return actual === undefined ? 'removed' : 'changed';
}

/** Cookies are compared by name; the value and the attributes each on their own, because only values are minted. */
function compareSetCookies({ expected, actual }: Values, report: Report): void {
  const left = cookiesOf(expected);
  const right = cookiesOf(actual);
  const pathOf = (i: number) => (i === 0 ? ['header', 'set-cookie'] : ['header', 'set-cookie', i]);
  for (const { cookie, text, position } of left) {
    const path = pathOf(position);
    const at = right.findIndex((other) => other.cookie.name === cookie.name);
    const [other] = at < 0 ? [undefined] : right.splice(at, 1);
    const key = `cookie ${cookie.name}`;
    if (other === undefined) report({ path, kind: 'removed', expected: text, actual: undefined, key });
    else compareCookie(cookie, other.cookie, { path, report });
  }
  for (const { text, position } of right) {
    report({ path: pathOf(position), kind: 'added', expected: undefined, actual: text, key: null });
  }
}

function cookiesOf(values: readonly string[]): { cookie: SetCookie; text: string; position: number }[] {
  return values.map((text, position) => ({
    cookie: parseSetCookie(text) ?? { name: text, value: '', attributes: [] },
    text,
    position,
  }));
}

function compareCookie(
  expected: SetCookie,
  actual: SetCookie,
  at: { readonly path: readonly (string | number)[]; readonly report: Report },
): void {
  if (expected.value !== actual.value) at.report(cookieFound(expected, actual, at.path));
  const [left, right] = [attributesText(expected), attributesText(actual)];
  if (left.text !== right.text) {
    const values = { expected: `${expected.name}; ${left.text}`, actual: `${actual.name}; ${right.text}` };
    at.report({ path: at.path, kind: 'changed', ...values, key: null });
  }
  if (left.expires !== right.expires && left.expires !== null && right.expires !== null) {
    at.report({ path: at.path, kind: 'changed', expected: left.expires, actual: right.expires, key: 'expires' });
  }
}

function cookieFound(expected: Cookie, actual: Cookie, path: readonly (string | number)[]) {
  const key = `cookie ${expected.name}`;
  const leaf = ['header', 'set-cookie', expected.name];
  return { path, leaf, kind: 'changed', expected: expected.value, actual: actual.value, key } as const;
}

/** Attributes in one order. The moment in Expires is apart: that there is one must be equal, its value is a clock. */
function attributesText(cookie: SetCookie): { text: string; expires: string | null } {
  const expires = cookie.attributes.findLast(([name]) => name === 'expires')?.[1] ?? null;
  const texts = cookie.attributes.map(([name, value]) =>
    value === '' || name === 'expires' ? name : `${name}=${value}`,
  );
  return { text: texts.sort().join('; '), expires };
}
