/** Noise rules as lines of a file that people review, and files of them changed by a line. Pure. */
import { type JsonValue, stringifyJson } from '../../tape/json/json';
import { ruleLine } from '../noise/rule-line';
import type { LearnedRule } from './rules';

/** A learned rule below a comment with what was seen. */
export function learnedLines({ evidence, ...rule }: LearnedRule, runs: number): readonly string[] {
  const { recorded, given, caseIds } = evidence;
  const exchanges = `${caseIds.length === 1 ? 'exchange' : 'exchanges'} ${listed(caseIds)}`;
  return [
    `# ${exchanges}: recorded ${brief(recorded)}, in ${runs} runs ${given.slice(0, mostShown).map(brief).join(', ')}`,
    ruleLine({ in: 'response', ...rule, because: 'differs between runs of one build' }),
  ];
}

const mostShown = 3;
const longestShown = 60;

function listed(ids: readonly string[]): string {
  const more = ids.length - mostShown;
  return more > 0 ? `${ids.slice(0, mostShown).join(', ')} and ${more} more` : ids.join(', ');
}

/** On one line, whatever the value holds: JSON has no raw line breaks, and a comment ends only at one. */
function brief(value: JsonValue): string {
  const text = stringifyJson(value).replace(/[\u007f-\u009f\u2028\u2029]/g, '?');
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text;
}

/** The file with more lines at its end. */
export function withLines(file: string, lines: readonly string[]): string {
  const before = file === '' || file.endsWith('\n') ? file : `${file}\n`;
  return before + lines.map((line) => `${line}\n`).join('');
}

/** The file without the rule that begins in a line, counted from 1, and without the comments right above it. */
export function withoutRule(file: string, rule: { readonly from: number; readonly to: number }): string {
  const lines = file.split('\n');
  let from = rule.from - 1;
  while (from > 0 && /^\s*#/.test(lines[from - 1] ?? '')) from--;
  return [...lines.slice(0, from), ...lines.slice(rule.to)].join('\n');
}
