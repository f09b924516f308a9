/**
 * Values in YAML (1.2.2) that stand not beside their name but below it, or behind what says what they are: block scalars,
 * lists, `&anchor x`, `!!str x`; in a text that calls itself YAML, values of several words too. Gives the place of all
 * that belongs to a name.
 */
import { isHarmless } from './harmless';
import { matchAt, type Span } from './match';
import { isMoreThanName, isSecretMember } from './pair-names';

const farthest = 200;

/** The places of what belongs to a name: one, or one for each line; none where this is no YAML. */
export function yamlValues(text: string, { start, end }: Span, isYaml: boolean): readonly Span[] {
  const before = text.slice(Math.max(0, start - farthest), start);
  const indent = /(?:^|[\r\n])([ \t]*(?:- +)*)["']?(?:[\w-]{1,60}\.){0,8}$/.exec(before)?.[1]?.length;
  if (indent === undefined)
    return /(?:^|[\r\n])[ \t]*(?:- +)?(?:name|key):[ \t]*["']?$/.test(before) ? paired(text, end) : [];
  const begin = matchAt(beforeValue, text, end)?.end;
  if (begin === undefined) return [];
  const block = matchAt(/[|>][-+\d]{0,2}[ \t]*(?:#[^\r\n]{0,200})?\r?\n/y, text, begin)?.end;
  if (block !== undefined) return blockAt(text, block, indent);
  const line = matchAt(/(?:#[^\r\n]{0,200})?\r?\n/y, text, begin)?.end;
  return line === undefined ? onLine(text, begin, isYaml) : below(text, line, { indent, isYaml });
}

/** The colon, anchors and tags. */
const beforeValue = /["']?[ \t]{0,20}:(?=[ \t\r\n])[ \t]{0,20}(?:[&!]\S{0,100}[ \t]{1,20}){0,2}/y;

/** `- name: DB_PASSWORD`, and below it `value: x`. */
function paired(text: string, nameEnd: number): readonly Span[] {
  const member = /["']?[ \t]*\r?\n[ \t]*(?:value|val):[ \t]*(?:"([^"\r\n]+)"|'([^'\r\n]+)'|([^\s"'#|>][^\r\n]*))/y;
  member.lastIndex = nameEnd;
  const found = member.exec(text);
  const value = (found?.[1] ?? found?.[2] ?? found?.[3] ?? '').trimEnd();
  if (found === null || value === '') return [];
  const start = found.index + found[0].indexOf(value, found[0].indexOf(':'));
  return [{ start, end: start + value.length }];
}

/** What stands in lines that are indented further than the name. */
function blockAt(text: string, from: number, indent: number): readonly Span[] {
  const lines: Span[] = [];
  for (let at = from; at < text.length; at = lineAfter(text, at)) {
    const start = at + indentAt(text, at);
    const end = trimmedEnd(text, start, lineAfter(text, at));
    if (end > start && start - at <= indent) break;
    if (end > start) lines.push({ start, end });
  }
  return lines;
}

const mostItems = 100;

interface Within {
  readonly indent: number;
  readonly isYaml: boolean;
}

const lineBelow =
  /([ \t]{0,200})(- +)?(?:([\w-]{1,40}):[ \t]+)?(?:"([^"\r\n]{1,500})"|'([^'\r\n]{1,500})'|([^\s"'#:{}[\]-][^\r\n:#]{0,500}))[ \t]*(?:\r?\n|$)/y;

/** The lines below a name: a scalar, the items of a list, members that hold the secret. */
function below(text: string, from: number, { indent, isYaml }: Within): readonly Span[] {
  const values: Span[] = [];
  lineBelow.lastIndex = from;
  while (values.length < mostItems) {
    const at = lineBelow.lastIndex;
    const found = lineBelow.exec(text);
    if (found === null) break;
    const [all, blank = '', dash = '', member = ''] = found;
    const value = (found[4] ?? found[5] ?? found[6] ?? '').trimEnd();
    const isBelow = dash === '' ? blank.length > indent : blank.length >= indent;
    const isValue = (member === '' || isSecretMember(member)) && (isYaml || isMoreThanName(value));
    if (!isBelow || !isValue) break;
    const start = at + all.indexOf(value, blank.length + dash.length + member.length);
    values.push({ start, end: start + value.length });
  }
  return values;
}

/** What stands behind an anchor or a tag, and in YAML whatever the line holds. */
function onLine(text: string, from: number, isYaml: boolean): readonly Span[] {
  const end = matchAt(isYaml ? plainWords : plainWord, text, from)?.end;
  if (end === undefined) return [];
  const place = { start: from, end: trimmedEnd(text, from, end) };
  const value = text.slice(from, place.end);
  return isPermission.test(value) || isHarmless(value, { name: '', parent: '' }) ? [] : [place];
}

/** `id-token: write`, as workflows say what they may do. */
const isPermission = /^(?:read|write|none)$/;

const plainWords = /[^\s"'{}[\],#&*!|>%@`](?:[^\r\n#:]|:(?=\S)|(?<=\S)#){0,1000}/y;
const plainWord = /(?![&*!|>%@`#])[^\s"'{}[\],]{1,1000}(?=[ \t]*(?:[\r\n]|$))/y;

function lineAfter(text: string, at: number): number {
  const newline = text.indexOf('\n', at);
  return newline < 0 ? text.length : newline + 1;
}

function indentAt(text: string, at: number): number {
  let end = at;
  while (text.charAt(end) === ' ' || text.charAt(end) === '\t') end++;
  return end - at;
}

function trimmedEnd(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && /\s/.test(text.charAt(at - 1))) at--;
  return at;
}
