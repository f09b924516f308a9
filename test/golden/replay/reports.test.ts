/** The reports of a run, as people and CI servers get them. */
import { visibleLine } from '../../../cli/terminal';
import type { OutgoingCall } from '../../../replayer/mocks/calls';
import type { Miss } from '../../../replayer/mocks/match/miss';
import { consoleReport } from '../../../replayer/report/console';
import { junitReport } from '../../../replayer/report/junit';
import {
  type CaseNotes,
  type CaseResult,
  exitStatusOf,
  jsonReport,
  type RunReport,
  reportOf,
} from '../../../replayer/report/report';
import { JsonNumber } from '../../../tape/json/json';
import { expectGolden } from '../../support/golden';

const plain = (text: string): string => text;
const styles = { red: plain, green: plain, yellow: plain, dim: plain, bold: plain };
const passed: CaseResult = {
  id: '1',
  name: 'POST /login -> 200',
  verdict: 'pass',
  reason: null,
  differences: [],
  excused: [
    { path: 'header["date"]', cause: 'clock', rule: 'clock' },
    { path: 'body.items[0].id', cause: 'identity', rule: 'identity' },
    { path: 'body.items[1].id', cause: 'identity', rule: 'identity' },
    { path: 'body.stock', cause: 'rule', rule: 'shop.noise.yaml:3' },
  ],
};
const failed: CaseResult = {
  id: '2',
  name: 'POST /orders -> 201',
  verdict: 'fail',
  reason: 'placeholder-sent: body.password',
  differences: [
    { path: 'status', kind: 'changed', expected: 201, actual: 200 },
    { path: 'body.items[0].price', kind: 'changed', expected: 12.5, actual: 13 },
    { path: 'body.items[1].price', kind: 'changed', expected: 9, actual: 10 },
    { path: 'body.total', kind: 'type', expected: new JsonNumber('9007199254740993'), actual: '9007199254740993' },
    { path: 'body.coupon', kind: 'removed', expected: { code: 'A', until: null }, actual: null },
    { path: 'body["odd name"]', kind: 'added', expected: null, actual: 'a\u0007b<&"\'>' },
    { path: 'body.tags', kind: 'reordered', expected: ['a', 'b'], actual: ['b', 'a'] },
    { path: 'header["x-version"]', kind: 'changed', expected: '2', actual: '3' },
    {
      path: 'body.userId',
      kind: 'changed',
      expected: 'usr_k3J9xQ2mV7bT',
      translated: 'usr_p6R1nH4cY0dL',
      actual: 'usr_x',
    },
    { path: 'header["etag"]', kind: 'unchanged', expected: '"v1"', actual: '"v1"' },
    {
      path: 'body.page',
      kind: 'changed',
      expected: `${'long '.repeat(60)}$250.00${' end'.repeat(60)}`,
      actual: `${'long '.repeat(60)}$250.0${' end'.repeat(60)}`,
    },
  ],
  excused: [{ path: 'body.id', cause: 'identity', rule: 'identity' }],
};
const errored: CaseResult = {
  ...passed,
  id: '3',
  name: 'GET /slow -> 200',
  verdict: 'error',
  reason: 'timeout',
  excused: [],
};
const skipped: CaseResult = { ...errored, id: '4', name: 'GET /me -> 200', verdict: 'skipped', reason: 'needs-secret' };
const alsoSkipped = ['5', '6', '7', '8'].map((id): CaseResult => ({ ...skipped, id, reason: 'http2' }));

const notes = new Map<string, CaseNotes>([
  [
    '2',
    {
      curl: `curl http://127.0.0.1:8080/orders -H 'Content-Type: application/json' --data-binary '{"password":"PLACEHOLDER"}'`,
      hints: [
        'body.password was redacted (password) and was sent as its placeholder; if the service minds: --secret password=env:NAME',
      ],
    },
  ],
  ['3', { curl: 'curl http://127.0.0.1:8080/slow', hints: ['no complete answer after 30000 ms'] }],
  [
    '4',
    {
      curl: "curl http://127.0.0.1:8080/me -H 'Authorization: Bearer PLACEHOLDER'",
      hints: [
        'header["authorization"] was redacted (authorization) and no earlier answer gives it: --secret authorization=env:NAME',
      ],
    },
  ],
]);
for (const { id } of alsoSkipped)
  notes.set(id, { curl: '', hints: ['it was recorded over HTTP/2, which is not sent again yet'] });
const carried = [
  {
    value: 'f47ac10b-58cc-4372-a567-0e02b2c3d479',
    from: { case: '1', path: 'body.id' },
    to: [{ case: '2', path: 'path[1]' }],
  },
];
const report: RunReport = reportOf([passed, failed, errored, skipped, ...alsoSkipped], carried);
const green: RunReport = reportOf([passed], []);

it('tells people what failed, how to repeat it and what to type', () => {
  expectGolden(
    'replay/expected/console-red.txt',
    consoleReport(report, { styles, visible: visibleLine, allowSkipped: false, notes }),
  );
});

it('is short when all is well', () => {
  expectGolden(
    'replay/expected/console-green.txt',
    consoleReport(green, { styles, visible: visibleLine, allowSkipped: false, notes }),
  );
});

it('is one line of JSON that says what the contract says', () => {
  expectGolden('replay/expected/report.json', jsonReport(report));
  expect(Object.keys(JSON.parse(jsonReport(report)))).toEqual([
    'schema',
    'cases',
    'passed',
    'failed',
    'errored',
    'skipped',
    'results',
    'misses',
    'calls',
    'untrusted',
    'carried',
    'excused',
    'remarks',
  ]);
});

it('is JUnit XML without a character XML forbids', () => {
  expectGolden('replay/expected/junit.xml', junitReport(report, { suite: 'shop.tape', notes }));
});

it('fails for whatever is not equal, and for what was skipped unless that is allowed', () => {
  const strict = { skipped: false };
  expect(exitStatusOf(green, strict)).toBe(0);
  expect(exitStatusOf(reportOf([failed], []), { skipped: true })).toBe(1);
  expect(exitStatusOf(reportOf([errored], []), { skipped: true })).toBe(1);
  expect(exitStatusOf(reportOf([passed, skipped], []), strict)).toBe(1);
  expect(exitStatusOf(reportOf([passed, skipped], []), { skipped: true })).toBe(0);
});

it('is never green where nothing passed', () => {
  const nothing = reportOf([skipped], []);
  expect(exitStatusOf(nothing, { skipped: true })).toBe(1);
  expect(exitStatusOf(reportOf([], []), { skipped: true })).toBe(1);
  expectGolden(
    'replay/expected/console-nothing.txt',
    consoleReport(nothing, { styles, visible: visibleLine, allowSkipped: true, notes }),
  );
  expect(junitReport(nothing, { suite: 'shop.tape', notes })).toContain('failures="1" errors="0" skipped="1"');
});

describe('calls of the build', () => {
  const call: OutgoingCall = {
    case: '1',
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
    case: failed.id,
    method: 'GET',
    url: 'https://payments:8443/rates?base=USD',
    answeredWith: '502',
    nearest: [],
    remedy: ['record again, if the service is meant to ask this now'],
  };
  const told: RunReport = {
    ...reportOf([passed, failed], []),
    calls: [call, { ...call, case: '2' }, { ...call, differences: [], found: 'moment', recordedUnder: '2' }],
    misses: [miss, miss],
  };

  it('are told where they are not as recorded, and a miss once, with the case that met it', () => {
    const options = { styles, visible: visibleLine, allowSkipped: false, notes, tape: 'shop.tape' };
    expectGolden('replay/expected/console-calls.txt', consoleReport(told, options));
  });

  it('make the failure of their case in JUnit', () => {
    const xml = junitReport(told, { suite: 'shop.tape', notes });
    expect(xml).toContain('failures="1"');
    expect(xml).toContain(
      '<failure message="Cannot answer GET https://payments:8443/rates?base=USD: no mock matches" type="mock-miss">',
    );
    expect(xml).not.toContain('calls to mocks');
    expect(junitReport({ ...told, misses: [{ ...miss, case: null }] }, { suite: 's', notes })).toContain(
      'calls to mocks',
    );
  });
});
