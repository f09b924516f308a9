/**
 * The report for people: each case that needs attention with the request to repeat it, every difference with both
 * values, and what to type. What passed is counted, not listed. Shows recorded text only through `visible`.
 */
import { type JsonValue, stringifyJson } from '../../tape/body/json';
import { formatPath, parsePath } from '../../tape/model/path';
import type { Difference, Excuse } from '../judge/difference';
import type { CaseNotes, CaseResult, Chain, RunReport, Verdict } from './report';

/** The styles used, as picocolors has them. */
export interface Styles {
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  dim(text: string): string;
  bold(text: string): string;
}

export interface ConsoleOptions {
  readonly styles: Styles;
  /** Makes recorded text safe to show on one line. */
  readonly visible: (text: string) => string;
  readonly allowSkipped: boolean;
  /** By case id. */
  readonly notes: ReadonlyMap<string, CaseNotes>;
}

const longestValue = 160;
const differencesShown = 20;
const chainsShown = 10;

/** The whole report, ending with its summary line and a newline. */
export function consoleReport(report: RunReport, options: ConsoleOptions): string {
  const blocks = report.results
    .filter((result) => result.verdict !== 'pass')
    .map((result) => caseBlock(result, options.notes.get(result.id), options));
  const tail = [
    chainLines(report.carried, options),
    excuseLine(report.results, options),
    report.remarks.map(options.visible),
    summaryLine(report, options),
  ];
  return `${[...blocks, tail.flat().join('\n')].join('\n\n')}\n`;
}

const labels: Readonly<Record<Verdict, string>> = { pass: 'PASS', fail: 'FAIL', error: 'ERROR', skipped: 'SKIP' };

/** One case: its verdict, every difference with both values, and what to do. Without a newline at its end. */
export function caseBlock(result: CaseResult, notes: CaseNotes | undefined, options: ConsoleOptions): string {
  const { styles, visible } = options;
  const paint = result.verdict === 'skipped' ? styles.yellow : styles.red;
  const reason = result.reason === null ? '' : `  ${visible(result.reason)}`;
  const title = `${paint(labels[result.verdict])}  ${styles.bold(visible(result.name))}  ${styles.dim(`case ${result.id}`)}${reason}`;
  return [
    title,
    ...differenceLines(result.differences, options),
    ...(notes?.hints ?? []).map((hint) => labelled('why', visible(hint))),
    ...excusedLines(result.excused, options),
    ...(notes === undefined || notes.curl === '' ? [] : [labelled('repeat', visible(notes.curl))]),
    ...noiseLines(result.differences, visible),
  ].join('\n');
}

function labelled(label: string, text: string): string {
  return `  ${label.padEnd(10)}${text}`;
}

function differenceLines(differences: readonly Difference[], options: ConsoleOptions): string[] {
  const shown = differences.slice(0, differencesShown);
  const width = Math.min(40, Math.max(0, ...shown.map(({ path }) => path.length)));
  const lines = shown.map((each) => `  ${options.visible(each.path).padEnd(width)}  ${valuesText(each, options)}`);
  const rest = differences.length - shown.length;
  return rest === 0 ? lines : [...lines, `  … and ${rest} more; --json has them all`];
}

function valuesText(difference: Difference, { styles, visible }: ConsoleOptions): string {
  const expected = styles.green(visible(valueText(difference.expected)));
  const actual = styles.red(visible(valueText(difference.actual)));
  switch (difference.kind) {
    case 'added':
      return `added: got ${actual}, the recording has none`;
    case 'removed':
      return `removed: expected ${expected}`;
    case 'reordered':
      return `reordered: expected ${expected}, got ${actual}`;
    default:
      return `expected ${expected}, got ${actual}`;
  }
}

function valueText(value: JsonValue): string {
  const text = stringifyJson(value);
  return text.length <= longestValue ? text : `${text.slice(0, longestValue)}…`;
}

function excusedLines(excused: readonly Excuse[], { styles, visible }: ConsoleOptions): string[] {
  if (excused.length === 0) return [];
  const byRule = new Map<string, string[]>();
  for (const { rule, path } of excused) byRule.set(rule, [...(byRule.get(rule) ?? []), path]);
  const texts = [...byRule].map(([rule, paths]) => `${firstFew(paths, 3)} (${rule})`);
  return [styles.dim(labelled('excused', visible(texts.join(' · '))))];
}

function firstFew(texts: readonly string[], count: number): string {
  const rest = texts.length - count;
  return texts.slice(0, count).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

/** Rules ready to paste, for differences that turn out to be noise. */
function noiseLines(differences: readonly Difference[], visible: (text: string) => string): string[] {
  const paths = [...new Set(differences.filter(mayBeNoise).map((each) => everyElement(each.path)))].slice(0, 3);
  return paths.map((path, i) => labelled(i === 0 ? 'or noise' : '', visible(noiseRuleLine(path))));
}

/** A status or a retyped value is a change of behaviour; nobody is offered a rule to hide it. */
function mayBeNoise({ path, kind }: Difference): boolean {
  return path !== 'status' && kind === 'changed';
}

/** The line for a noise file that declares one place; the reason is for the writer to fill in. */
export function noiseRuleLine(path: string): string {
  const text = /^[\w.*[\]-]+$/.test(path) && !path.includes('[*]') ? path : `'${path.replaceAll("'", "''")}'`;
  return `- { in: response, path: ${text}, because: "…" }`;
}

function everyElement(path: string): string {
  const steps = parsePath(path);
  if (steps[0] !== 'body') return path;
  return formatPath(steps).replace(/\[\d+\]/g, '[*]');
}

function chainLines(chains: readonly Chain[], { styles, visible }: ConsoleOptions): string[] {
  if (chains.length === 0) return [];
  const lines = chains.slice(0, chainsShown).map(({ value, from, to }) => {
    const places = firstFew(
      to.map((place) => `${place.case} ${place.path}`),
      3,
    );
    return styles.dim(visible(labelled('', `${shortened(value)}  from ${from.case} ${from.path}  to ${places}`)));
  });
  const rest = chains.length - chainsShown;
  return [
    styles.dim(
      `carried ${chains.length} minted ${chains.length === 1 ? 'value' : 'values'} from answers into later requests`,
    ),
    ...lines,
    ...(rest > 0 ? [styles.dim(`            … and ${rest} more; --json has them all`)] : []),
  ];
}

function shortened(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 40)}…`;
}

function excuseLine(results: readonly CaseResult[], { styles, visible }: ConsoleOptions): string[] {
  const counts = new Map<string, number>();
  for (const { rule } of results.flatMap((result) => result.excused)) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  if (counts.size === 0) return [];
  const texts = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([rule, count]) => `${rule} ${count}`);
  return [styles.dim(visible(`excused differences: ${texts.join(' · ')}`))];
}

function summaryLine(report: RunReport, { styles, allowSkipped }: ConsoleOptions): string[] {
  const parts = [
    styles.green(`${report.passed} passed`),
    ...(report.failed > 0 ? [styles.red(`${report.failed} failed`)] : []),
    ...(report.errored > 0 ? [styles.red(`${report.errored} errored`)] : []),
    ...(report.skipped > 0 ? [styles.yellow(skippedText(report, allowSkipped))] : []),
    ...(report.misses.length > 0 ? [styles.red(`${report.misses.length} mock misses`)] : []),
  ];
  return [`${parts.join(', ')} of ${report.cases} ${report.cases === 1 ? 'case' : 'cases'}`];
}

function skippedText(report: RunReport, allowSkipped: boolean): string {
  return `${report.skipped} skipped${allowSkipped ? '' : ' (which fails the run without --allow-skipped)'}`;
}
