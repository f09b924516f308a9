/**
 * Annotations of GitHub Actions: commands in lines of output, which the runner shows beside a change. At most ten of a
 * kind: it drops the others of a step without a word.
 */

import { visibleText } from '../../tape/visible-text';
import { caseLines, headline } from './case-text';
import {
  badGroups,
  casesText,
  type FinishedRun,
  flakyText,
  skippedGroups,
  summaryParts,
  wholeRunFailures,
} from './finished-run';
import type { ReportFormat } from './format';
import { type CaseResult, isRed } from './report';

const annotationsOfAKind = 10;
const longestMessage = 3000;

export const github: ReportFormat = {
  name: 'github',
  describe: 'annotations and job summary of GitHub Actions; on by itself where GITHUB_ACTIONS is true',
  *render(run) {
    const { results } = run.report;
    const errors = results.filter((result) => isRed(result, run.allowed));
    const warnings = results.filter((result) => !isRed(result, run.allowed));
    const beside = wholeRunFailures(run.report);
    const room = Math.max(1, annotationsOfAKind - beside.length - 1);
    for (const { name, message, lines } of beside) {
      yield command('error', { file: run.file, title: name }, [message, ...lines].join('\n'));
    }
    yield* caseAnnotations('error', errors, { run, room });
    yield* caseAnnotations('warning', warnings, { run, room });
    yield* skippedAnnotations(run);
    const counts = summaryParts(run.report, run.allowed).map(({ text }) => text);
    yield command('notice', { file: run.file, title: 'wiretape' }, `${counts.join(', ')} of ${casesText(run.report)}`);
  },
};

function* caseAnnotations(
  kind: 'error' | 'warning',
  results: readonly CaseResult[],
  { run, room }: { readonly run: FinishedRun; readonly room: number },
): Iterable<string> {
  const groups = badGroups(results, run.notes);
  const shown = groups.length > room ? room - 1 : room;
  for (const group of groups.slice(0, shown)) {
    const [result] = group;
    if (result === undefined) continue;
    const own = run.notes.get(result.id);
    const lines = result.differences.length === 0 ? [headline(result, own)] : caseLines(result, own);
    const text = [flakyText(result), ...lines].filter((line) => line !== null).join('\n');
    const title = group.length === 1 ? `${result.name} (case ${result.id})` : `${group.length} cases not sent`;
    yield command(kind, { file: run.file, title }, text);
  }
  const rest = groups.slice(shown).flat().length;
  if (rest > 0) yield command(kind, { file: run.file }, `… and ${rest} more cases; the log has them all`);
}

/** Those of one cause in one annotation. */
function* skippedAnnotations({ report, notes, file, allowed }: FinishedRun): Iterable<string> {
  const groups = skippedGroups(report.results, notes);
  for (const group of groups.slice(0, annotationsOfAKind - 1)) {
    const [first] = group;
    if (first === undefined) continue;
    const title = group.length === 1 ? `skipped: ${first.name} (case ${first.id})` : `${group.length} cases skipped`;
    const isError = group.some((result) => isRed(result, allowed));
    yield command(isError ? 'warning' : 'notice', { file, title }, headline(first, notes.get(first.id)));
  }
}

/** https://docs.github.com/actions/reference/workflow-commands-for-github-actions; the escapes are those of actions/toolkit. */
function command(
  kind: 'error' | 'warning' | 'notice',
  properties: { readonly file: string; readonly title?: string },
  message: string,
): string {
  const attributes = Object.entries(properties).map(([name, value]) => `${name}=${escapedProperty(value)}`);
  const text = message.length > longestMessage ? `${message.slice(0, longestMessage)}…` : message;
  return `::${kind} ${attributes.join(',')}::${escapedData(text)}\n`;
}

function escapedData(text: string): string {
  return visibleText(text.toWellFormed()).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapedProperty(text: string): string {
  return escapedData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
