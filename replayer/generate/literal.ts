/**
 * Plain values as JavaScript source, laid out as a formatter would: on one line where it fits, else a member a line.
 * Writes nothing that could run: names and strings are always escaped.
 */

export type Plain =
  | null
  | boolean
  | number
  | string
  | readonly Plain[]
  | { readonly [name: string]: Plain | undefined };

export interface Layout {
  /** Columns the value's own lines are moved to the right. */
  readonly indent: number;
  /** Columns that stand before the value on its first line. */
  readonly column: number;
}

export const lineWidth = 110;

/** The source of a value. Members that are undefined are left out. */
export function literal(value: Plain, layout: Layout): string {
  const flat = onOneLine(value);
  if (typeof value !== 'object' || value === null || layout.column + flat.length < lineWidth) return flat;
  const inner = layout.indent + 2;
  const pad = ' '.repeat(inner);
  const end = ' '.repeat(layout.indent);
  if (isList(value)) {
    const items = value.map((item) => `${pad}${literal(item, { indent: inner, column: inner })},\n`);
    return `[\n${items.join('')}${end}]`;
  }
  const members = entriesOf(value).map(([name, member]) => {
    const key = keyText(name);
    return `${pad}${key}: ${literal(member, { indent: inner, column: inner + key.length + 2 })},\n`;
  });
  return `{\n${members.join('')}${end}}`;
}

/** A string as source, in single quotes. */
export function stringLiteral(text: string): string {
  const escaped = text.replace(unsafe, (c) => named[c] ?? `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);
  const quote = escaped.includes("'") && !escaped.includes('"') ? '"' : "'";
  return `${quote}${quote === "'" ? escaped.replaceAll("'", "\\'") : escaped}${quote}`;
}

/** Recorded text made safe for a comment. */
export function commentText(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ').replaceAll('*/', '* /');
}

/** What ends a line or cannot be seen in one: controls, format characters, separators, lone surrogates. */
const unsafe = /[\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const named: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function onOneLine(value: Plain): string {
  if (typeof value === 'string') return stringLiteral(value);
  if (Object.is(value, -0)) return '-0';
  if (typeof value !== 'object' || value === null) return String(value);
  if (isList(value)) return `[${value.map(onOneLine).join(', ')}]`;
  const members = entriesOf(value).map(([name, member]) => `${keyText(name)}: ${onOneLine(member)}`);
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}

/** `__proto__` as a plain key would set the prototype and hold no member. */
function keyText(name: string): string {
  if (name === '__proto__') return "['__proto__']";
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : stringLiteral(name);
}

function entriesOf(value: { readonly [name: string]: Plain | undefined }): [string, Plain][] {
  return Object.entries(value).filter((entry): entry is [string, Plain] => entry[1] !== undefined);
}

function isList(value: Plain): value is readonly Plain[] {
  return Array.isArray(value);
}
