/**
 * Further notations in which a value follows a name in text: `{password: x}` as in YAML, `map[password:x]` of Go, and
 * `--password x` as in a command line somebody wrote down. Each gives the place of the value, or nothing where it does not fit.
 */

interface Place {
  readonly start: number;
  readonly end: number;
}

type Value = Place & { readonly writing: 'plain' };

/** A value in YAML's flow style (YAML 1.2.2 7.4): between braces, set off by a colon and a blank. */
export function flowMember(text: string, { start, end }: Place): Value | undefined {
  if (!startsAfter(/[{,]\s{0,20}$/, text, start)) return undefined;
  return valueAt(flowValue, text, end);
}

const flowValue = /:[ \t]{1,20}([^\s,{}[\]"'()<>]{1,500})(?=\s{0,20}[,}])/y;

/** The word after an option: `--db-password x`, quoted or not. */
export function optionArgument(text: string, { start, end }: Place): Value | undefined {
  if (!text.startsWith('--', start)) return undefined;
  argument.lastIndex = end;
  const found = argument.exec(text);
  const value = found?.[1] ?? found?.[2] ?? found?.[3];
  if (found === null || value === undefined || value === '') return undefined;
  const begin = found.index + found[0].indexOf(value, found[0].length - found[0].trimStart().length);
  return { start: begin, end: begin + value.length, writing: 'plain' };
}

const argument = /[ \t]{1,20}(?:"((?:[^"\\\r\n]|\\.){1,500})"|'([^'\r\n]{1,500})'|([^\s"'|;&<>-][^\s"'|;&<>]{0,500}))/y;

/** The value of a key as Go prints maps: `map[password:x user:ann]`. */
export function mapMember(text: string, { start, end }: Place): Value | undefined {
  const before = text.slice(Math.max(0, start - longestMap), start);
  if (!/[[ ]$/.test(before) || !before.includes('map[')) return undefined;
  return valueAt(mapValue, text, end);
}

const longestMap = 500;
const mapValue = /:([^\s[\]"'\\]{1,500})/y;

/** What the only group of a sticky expression takes; what follows it is only looked at. */
function valueAt(expression: RegExp, text: string, at: number): Value | undefined {
  expression.lastIndex = at;
  const value = expression.exec(text)?.[1];
  if (value === undefined) return undefined;
  return { start: expression.lastIndex - value.length, end: expression.lastIndex, writing: 'plain' };
}

function startsAfter(before: RegExp, text: string, position: number): boolean {
  return before.test(text.slice(Math.max(0, position - 24), position));
}
