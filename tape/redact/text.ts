/**
 * Redacts text by lexical rules: names followed by values in any of the usual notations, secrets known by their looks,
 * passwords in URLs. For text of every kind, and for what was JSON once and is cut or damaged. Bytes read as latin1.
 */

import type { Path } from '../model/path';
import { redactBase64 } from './base64-json';
import { findCards } from './card';
import { redactCredential } from './credentials';
import { csvSecrets } from './csv';
import { curlPasswords } from './curl';
import type { Found } from './finder';
import { foreignStems } from './foreign-names';
import { escapeJson, unescapeJson } from './json-strings';
import { redactJson } from './json-text';
import { findPatterns } from './known-formats';
import { applyEdits, type Edit, latin1Of, readable } from './ledger';
import { flowMember, mapMember, optionArgument } from './loose-notations';
import { element, formPart, pairedElement, settingElement, tagAttribute } from './markup-notations';
import { matchAt } from './match';
import { longestName, type NameKind, nameTrigrams } from './names';
import { decodePercent, encodePercent } from './percent';
import { toldSecrets } from './prose';
import { closingQuote, quotedMember } from './quoted-member';
import { mayHoldSecret, type Scope } from './scope';
import type { SeenSecrets } from './seen-secrets';
import { statementSecrets } from './sql';
import { urlSecrets } from './url-in-text';
import { escapeLettersAt } from './word-start';
import { yamlValues } from './yaml-values';

export interface TextContext extends Scope {
  /** Where the text stands; every firing within it is written down there. */
  readonly path: Path;
  /** Of one of several JSON texts, the place of all of them. */
  readonly itemOf?: Path | undefined;
  /** How often text was found within text: JSON in a string of JSON. */
  readonly depth: number;
  /** How often percent signs or base64 were undone on the way to the text. */
  readonly undone?: number;
  /** The text may end in the middle of a secret. */
  readonly isCut: boolean;
  /** Members of the text, if it is an object of JSON, that are secret by what stood beside it. */
  readonly variables?: ReadonlySet<string>;
  /** What stands around the text, where that may say more about it than the text itself. */
  readonly around?: string;
  /** `program` is code and style sheets, where `password = value` is no secret. */
  readonly style: 'text' | 'yaml' | 'program';
}

const deepestNesting = 3;

export function redactText(text: string, context: TextContext): string {
  const { path, depth } = context;
  if (depth < deepestNesting && looksLikeJson(text)) {
    const json = redactJson(text, { ...context, depth: depth + 1 });
    return json.isWhole ? json.text : redactLexically(json.text, { ...context, path });
  }
  return redactLexically(text, context);
}

/** Members of JSON that is cut or damaged, so that their places are not known: by the last names of the rules. */
export function redactLostMembers(text: string, context: TextContext): string {
  const { ledger, path, rules } = context;
  const names = [...rules.places.lastNames.keys()].map((name) => JSON.stringify(latin1Of(name)).slice(1, -1));
  if (names.length === 0) return text;
  const anyName = new RegExp(`(?<=["'])(?:${names.map(escapeRegExp).join('|')})(?=["'\\\\])`, 'g');
  const edits: Edit[] = [];
  for (let found = anyName.exec(text); found !== null; found = anyName.exec(text)) {
    const end = found.index + found[0].length;
    const value = quotedMember(text, { start: found.index, end });
    const rule = rules.places.lastNames.get(readable(unescapeJson(found[0])));
    if (value === undefined || value.end <= value.start || rule === undefined) continue;
    const { read, write } = writings[value.writing];
    const secret = read(text.slice(value.start, value.end));
    edits.push({ start: value.start, end: value.end, text: write(ledger.take(secret, rule, path)) });
    anyName.lastIndex = value.end;
  }
  return applyEdits(text, edits);
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}

/** Names of members and fields: mostly words, and sometimes all of a text (a URL that something is listed under, JSON sent as a form). */
export function redactWrittenName(name: string, context: TextContext): string {
  const isText = /[\s=@]|:\/\//.test(name) || looksLikeJson(name);
  return isText ? redactText(name, context) : redactPatterns(name, context);
}

export function looksLikeJson(text: string): boolean {
  return /^\s*[[{]/.test(text);
}

/** By lexical rules alone. */
export function redactLexically(text: string, context: TextContext): string {
  const named = context.style === 'program' ? text : redactNamed(text, context);
  const urls = applyEdits(named, urlSecrets(named, context));
  return redactEncoded(redactPatterns(withoutEncodedJson(urls, context), context), context);
}

function withoutEncodedJson(text: string, context: TextContext): string {
  const { undone = 0 } = context;
  if (undone === deepestEncoding) return text;
  const within = { ...context, depth: 0, undone: undone + 1, isCut: false };
  return redactBase64(text, (json) => (mayHoldSecret(json, context) ? redactText(json, within) : json));
}

const deepestEncoding = 3;
const longestEncoded = 8000;

/** What percent signs still hide: text that was encoded as a whole, once or more. What stands between the signs of a URL is one. */
function redactEncoded(text: string, context: TextContext): string {
  const { undone = 0 } = context;
  if (undone === deepestEncoding || !text.includes('%')) return text;
  return text
    .split(betweenEncoded)
    .map((piece) => (isEncoded(piece) ? redactDecoded(piece, { ...context, undone: undone + 1 }) : piece))
    .join('');
}

const betweenEncoded = /([\s"'<>\\:/?#[\]@!$&()*,;=]+)/;

function isEncoded(piece: string): boolean {
  return piece.length <= longestEncoded && piece.includes('%') && /%[0-9a-f]{2}/i.test(piece);
}

function redactDecoded(piece: string, context: TextContext): string {
  const before = decodePercent(piece.replaceAll('+', '%2B'));
  if (!mayHoldSecret(before, context)) return piece;
  const after = redactText(before, context);
  return after === before ? piece : encodePercent(after);
}

/** What names promise: those of columns, of options and of whatever stands before a value. */
function redactNamed(text: string, context: TextContext): string {
  const { detection, ledger, path } = context;
  const take = (secret: string): string => ledger.take(secret, 'secret-name', path);
  const isSecret = (name: string): boolean => detection.kindOfName(name) !== null;
  const inTable = applyEdits(text, csvSecrets(text, { isSecret, take }));
  const inCommands = applyEdits(inTable, curlPasswords(inTable, take));
  const inStatements = applyEdits(inCommands, statementSecrets(inCommands, { isSecret, take }));
  const inSentences = applyEdits(inStatements, toldSecrets(inStatements, take));
  return applyEdits(inSentences, namedSecrets(inSentences, context));
}

/** Secrets known by their looks alone: built-in formats, card numbers, patterns of the user; and those seen before. */
export function redactPatterns(text: string, context: TextContext): string {
  const { ledger, rules, path, isCut, seen, around } = context;
  const found = [
    ...rules.finders.flatMap((finder) => finder.find(text)),
    ...findPatterns(text, isCut),
    ...findCards(text, { names: path.slice(-4).map(String), around }),
    ...seen.flatMap((each) => each.find(text)),
  ];
  return withoutFound(text, found, { ledger, path });
}

/** What was taken elsewhere, alone. */
export function withoutSeen(text: string, seen: readonly SeenSecrets[], place: Place): string {
  return withoutFound(
    text,
    seen.flatMap((each) => each.find(text)),
    place,
  );
}

type Place = Pick<TextContext, 'ledger' | 'path'>;

function withoutFound(text: string, found: readonly Found[], { ledger, path }: Place): string {
  const edits = found.map(({ start, end, rule }) => ({
    start,
    end,
    text: ledger.take(text.slice(start, end), rule, path),
  }));
  return applyEdits(text, edits);
}

const stems = new RegExp([...nameTrigrams, ...foreignStems].join('|'), 'gi');
const word = /[\w\x80-\xff-]/;

function namedSecrets(text: string, context: TextContext): Edit[] {
  const edits: Edit[] = [];
  stems.lastIndex = 0;
  for (let stem = stems.exec(text); stem !== null; stem = stems.exec(text)) {
    const name = wordAround(text, stem.index);
    stems.lastIndex = Math.max(name.end, stems.lastIndex);
    const kind =
      name.end - name.start > longestName ? null : context.detection.kindOfName(text.slice(name.start, name.end));
    const values = kind === null ? [] : valuesAfter(text, { ...name, kind, style: context.style });
    if (kind === null || values.length === 0) continue;
    for (const value of values) {
      const edit = redactedValue(text, kind, value, context);
      if (edit !== undefined) edits.push(edit);
    }
    stems.lastIndex = Math.max(stems.lastIndex, values.at(-1)?.end ?? 0);
  }
  return edits;
}

interface Word {
  readonly start: number;
  readonly end: number;
}

function wordAround(text: string, position: number): Word {
  let start = position;
  while (start > 0 && position - start <= longestName && word.test(text.charAt(start - 1))) start--;
  let end = position;
  while (end < text.length && end - position <= longestName && word.test(text.charAt(end))) end++;
  const behind = start + escapeLettersAt(start, (at) => text.charCodeAt(at));
  return { start: behind <= position ? behind : start, end };
}

interface Value extends Word {
  readonly writing: 'json' | 'percent' | 'plain';
}

function redactedValue(text: string, kind: NameKind, value: Value, { ledger, path }: TextContext): Edit | undefined {
  const raw = text.slice(value.start, value.end);
  if (value.writing !== 'json' && /^(?:null|true|false|undefined|none|nil|[$*{<[(].*)$/is.test(raw)) return undefined;
  const { read, write } = writings[value.writing];
  const before = read(raw);
  const after = redactCredential(kind, before, (secret, rule) => ledger.take(secret, rule, path));
  return after === before ? undefined : { start: value.start, end: value.end, text: write(after) };
}

type Rewrite = (text: string) => string;
const asIs: Rewrite = (text) => text;
const writings: Readonly<Record<Value['writing'], { read: Rewrite; write: Rewrite }>> = {
  json: { read: unescapeJson, write: escapeJson },
  percent: { read: decodePercent, write: encodePercent },
  plain: { read: asIs, write: asIs },
};

interface Name extends Word {
  readonly kind: NameKind;
  readonly style: TextContext['style'];
}

type Notation = (text: string, name: Name) => Value | undefined;

/** What belongs to a name, in the first notation that fits: one value, or in YAML one a line. */
function valuesAfter(text: string, name: Name): readonly Value[] {
  const lines = yamlValues(text, name, name.style === 'yaml');
  if (lines.length > 0) return lines.map((line) => ({ ...line, writing: 'plain' }));
  for (const notation of notations) {
    const value = notation(text, name);
    if (value !== undefined && value.end > value.start) return [value];
  }
  return [];
}

const notations: readonly Notation[] = [
  quotedMember,
  formPart,
  tagAttribute,
  element,
  settingElement,
  pairedElement,
  headerLine,
  assignment,
  flowMember,
  mapMember,
  optionArgument,
];

/** `Authorization: Bearer x` and `password: x` on lines of their own. */
function headerLine(text: string, name: Name): Value | undefined {
  if (!lineStart.test(text.slice(Math.max(0, name.start - longestLead), name.start))) return undefined;
  const colon = matchAt(/[ \t]*:[ \t]*/y, text, name.end);
  if (colon === undefined) return undefined;
  const line = matchAt(/[^\r\n]*/y, text, colon.end);
  const value = text.slice(colon.end, line?.end).trimEnd();
  if (name.kind === 'secret' && !plainValue.test(value)) return undefined;
  return { start: colon.end, end: colon.end + value.length, writing: 'plain' };
}

/** All that stands in a line of settings (`DB_PASSWORD=a,b`), where it is no more than one of them. */
const restOfSetting = /(?=[^\s=]{0,500}[&;,"'<>()\]}\\][^\s=]*\r?(?:\n|$))[^\s=]{1,500}?(?=[;,]?\r?(?:\n|$))/y;

/** What may stand before a name in its line: `- `, `> `, and what it is a part of (`spring.datasource.password`). */
const lineStart = /(?:^|[\r\n])[ \t>*-]{0,20}(?:[\w-]{1,60}\.){0,8}$/;
const longestLead = 300;
/** Lists and lines of code have signs that a password without a digit need not be told from. */
const plainValue = /^(?![|>&!])(?:[^\s"'{}[\],]+|(?![[{(])(?=\S*\d)[^\s"'{}]*[^\s"'{},\]])$/;

/** `password=x`, `password="x"`, `user[password]=x`, `password: "x"` as in GraphQL and object literals, `:password=>"x"` of Ruby. */
function assignment(text: string, name: Name): Value | undefined {
  const equals = matchAt(/\]{0,2}[ \t]*=(?![=>~])[ \t]*/y, text, name.end);
  const sign = equals ?? matchAt(/\s*(?::|=>)\s*(?=\\*["'])/y, text, name.end);
  if (sign === undefined) return undefined;
  const quote = matchAt(/\\*(?:"""|'''|["'])/y, text, sign.end);
  if (quote !== undefined) {
    return {
      start: quote.end,
      end: closingQuote(text, quote.end, text.slice(quote.start, quote.end)),
      writing: 'plain',
    };
  }
  const line = lineStart.test(text.slice(Math.max(0, name.start - longestLead), name.start))
    ? matchAt(restOfSetting, text, sign.end)
    : undefined;
  if (line !== undefined) return { ...line, writing: 'plain' };
  const end = matchAt(/[^\s&;,"'<>()\]}\\]+/y, text, sign.end)?.end ?? sign.end;
  return { start: sign.end, end, writing: 'percent' };
}
