/**
 * The report for people: each case that needs attention with the request to repeat it, every difference with both
 * values, and what to type. What passed is counted, not listed. Shows recorded text only through `visible`.
 */

import { visibleLine } from '../../tape/visible-text';
import { type Difference, type Excuse, isOfCalls } from '../judge/difference';
import { formatMiss } from '../mocks/match/miss';
import { ruleLine } from '../noise/rule-line';
import { acceptLine, acceptNeeds } from './acceptable';
import { callLines, callRuleLines, placeholderTexts } from './call-lines';
import {
  casesText,
  type FinishedRun,
  flakyText,
  followingGroups,
  isFollowing,
  skippedGroups,
  summaryParts,
  verdictLabels,
} from './finished-run';
import type { ReportFormat } from './format';
import { conditionLines, isFailing } from './latency';
import {
  type CaseNotes,
  type CaseResult,
  type Chain,
  type ExcusedPlace,
  everyElement,
  isEmpty,
  type RunReport,
} from './report';
import { valuesSentence } from './values';

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
}

const same = (text: string): string => text;
export const plainStyles: Styles = { red: same, green: same, yellow: same, dim: same, bold: same };

export const consoleFormat: ReportFormat = {
  name: 'console',
  describe: 'as on the terminal',
  render: (run) => consoleReport(run, { styles: plainStyles, visible: visibleLine }),
};

const differencesShown = 20;
const placesShown = 8;
const chainsShown = 10;

/** The whole report in pieces, ending with its summary line and a newline. */
export function* consoleReport(run: FinishedRun, options: ConsoleOptions): Iterable<string> {
  const { report, notes } = run;
  for (const result of report.results) {
    if ((result.verdict !== 'fail' && result.verdict !== 'error') || isFollowing(result)) continue;
    const about = {
      notes: notes.get(result.id),
      misses: missesOf(result, run),
      hidden: hiddenFrom(result, report),
      accept: acceptLine(result, run),
    };
    yield `${caseBlock(result, about, options)}\n\n`;
  }
  const groups = [...followingGroups(report.results, notes), ...skippedGroups(report.results, notes)];
  for (const group of groups) yield `${groupBlock(group, notes, options)}\n\n`;
  const tail = [
    callLines(report.calls).map(options.visible),
    chainLines(report.carried, options),
    excuseLines(report.excused, options),
    report.remarks.map(options.visible),
    latencyLines(run, options),
    [acceptNeeds(run)].flatMap((text) => (text === null ? [] : [options.styles.dim(text)])),
    summaryLines(run, options),
  ];
  yield `${tail.flat().join('\n')}\n`;
}

/** What the build asked during the case and no mock answers: each once, however often it was asked. */
function missesOf({ id }: CaseResult, { report, suite }: FinishedRun): readonly string[] {
  return [...new Set(report.misses.filter((miss) => miss.case === id).map((miss) => formatMiss(miss, suite)))];
}

/** Where a service reads what only stands for a secret, it may fail for that alone. */
function hiddenFrom({ id }: CaseResult, { calls }: RunReport): readonly string[] {
  return [...new Set(calls.filter((call) => call.case === id).flatMap(placeholderTexts))];
}

function groupBlock(
  group: readonly CaseResult[],
  notes: FinishedRun['notes'],
  { styles, visible }: ConsoleOptions,
): string {
  const [first] = group;
  if (first === undefined) return '';
  const own = notes.get(first.id);
  if (group.length === 1) return caseBlock(first, { notes: own, misses: [] }, { styles, visible });
  const ids = group.map(({ id }) => id);
  const title = `${styles.bold(`${group.length} cases`)}  ${styles.dim(firstFew(ids, 3))}  ${visible(first.reason ?? '')}`;
  const hints = (own?.hints ?? []).map((hint) => labelled('why', visible(hint)));
  return [`${paintOf(first, styles)(verdictLabels[first.verdict])}  ${title}`, ...hints].join('\n');
}

function paintOf({ verdict }: CaseResult, styles: Styles): (text: string) => string {
  return verdict === 'skipped' ? styles.yellow : styles.red;
}

/** What is known of a case besides its result. */
export interface CaseCircumstances {
  readonly notes: CaseNotes | undefined;
  /** Calls of the build that no mock answers, explained: what differs in the answer mostly follows from them. */
  readonly misses: readonly string[];
  /** What mocks gave the build that only stands for a secret, a sentence each. */
  readonly hidden?: readonly string[];
  /** What to type where the build is right; null where nothing is to be accepted. */
  readonly accept?: string | null;
}

/** One case: its verdict, every difference with both values or the misses behind them, and what to do. Without a newline at its end. */
export function caseBlock(
  result: CaseResult,
  { notes, misses, hidden = [], accept = null }: CaseCircumstances,
  options: ConsoleOptions,
): string {
  const { styles, visible } = options;
  const paint = paintOf(result, styles);
  const reason = result.reason === null ? '' : `  ${visible(result.reason)}`;
  const flaky = flakyText(result);
  const title = `${paint(verdictLabels[result.verdict])}  ${styles.bold(visible(result.name))}  ${styles.dim(`case ${result.id}`)}${reason}`;
  return [
    title,
    ...(flaky === null ? [] : [labelled('flaky', flaky.replace('flaky: ', ''))]),
    ...(misses.length === 0 ? differenceLines(result.differences, options) : missLines(misses, result, options)),
    ...[...(notes?.hints ?? []), ...hidden].map((hint) => labelled('why', visible(hint))),
    ...excusedLines(result.excused, options),
    ...(notes === undefined || notes.curl === '' ? [] : [labelled('repeat', visible(notes.curl))]),
    ...(notes?.fillIn === undefined ? [] : [labelled('fill in', visible(notes.fillIn))]),
    ...(accept === null ? [] : [labelled('or accept', visible(accept))]),
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
  const { styles, visible } = options;
  const paint = {
    expected: (text: string) => styles.green(visible(text)),
    actual: (text: string) => styles.red(visible(text)),
    beside: visible,
  };
  const lines = shown.map((each) => `  ${visible(each.path).padEnd(width)}  ${valuesSentence(each, paint)}`);
  const rest = differences.length - shown.length;
  return rest === 0 ? lines : [...lines, `  … and ${rest} more; --json has them all`];
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
  const ofAnswer = differences.filter(mayBeNoise).map((each) => noiseRuleLine(everyElement(each.path)));
  const lines = [...new Set([...ofAnswer, ...callRuleLines(differences)])].slice(0, 3);
  return lines.map((line, i) => labelled(i === 0 ? 'or noise' : '', visible(line)));
}

/** A status or a retyped value is a change of behaviour; nobody is offered a rule to hide it. */
function mayBeNoise(difference: Difference): boolean {
  return difference.path !== 'status' && difference.kind === 'changed' && !isOfCalls(difference);
}

/** The line for a noise file that declares one place; the reason is for the writer to fill in. */
function noiseRuleLine(path: string): string {
  return ruleLine({ in: 'response', path, match: null, allows: null, because: '…' });
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

function latencyLines({ report }: FinishedRun, { styles, visible }: ConsoleOptions): string[] {
  return (report.latency?.conditions ?? []).flatMap((checked) => {
    const paint = isFailing(checked) ? styles.red : styles.dim;
    return conditionLines(checked).map((line) => paint(visible(line)));
  });
}

function summaryLines(run: FinishedRun, { styles }: ConsoleOptions): string[] {
  const { report, allowed } = run;
  const paints: Readonly<Record<string, (text: string) => string>> = {
    passed: styles.green,
    skipped: styles.yellow,
    flaky: styles.yellow,
  };
  const parts = summaryParts(report, allowed).map(({ kind, text }) => (paints[kind] ?? styles.red)(text));
  const nothing = styles.red('0 passed is never green: nothing was shown to be equal');
  return [`${parts.join(', ')} of ${casesText(report)}`, ...(isEmpty(report) ? [nothing] : [])];
}
