/** The report in the Common Test Report Format (ctrf.io, specification 0.0), for tools that read one JSON of any test runner. */
import { caseLines, headline, missTextsOf } from './case-text';
import { endpointOf } from './endpoint';
import { type FinishedRun, type WholeRunFailure, wholeRunFailures } from './finished-run';
import type { ReportFormat } from './format';
import { callCounts, judgedCalls } from './judged-calls';
import type { CaseResult, Verdict } from './report';
import { untrustedText } from './untrusted';

const statuses: Readonly<Record<Verdict, string>> = {
  pass: 'passed',
  fail: 'failed',
  error: 'failed',
  skipped: 'skipped',
};

export const ctrf: ReportFormat = {
  name: 'ctrf',
  describe: 'Common Test Report Format, JSON',
  *render(run) {
    const beside = wholeRunFailures(run.report);
    const head = {
      reportFormat: 'CTRF',
      specVersion: '0.0.0',
      timestamp: new Date(run.endedAtMs).toISOString(),
      generatedBy: 'wiretape',
    };
    const results = { tool: { name: 'wiretape', version: run.version }, summary: summaryOf(run, beside.length) };
    yield `${JSON.stringify(head).slice(0, -1)},"results":${JSON.stringify(results).slice(0, -1)},"tests":[\n`;
    let between = '';
    for (const result of run.report.results) {
      yield between + jsonText(testOf(result, run));
      between = ',\n';
    }
    for (const failure of beside) {
      yield between + jsonText(wholeRunTest(failure, run));
      between = ',\n';
    }
    yield '\n]}}\n';
  },
};

/** `failed` counts what has no answer, too: there is no other word for it; `extra` has our own counts. */
function summaryOf({ report, startedAtMs, endedAtMs }: FinishedRun, beside: number) {
  const { cases, passed, failed, errored, skipped, flaky, misses, untrusted } = report;
  const ofCalls = { misses: misses.length, calls: callCounts(report), untrusted: untrusted.map(untrustedText) };
  return {
    tests: cases + beside,
    passed,
    failed: failed + errored + beside,
    skipped,
    pending: 0,
    other: 0,
    flaky,
    start: startedAtMs,
    stop: endedAtMs,
    duration: endedAtMs - startedAtMs,
    extra: { cases, passed, failed, errored, skipped, flaky, ...ofCalls },
  };
}

function testOf(result: CaseResult, { suite, notes, details, report }: FinishedRun) {
  const { id, name, verdict, reason, excused, flaky, differences } = result;
  const own = notes.get(id);
  const { playedMs = 0, tookMs = null, recordedMs = null } = details.get(id) ?? {};
  const misses = missTextsOf(result, report);
  const lines = verdict === 'pass' ? [] : [...misses, ...caseLines(result, own)];
  return {
    testId: id,
    name: `${name} [${id}]`,
    status: statuses[verdict],
    duration: Math.round(playedMs),
    suite: [suite, endpointOf(name)],
    rawStatus: verdict,
    ...(verdict === 'pass' ? {} : { message: misses[0] ?? headline(result, own) }),
    ...(lines.length === 0 ? {} : { trace: lines.join('\n') }),
    ...(flaky === undefined ? {} : { flaky: true }),
    extra: {
      reason,
      tookMs,
      recordedMs,
      excused: excused.map(({ path, rule }) => ({ path, rule })),
      flaky: flaky ?? null,
      calls: judgedCalls(differences).map(({ fault, call, place }) => ({ fault, call, place })),
      misses,
    },
  };
}

function wholeRunTest({ name, group, type, message, lines }: WholeRunFailure, { suite }: FinishedRun) {
  const trace = lines.length === 0 ? {} : { trace: lines.join('\n') };
  return { name, status: 'failed', duration: 0, suite: [suite, group], rawStatus: type, message, ...trace };
}

/** Lone surrogates are no text to most readers. */
function jsonText(value: object): string {
  return JSON.stringify(value, (_, each) => (typeof each === 'string' ? each.toWellFormed() : each));
}
