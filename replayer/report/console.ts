/**
 * The report for people: each case that needs attention with the request to repeat it, every difference with both
 * values, and what to type. What passed is counted, not listed. Shows recorded text only through `visible`.
 */
import { stringifyJson } from '../../tape/json/json';
import type { Difference, Excuse } from '../judge/difference';
import { formatMiss } from '../mocks/match/miss';
import { callLines, placeholderTexts } from './calls';
import {
  type CaseNotes,
  type CaseResult,
  type Chain,
  type ExcusedPlace,
  everyElement,
  isEmpty,
  type RunReport,
  type Verdict,
} from './report';

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
  /** Names the tape in what is said of misses. */
  readonly tape?: string;
}

const longestValue = 160;
const shownBefore = 60;
const differencesShown = 20;
const placesShown = 8;
const chainsShown = 10;

/** The whole report, ending with its summary line and a newline. */
export function consoleReport(report: RunReport, options: ConsoleOptions): string {
  const blocks = report.results
    .filter((result) => result.verdict === 'fail' || result.verdict === 'error')
    .map((result) =>
      caseBlock(
        result,
        {
          notes: options.notes.get(result.id),
          misses: missesOf(result, report, options),
          hidden: hiddenFrom(result, report),
        },
        options,
      ),
    );
  const tail = [
    callLines(report.calls).map(options.visible),
    chainLines(report.carried, options),
    excuseLines(report.excused, options),
    report.remarks.map(options.visible),
    summaryLines(report, options),
  ];
  return `${[...blocks, ...skippedBlocks(report.results, options), tail.flat().join('\n')].join('\n\n')}\n`;
}

/** What the build asked during the case and no mock answers: each once, however often it was asked. */
function missesOf({ id }: CaseResult, { misses }: RunReport, { tape = '' }: ConsoleOptions): readonly string[] {
  return [...new Set(misses.filter((miss) => miss.case === id).map((miss) => formatMiss(miss, tape)))];
}

/** Where a service reads what only stands for a secret, it may fail for that alone. */
function hiddenFrom({ id }: CaseResult, { calls }: RunReport): readonly string[] {
  return [...new Set(calls.filter((call) => call.case === id).flatMap(placeholderTexts))];
}

/** Cases that are skipped for one cause are told of once. */
function skippedBlocks(results: readonly CaseResult[], options: ConsoleOptions): string[] {
  const skipped = results.filter(({ verdict }) => verdict === 'skipped');
  const groups = Map.groupBy(skipped, ({ id, reason }) => [reason, ...(options.notes.get(id)?.hints ?? [])].join('\n'));
  return [...groups.values()].map((group) => skippedBlock(group, options));
}

function skippedBlock(group: readonly CaseResult[], options: ConsoleOptions): string {
  const [first] = group;
  if (first === undefined) return '';
  const notes = options.notes.get(first.id);
  if (group.length === 1) return caseBlock(first, { notes, misses: [] }, options);
  const { styles, visible } = options;
  const ids = group.map(({ id }) => id);
  const title = `${styles.bold(`${group.length} cases`)}  ${styles.dim(firstFew(ids, 3))}  ${visible(first.reason ?? '')}`;
  const hints = (notes?.hints ?? []).map((hint) => labelled('why', visible(hint)));
  return [`${styles.yellow(labels.skipped)}  ${title}`, ...hints].join('\n');
}

const labels: Readonly<Record<Verdict, string>> = { pass: 'PASS', fail: 'FAIL', error: 'ERROR', skipped: 'SKIP' };

/** What is known of a case besides its result. */
export interface CaseCircumstances {
  readonly notes: CaseNotes | undefined;
  /** Calls of the build that no mock answers, explained: what differs in the answer mostly follows from them. */
  readonly misses: readonly string[];
  /** What mocks gave the build that only stands for a secret, a sentence each. */
  readonly hidden?: readonly string[];
}

/** One case: its verdict, every difference with both values or the misses behind them, and what to do. Without a newline at its end. */
export function caseBlock(
  result: CaseResult,
  { notes, misses, hidden = [] }: CaseCircumstances,
  options: ConsoleOptions,
): string {
  const { styles, visible } = options;
  const paint = result.verdict === 'skipped' ? styles.yellow : styles.red;
  const reason = result.reason === null ? '' : `  ${visible(result.reason)}`;
  const title = `${paint(labels[result.verdict])}  ${styles.bold(visible(result.name))}  ${styles.dim(`case ${result.id}`)}${reason}`;
  return [
    title,
    ...(misses.length === 0 ? differenceLines(result.differences, options) : missLines(misses, result, options)),
    ...[...(notes?.hints ?? []), ...hidden].map((hint) => labelled('why', visible(hint))),
    ...excusedLines(result.excused, options),
    ...(notes === undefined || notes.curl === '' ? [] : [labelled('repeat', visible(notes.curl))]),
    ...(misses.length === 0 ? noiseLines(result.differences, visible) : []),
  ].join('\n');
}

function missLines(misses: readonly string[], { differences }: CaseResult, { visible }: ConsoleOptions): string[] {
  const lines = misses.flatMap((miss) => miss.split('\n').map((line) => `  ${visible(line)}`));
  if (differences.length === 0) return lines;
  const count = `${differences.length} ${differences.length === 1 ? 'difference' : 'differences'}`;
  return [...lines, `  … and ${count} of the answer, which may follow from that; --json has them`];
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
  const { kind, translated } = difference;
  const texts = [difference.expected, translated ?? difference.expected, difference.actual].map(stringifyJson);
  const [left = '', now = '', right = ''] = aroundDifference(texts).map(visible);
  const inRun = translated === undefined ? '' : ` (in this run ${styles.green(now)})`;
  const expected = styles.green(left) + inRun;
  const actual = styles.red(right);
  switch (kind) {
    case 'added':
      return `added: got ${actual}, the recording has none`;
    case 'removed':
      return `removed: expected ${expected}`;
    case 'reordered':
      return `reordered: expected ${expected}, got ${actual}`;
    case 'unchanged':
      return `unchanged: still ${actual}, and what it stands for is another`;
    default:
      return `expected ${expected}, got ${actual}`;
  }
}

/** Cuts what is too long around the place where the last two part: a report never shows two texts that read alike. */
function aroundDifference(texts: readonly string[]): readonly string[] {
  if (texts.every((text) => text.length <= longestValue)) return texts;
  const [now = '', actual = ''] = texts.slice(-2);
  let at = 0;
  while (at < now.length && at < actual.length && now[at] === actual[at]) at++;
  const from = Math.max(0, at - shownBefore);
  return texts.map((text) => {
    const end = from + longestValue;
    return `${from > 0 ? '…' : ''}${text.slice(from, end)}${text.length > end ? '…' : ''}`;
  });
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

/** A line for each rule: how often it excused, and where. */
function excuseLines(places: readonly ExcusedPlace[], { styles, visible }: ConsoleOptions): string[] {
  if (places.length === 0) return [];
  const total = countOf(places);
  const lines = [...Map.groupBy(places, ({ rule }) => rule)].map(([rule, own]) => {
    const where = own.map(({ path, count }) => (count === 1 ? path : `${path} ×${count}`));
    return labelled('', `${`${rule} ${countOf(own)}`.padEnd(20)}  ${firstFew(where, placesShown)}`);
  });
  const head = `excused ${total} ${total === 1 ? 'difference' : 'differences'}`;
  return [head, ...lines].map((line) => styles.dim(visible(line)));
}

function countOf(places: readonly ExcusedPlace[]): number {
  return places.reduce((sum, { count }) => sum + count, 0);
}

function summaryLines(report: RunReport, options: ConsoleOptions): string[] {
  const nothing = options.styles.red('0 passed is never green: nothing was shown to be equal');
  return [summaryLine(report, options), ...(isEmpty(report) ? [nothing] : [])];
}

function summaryLine(report: RunReport, { styles, allowSkipped }: ConsoleOptions): string {
  const parts = [
    styles.green(`${report.passed} passed`),
    ...(report.failed > 0 ? [styles.red(`${report.failed} failed`)] : []),
    ...(report.errored > 0 ? [styles.red(`${report.errored} errored`)] : []),
    ...(report.skipped > 0 ? [styles.yellow(skippedText(report, allowSkipped))] : []),
    ...(report.misses.length > 0 ? [styles.red(`${report.misses.length} mock misses`)] : []),
  ];
  return `${parts.join(', ')} of ${report.cases} ${report.cases === 1 ? 'case' : 'cases'}`;
}

function skippedText(report: RunReport, allowSkipped: boolean): string {
  return `${report.skipped} skipped${allowSkipped ? '' : ' (which fails the run without --allow-skipped)'}`;
}
