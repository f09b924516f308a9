/** The reports of a run, as people and CI servers get them. */
import type { OutgoingCall } from '../../../replayer/mocks/calls';
import type { Miss } from '../../../replayer/mocks/match/miss';
import { consoleFormat } from '../../../replayer/report/console';
import { ctrf } from '../../../replayer/report/ctrf';
import { github } from '../../../replayer/report/github';
import { html } from '../../../replayer/report/html';
import { json } from '../../../replayer/report/json';
import { junit } from '../../../replayer/report/junit';
import { markdown } from '../../../replayer/report/markdown';
import { exitStatusOf, type RunReport, reportOf } from '../../../replayer/report/report';
import { expectGolden } from '../../support/golden';
import { caseResult, greenRun, redRun, rendered, skippedRun } from '../../support/reports';

it('tells people what failed, how to repeat it and what to type', () => {
  expectGolden('replay/expected/console-red.txt', rendered(consoleFormat, redRun));
});

it('is short when all is well', () => {
  expectGolden('replay/expected/console-green.txt', rendered(consoleFormat, greenRun));
});

it('is one line of JSON that says what the contract says', () => {
  expectGolden('replay/expected/report.json', rendered(json, redRun));
  expect(Object.keys(JSON.parse(rendered(json, redRun)))).toEqual([
    'schema',
    'cases',
    'passed',
    'failed',
    'errored',
    'skipped',
    'flaky',
    'results',
    'misses',
    'calls',
    'untrusted',
    'carried',
    'excused',
    'remarks',
  ]);
});

it.each([
  ['junit.xml', junit],
  ['ctrf.json', ctrf],
  ['github.txt', github],
  ['summary.md', markdown],
])('is %s for those who read that', (file, format) => {
  expectGolden(`replay/expected/${file}`, rendered(format, redRun));
});

it('fails for whatever is not equal, and for what was skipped unless that is allowed', () => {
  const strict = { skipped: false, flaky: false };
  const lenient = { skipped: true, flaky: false };
  const { results } = redRun.report;
  const only = (...verdicts: readonly string[]) =>
    reportOf(
      results.filter(({ verdict }) => verdicts.includes(verdict)),
      [],
    );
  expect(exitStatusOf(greenRun.report, strict)).toBe(0);
  expect(exitStatusOf(only('fail'), lenient)).toBe(1);
  expect(exitStatusOf(only('error'), lenient)).toBe(1);
  expect(exitStatusOf(only('pass', 'skipped'), strict)).toBe(1);
  expect(exitStatusOf(only('pass', 'skipped'), lenient)).toBe(0);
});

it('fails for a case that ever failed, unless flaky cases are allowed', () => {
  const flaky = caseResult({ id: '2', verdict: 'fail', flaky: { passed: 2, runs: 3 } });
  const report = reportOf([caseResult(), flaky], []);
  expect(exitStatusOf(report, { skipped: true, flaky: false })).toBe(1);
  expect(exitStatusOf(report, { skipped: true, flaky: true })).toBe(0);
});

it('is never green where nothing passed', () => {
  const lenient = { skipped: true, flaky: true };
  expect(exitStatusOf(skippedRun.report, lenient)).toBe(1);
  expect(exitStatusOf(reportOf([], []), lenient)).toBe(1);
  expectGolden('replay/expected/console-nothing.txt', rendered(consoleFormat, skippedRun));
  expect(rendered(junit, skippedRun)).toMatch(/ failures="1" errors="0" .* skipped="1"/);
});

it('says once that cases were not sent, where one value is lacking for all of them', () => {
  const lacking = (id: string, name: string) => ({
    ...caseResult({ id, name, verdict: 'error' }),
    reason: 'not-minted',
  });
  const failed = caseResult({ id: '7', name: 'POST /login -> 302', verdict: 'fail' });
  const results = [
    failed,
    ...['8', '9', '10', '12'].map((id) => lacking(id, `GET /orders/${id} -> 200`)),
    lacking('13', 'GET /me -> 200'),
  ];
  const session =
    'header["cookie"]["sid"] comes from the answer of case 7 (POST /login -> 302), which did not give it in this run';
  const note = (hint: string) => ({ curl: 'curl http://127.0.0.1:8080/', hints: [hint] });
  const notes = new Map(
    results.slice(1).map(({ id }) => [id, note(id === '13' ? session.replace('sid', 'theme') : session)]),
  );
  const run = { ...greenRun, report: reportOf(results, []), notes };
  expectGolden('replay/expected/console-not-sent.txt', rendered(consoleFormat, run));
  expectGolden('replay/expected/markdown-not-sent.md', rendered(markdown, run));
  expectGolden('replay/expected/github-not-sent.txt', rendered(github, run));
  const page = rendered(html, run);
  expect(page.match(/<details class="case" data-states="\w+" data-count="\d"/g)).toEqual(
    ['fail" data-count="1"', 'error" data-count="4"', 'error" data-count="1"'].map(
      (rest) => `<details class="case" data-states="${rest}`,
    ),
  );
});

describe('calls of the build', () => {
  const call: OutgoingCall = {
    case: '1',
    knownBy: 'alone',
    among: [],
    method: 'POST',
    upstream: 'payments:8443',
    target: '/pay',
    found: 'exact',
    exchange: '41',
    recordedUnder: '1',
    differences: [
      { path: 'header["authorization"]', kind: 'removed', expected: 'Bearer ib_5487228396uxdcmm', actual: null },
      { path: 'header["x-tenant"]', kind: 'changed', expected: 'A', actual: 'B' },
    ],
    excused: [{ path: 'header["user-agent"]', rule: 'client-version' }],
    placeholders: [],
  };
  const miss: Miss = {
    code: 'MOCK_MISS',
    message: 'Cannot answer GET https://payments:8443/rates?base=USD: no mock matches',
    why: 'no-match',
    case: '2',
    method: 'GET',
    url: 'https://payments:8443/rates?base=USD',
    answeredWith: '502',
    nearest: [],
    remedy: ['record again, if the service is meant to ask this now'],
  };
  const told: RunReport = {
    ...redRun.report,
    calls: [call, { ...call, case: '2' }, { ...call, differences: [], found: 'moment', recordedUnder: '2' }],
    misses: [miss, miss],
  };

  it('are told where they are not as recorded, and a miss once, with the case that met it', () => {
    expectGolden('replay/expected/console-calls.txt', rendered(consoleFormat, { ...redRun, report: told }));
  });

  it('make the failure of their case in JUnit', () => {
    const xml = rendered(junit, { ...redRun, report: told });
    expect(xml).toContain(
      '<failure message="Cannot answer GET https://payments:8443/rates?base=USD: no mock matches" type="mock-miss">',
    );
    expect(xml).not.toContain('calls to mocks');
    const elsewhere = { ...told, misses: [{ ...miss, case: null }] };
    expect(rendered(junit, { ...redRun, report: elsewhere })).toContain('calls to mocks');
  });
});
