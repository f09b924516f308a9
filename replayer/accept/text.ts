/** Accepted values as entries of a file that people review. Pure. */
import { type JsonValue, stringifyJson } from '../../tape/json/json';
import { prettyJson } from '../../tape/json/pretty';
import { safeJson, unsafe } from '../../tape/visible-text';
import { word } from '../noise/rule-line';
import { type Accepted, digestOf, type Side } from './accepted';

export type WrittenAccepted = Omit<Accepted, 'name' | 'lines'> & {
  /** When it was accepted, in ISO 8601. */
  readonly at: string;
};

/** The lines of an entry; `parseAccepted` reads them back. */
export function acceptedLines(entry: WrittenAccepted): readonly string[] {
  const { caseId, caseName, path, recorded, accepted, because, at } = entry;
  const members = [
    ['case', [/^\d{1,15}$/.test(caseId) ? caseId : quoted(caseId)]],
    ['name', [quoted(caseName)]],
    ['path', [word(path)]],
    ...sideMembers('recorded', recorded),
    ...sideMembers('accepted', accepted),
    ['because', [quoted(because)]],
    ['at', [at]],
  ] as const;
  return members.flatMap(([name, [first = '', ...more]], i) => [
    `${i === 0 ? '- ' : '  '}${name}: ${first}`,
    ...more.map((line) => `    ${line}`),
  ]);
}

/** The file with other lines in the place of entries, [] to take one out, and with more at its end. Comments stay. */
export function withEntries(
  file: string,
  replaced: ReadonlyMap<Accepted, readonly string[]>,
  added: readonly string[],
): string {
  const lines = file === '' ? [] : file.replace(/\n$/, '').split('\n');
  for (const [{ lines: at }, own] of [...replaced].sort(([a], [b]) => b.lines.from - a.lines.from)) {
    lines.splice(at.from - 1, at.to - at.from + 1, ...own);
  }
  return [...lines, ...added].map((line) => `${line}\n`).join('');
}

/** At the top of a file that is made. */
export function headerLines(tape: string): readonly string[] {
  return [
    `# What ${tape.replace(unsafe, '?')} is expected to give otherwise than it was recorded: accepted by people, and exact.`,
  ];
}

type Member = readonly [name: string, lines: readonly string[]];

/** A longer one is known by its hash, and shown as far as people read it. */
const longestValue = 2000;
const longestLine = 100;

function sideMembers(name: string, side: Side): readonly Member[] {
  const written = side.kind === 'value' ? shortened(side.value) : side;
  if (written.kind === 'nothing') return [];
  if (written.kind === 'value') return [[name, valueLines(written.value)]];
  return [
    [`${name}-excerpt`, [quoted(written.excerpt)]],
    [`${name}-sha256`, [quoted(written.sha256)]],
  ];
}

function shortened(value: JsonValue): Side {
  const text = stringifyJson(value);
  if (text.length <= longestValue) return { kind: 'value', value };
  return { kind: 'hash', excerpt: `${text.slice(0, 200)}…`.toWellFormed(), sha256: digestOf(value) };
}

/** JSON, which YAML reads as it is; a member a line where it is long. */
function valueLines(value: JsonValue): readonly string[] {
  const line = safeJson(stringifyJson(value));
  return line.length <= longestLine ? [line] : prettyJson(line).split('\n');
}

/** Nothing in it reorders, or hides, what a reviewer sees. */
function quoted(text: string): string {
  return safeJson(JSON.stringify(text));
}
