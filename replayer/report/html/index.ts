/**
 * The report as one page that needs nothing else: opened from a file, kept as an artefact of a build. Its policy lets it
 * load nothing, and run and show nothing but its own script and style, by their hashes.
 */
import { createHash } from 'node:crypto';
import { isOfCalls } from '../../judge/difference';
import { acceptNeeds } from '../acceptable';
import { badGroups, casesText, type FinishedRun, skippedGroups, summaryParts, wholeRunFailures } from '../finished-run';
import type { ReportFormat } from '../format';
import { callSummary } from '../judged-calls';
import type { EndpointLatency, Quantile } from '../latency';
import { conditionLines, isFailing, latencyOf } from '../latency';
import { exitStatusOf, failingMisses } from '../report';
import { untrustedText } from '../untrusted';
import { tellingCalls } from './calls';
import { caseElement, groupElement } from './case';
import { escaped } from './escape';
import { missItem } from './misses';
import { pageOf } from './page';
import { script } from './script';
import { style } from './style';

export const html: ReportFormat = {
  name: 'html',
  describe: 'one page, for people: recorded and live side by side',
  *render(run) {
    const page = pageOf(run);
    yield head(run);
    yield* wholeRun(run);
    yield '<h2>Cases</h2>\n';
    const { results } = run.report;
    const order = ['fail', 'error'] as const;
    for (const verdict of order) {
      const own = results.filter((each) => each.verdict === verdict);
      for (const group of badGroups(own, run.notes)) yield groupElement(group, page);
    }
    for (const group of skippedGroups(results, run.notes)) yield groupElement(group, page);
    for (const result of results) if (result.verdict === 'pass') yield caseElement(result, page);
    yield `</main>\n<script>${script}</script>\n</body>\n</html>\n`;
  },
};

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

const policy = `default-src 'none'; style-src ${hashOf(style)}; script-src ${hashOf(script)}; base-uri 'none'; form-action 'none'`;

function head(run: FinishedRun): string {
  const { report, suite, allowed } = run;
  const parts = summaryParts(report, allowed).map(({ text }) => escaped(text));
  const isGreen = exitStatusOf(report, allowed) === 0;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${isGreen ? 'passed' : 'failed'}: ${escaped(suite)}</title>
<style>${style}</style>
</head>
<body>
<header>
<h1><span class="${isGreen ? 'pass' : 'fail'}">${isGreen ? 'Passed' : 'Failed'}</span> · ${escaped(suite)}</h1>
<div id="summary">${parts.join(', ')} of ${escaped(casesText(report))}</div>
<div class="note">${escaped(new Date(run.startedAtMs).toISOString())}, ${escaped(((run.endedAtMs - run.startedAtMs) / 1000).toFixed(1))} s, wiretape ${escaped(run.version)}</div>
</header>
<main>
<div class="controls">${filters(run)}
<label>Search <input type="search" id="search" autocomplete="off"></label>
<span class="note" id="shown" role="status"></span>
<span class="note"><kbd>/</kbd> search <kbd>j</kbd> <kbd>k</kbd> next, previous <kbd>Enter</kbd> open <kbd>x</kbd> open or close all</span>
</div>
`;
}

function filters({ report }: FinishedRun): string {
  const { cases, passed, failed, errored, skipped, flaky, results } = report;
  const excused = results.filter((each) => each.excused.length > 0).length;
  const called = results.filter(({ differences }) => differences.some(isOfCalls)).length;
  const states: readonly (readonly [string, string, number])[] = [
    ['all', 'all', cases],
    ['fail', 'failed', failed + errored],
    ['pass', 'passed', passed],
    ['skipped', 'skipped', skipped],
    ['flaky', 'flaky', flaky],
    ['excused', 'excused', excused],
    ...(called === 0 ? [] : [['calls', 'other calls', called] as const]),
  ];
  const labels = states.map(([value, word, count]) => {
    const checked = value === 'all' ? ' checked' : '';
    return `<label><input type="radio" name="state" value="${value}"${checked}> ${word} ${count}</label>`;
  });
  return `<fieldset aria-label="Which cases">${labels.join('')}</fieldset>`;
}

function* wholeRun(run: FinishedRun): Iterable<string> {
  const { report } = run;
  const failures = wholeRunFailures(report);
  const items = (kind: string, texts: readonly string[]) =>
    texts.map((text) => `<li class="${kind}">${escaped(text)}</li>`);
  const lines = [
    ...failures.flatMap(({ message, group, lines: more }) =>
      items('fail', group === 'latency' ? [message, ...more] : [message]),
    ),
    ...items('', (report.latency?.conditions ?? []).filter((each) => !isFailing(each)).flatMap(conditionLines)),
    ...items(
      'fail',
      [callSummary(report)].filter((text) => text !== null),
    ),
    ...items('fail', report.untrusted.map(untrustedText)),
    ...items('', report.remarks),
    ...items(
      'note',
      [acceptNeeds(run), run.unattributed].filter((text) => text !== null),
    ),
  ];
  if (lines.length > 0) yield `<ul>${lines.join('')}</ul>\n`;
  yield* section('Calls that no mock answers', failingMisses(report).map(missItem), 'ul');
  yield* section('Calls that were answered, and are not as recorded', tellingCalls(report.calls), 'ul');
  yield* section('Excused, by rule and place', excuseRows(run), 'table');
  yield* section('How long answers took, in milliseconds', latencyRows(run), 'table');
}

const listed = 200;

/** Folded: of interest now and then. */
function* section(title: string, items: readonly string[], element: 'ul' | 'table'): Iterable<string> {
  if (items.length === 0) return;
  yield `<details><summary>${title}</summary><${element}>${items.slice(0, listed).join('')}</${element}>`;
  const rest = items.length - listed;
  yield `${rest > 0 ? `<p class="note">… and ${rest} more</p>` : ''}</details>\n`;
}

function excuseRows({ report }: FinishedRun): readonly string[] {
  return report.excused.map(
    ({ rule, path, count }) =>
      `<tr><th scope="row">${escaped(rule)}</th><td><code>${escaped(path)}</code></td><td>${escaped(count)}</td></tr>`,
  );
}

const quantiles: readonly Quantile[] = ['p50', 'p95', 'p99'];

function latencyRows({ report, details }: FinishedRun): readonly string[] {
  const endpoints = report.latency?.endpoints ?? latencyOf([{ results: report.results, details }]);
  if (endpoints.length === 0) return [];
  const names = quantiles.map((name) => `<th scope="col">${name} recorded → live</th>`);
  return [
    `<tr><th scope="col">endpoint</th><th scope="col">answers</th>${names.join('')}</tr>`,
    ...endpoints.map(latencyRow),
  ];
}

function latencyRow({ endpoint, samples, recordedMs, liveMs }: EndpointLatency): string {
  const cells = quantiles.map((name) => {
    const told = (ms: number | null) => (ms === null ? 'too few' : String(ms));
    return `<td>${recordedMs[name] === null && liveMs[name] === null ? 'too few' : `${told(recordedMs[name])} → ${told(liveMs[name])}`}</td>`;
  });
  return `<tr><th scope="row">${escaped(endpoint)}</th><td>${samples.recorded} → ${samples.live}</td>${cells.join('')}</tr>`;
}
