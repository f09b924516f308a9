/**
 * The report as Markdown: the summary of a job on GitHub, or a comment. What was recorded stands in it as text: every
 * character that Markdown or HTML means something by is written as a reference.
 */
import { visibleLine } from '../../tape/visible-text';
import { acceptLine, acceptNeeds } from './acceptable';
import { headline } from './case-text';
import {
  badGroups,
  casesText,
  type FinishedRun,
  flakyText,
  skippedGroups,
  summaryParts,
  verdictLabels,
  wholeRunFailures,
} from './finished-run';
import type { ReportFormat } from './format';
import { conditionLines, isFailing } from './latency';
import { type CaseResult, exitStatusOf, isRed } from './report';
import { differenceSentence } from './values';

const casesShown = 50;
const differencesShown = 10;
const idsShown = 3;
const longestText = 500;

/** A step of GitHub has room for 1 MiB, and shows nothing of what is longer: what is beyond the first cases is counted. */
const mostBytes = 500_000;

export const markdown: ReportFormat = {
  name: 'markdown',
  describe: 'Markdown: as in the job summary of GitHub Actions',
  *render(run) {
    const { report, suite, allowed } = run;
    const counts = summaryParts(report, allowed).map(({ text }) => text);
    const verdict = exitStatusOf(report, allowed) === 0 ? 'passed' : 'failed';
    yield `### wiretape: ${code(suite)} ${verdict}\n\n${counts.join(', ')} of ${casesText(report)}\n\n`;
    for (const { message, lines } of wholeRunFailures(report)) yield listItem([message, ...lines]);
    yield* remarkLines(run);
    const bad = badGroups(report.results, run.notes);
    if (bad.length > 0) yield '\n| case | | what differs |\n| --- | --- | --- |\n';
    const rows = withinRoom(bad.slice(0, casesShown).map((group) => groupRow(group, run)));
    yield* rows;
    const rest = bad.slice(rows.length).flat().length;
    if (rest > 0) yield `\n… and ${rest} more\n`;
    yield* skippedLines(run);
  },
};

function withinRoom(rows: readonly string[]): readonly string[] {
  let room = mostBytes;
  return rows.filter((row) => {
    room -= Buffer.byteLength(row);
    return room >= 0;
  });
}

function* remarkLines(run: FinishedRun): Iterable<string> {
  const { report } = run;
  const needs = acceptNeeds(run);
  for (const remark of [...report.remarks, ...(needs === null ? [] : [needs])]) yield listItem([remark]);
  const fine = (report.latency?.conditions ?? []).filter((condition) => !isFailing(condition));
  for (const condition of fine) yield listItem(conditionLines(condition));
}

/** Of one case, or of those that were not sent for one reason. */
function groupRow(group: readonly CaseResult[], run: FinishedRun): string {
  const [first] = group;
  if (first === undefined) return '';
  return caseRow(first, group.length === 1 ? `${code(first.name)} case ${code(first.id)}` : notSent(group), run);
}

function notSent(group: readonly CaseResult[]): string {
  const ids = group.slice(0, idsShown).map(({ id }) => id);
  const rest = group.length - ids.length;
  return `${group.length} cases not sent: ${code(ids.join(', '))}${rest > 0 ? ` and ${rest} more` : ''}`;
}

function caseRow(result: CaseResult, title: string, run: FinishedRun): string {
  const { notes, allowed } = run;
  const { differences, verdict, id } = result;
  const rest = differences.length - differencesShown;
  const lines =
    differences.length === 0
      ? [headline(result, notes.get(id))]
      : [
          ...[flakyText(result)].filter((text) => text !== null),
          ...differences.slice(0, differencesShown).map(differenceSentence),
          ...(rest > 0 ? [`… and ${rest} more`] : []),
          ...[acceptLine(result, run)].flatMap((text) => (text === null ? [] : [`or accept: ${text}`])),
        ];
  const mark = isRed(result, allowed) ? verdictLabels[verdict] : `${verdictLabels[verdict]}, allowed`;
  return `| ${title} | ${mark} | ${lines.map(code).join('<br>')} |\n`;
}

function* skippedLines({ report, notes }: FinishedRun): Iterable<string> {
  const groups = skippedGroups(report.results, notes);
  if (groups.length > 0) yield '\n';
  for (const group of groups.slice(0, casesShown)) {
    const [first] = group;
    if (first === undefined) continue;
    const what = group.length === 1 ? `skipped: ${first.name} (case ${first.id})` : `${group.length} cases skipped`;
    yield listItem([what, headline(first, notes.get(first.id))]);
  }
}

function listItem(lines: readonly string[]): string {
  return `- ${lines.map(code).join('<br>')}\n`;
}

/** In a code element nothing is a mention or a link, and numeric references are text wherever they stand (CommonMark 2.5). */
function code(text: string): string {
  const short = text.length > longestText ? `${text.slice(0, longestText)}…` : text;
  return `<code>${visibleLine(short.toWellFormed()).replace(special, (c) => `&#${c.codePointAt(0)};`)}</code>`;
}

const special = /[!"#$%&'()*+./:;<=>?@[\\\]^_`{|}~-]/g;
