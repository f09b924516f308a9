/** Finished runs for tests of reports: one with a case of every kind, and what is needed to make others. */

import type { OutgoingCall } from '../../replayer/mocks/calls';
import type { Miss } from '../../replayer/mocks/match/miss';
import type { CaseDetails, Surroundings } from '../../replayer/report/details';
import type { FinishedRun } from '../../replayer/report/finished-run';
import type { ReportFormat } from '../../replayer/report/format';
import { type CaseNotes, type CaseResult, type RunReport, reportOf } from '../../replayer/report/report';
import { JsonNumber } from '../../tape/json/json';
import type { HttpResponse } from '../../tape/model/http/http';
import { formatPath, parsePath } from '../../tape/model/path';
import { bodyOf } from './tapes';

export function finishedRun(report: RunReport, over: Partial<FinishedRun> = {}): FinishedRun {
  return {
    suite: 'shop.tape',
    file: 'shop.tape',
    report,
    notes: new Map(),
    details: new Map(),
    surroundings: new Map<string, Surroundings>(),
    unattributed: null,
    allowed: { skipped: false, flaky: false },
    accepting: { command: 'wiretape accept shop.tape --from report.json', isReady: true },
    startedAtMs: Date.UTC(2026, 10, 21, 9, 0, 0),
    endedAtMs: Date.UTC(2026, 10, 21, 9, 0, 2),
    version: '0.0.0',
    ...over,
  };
}

export function caseResult(over: Partial<CaseResult> = {}): CaseResult {
  return { id: '1', name: 'GET / -> 200', verdict: 'pass', reason: null, differences: [], excused: [], ...over };
}

export function rendered(format: ReportFormat, run: FinishedRun): string {
  return [...format.render(run)].join('');
}

const passed = caseResult({
  name: 'POST /login -> 200',
  excused: [
    { path: 'header["date"]', cause: 'clock', rule: 'clock' },
    { path: 'body.items[0].id', cause: 'identity', rule: 'identity' },
    { path: 'body.items[1].id', cause: 'identity', rule: 'identity' },
    { path: 'body.stock', cause: 'rule', rule: 'shop.noise.yaml:3' },
  ],
});
const failed = caseResult({
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
    {
      path: 'body.token',
      kind: 'changed',
      expected: 'jtKjzBebXsFB',
      actual: 'jtKjzBebXsFBqq',
      redacted: { expected: 'secret-name', actual: 'secret-name' },
    },
  ],
  excused: [{ path: 'body.id', cause: 'identity', rule: 'identity' }],
});
const errored = caseResult({ id: '3', name: 'GET /slow -> 200', verdict: 'error', reason: 'timeout' });
const skipped = caseResult({ id: '4', name: 'GET /me -> 200', verdict: 'skipped', reason: 'needs-secret' });
const alsoSkipped = ['5', '6', '7', '8'].map((id) => ({ ...skipped, id, reason: 'http2' }));

const notes = new Map<string, CaseNotes>([
  [
    '2',
    {
      curl: `curl http://127.0.0.1:8080/orders -H 'Content-Type: application/json' --data-binary '{"password":"PLACEHOLDER"}'`,
      fillIn: 'PLACEHOLDER (body.password) stands for what redaction took out: put your own in its place',
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
      fillIn: 'PLACEHOLDER (header["authorization"]) stands for what redaction took out: put your own in its place',
      hints: [
        'header["authorization"] was redacted (authorization) and no earlier answer gives it: --secret authorization=env:NAME',
      ],
    },
  ],
  ...alsoSkipped.map(
    ({ id }) => [id, { curl: '', hints: ['it was recorded over HTTP/2, which is not sent again yet'] }] as const,
  ),
]);
const carried = [
  {
    value: 'f47ac10b-58cc-4372-a567-0e02b2c3d479',
    from: { case: '1', path: 'body.id' },
    to: [{ case: '2', path: 'path[1]' }],
  },
];
const details = new Map<string, CaseDetails>([
  ['1', { playedMs: 12.345, tookMs: 11, recordedMs: 10 }],
  ['2', { playedMs: 7, tookMs: 6.5, recordedMs: 8 }],
  ['3', { playedMs: 30_000, tookMs: null, recordedMs: 20 }],
]);

/** Some passed, failed, errored and skipped, one of each with all there is to say. */
export const redRun = finishedRun(reportOf([passed, failed, errored, skipped, ...alsoSkipped], carried), {
  notes,
  details,
});
export const greenRun = finishedRun(reportOf([passed], []), { notes, details });
export const skippedRun = finishedRun(reportOf([skipped], []), { notes, allowed: { skipped: true, flaky: false } });

/** A call that no mock answers, with one recorded call near it. */
export const unanswered: Miss = {
  code: 'MOCK_MISS',
  message: 'Cannot answer POST http://payments/charges: no mock matches',
  why: 'no-match',
  case: null,
  method: 'POST',
  url: 'http://payments/charges',
  answeredWith: '502',
  nearest: [
    {
      exchange: '41',
      method: 'POST',
      url: 'http://payments/charges',
      distance: 0.1,
      differences: [{ path: 'body.amount', kind: 'changed', expected: 1299, actual: 1399, excusedBy: null }],
      more: 0,
      rules: ['- { in: request, path: body.amount, because: "…" }'],
    },
  ],
  remedy: ['let it through:  --on-miss passthrough', 'record again, if the service is meant to ask this now'],
};

/** The build asked of its dependencies something else than was recorded. */
const otherCalls = caseResult({
  id: '10',
  name: 'POST /pay -> 201',
  verdict: 'fail',
  differences: [
    { path: 'body.state', kind: 'changed', expected: 'paid', actual: 'open' },
    { path: 'calls["POST payments:80/charges"]', kind: 'removed', expected: 'POST payments:80/charges', actual: null },
    { path: 'calls["GET stock:80/items"]', kind: 'added', expected: null, actual: 'GET stock:80/items' },
    { path: 'calls["GET mail:80/box"].header["x-tenant"]', kind: 'changed', expected: 'acme', actual: 'umbrella' },
    { path: 'calls["GET mail:80/box"].header["x-trace"]', kind: 'removed', expected: 'on', actual: null },
    {
      path: 'calls',
      kind: 'reordered',
      expected: ['GET mail:80/box', 'GET rates:80/today'],
      actual: ['GET rates:80/today', 'GET mail:80/box'],
    },
  ],
});

const call: OutgoingCall = {
  case: '10',
  knownBy: 'alone',
  among: [],
  method: 'GET',
  upstream: 'mail:80',
  target: '/box?page=2',
  found: 'exact',
  exchange: '42',
  recordedUnder: '10',
  differences: [{ path: 'header["x-tenant"]', kind: 'changed', expected: 'acme', actual: 'umbrella' }],
  excused: [],
  placeholders: [],
};

/** A build whose calls are not as recorded, and that did not trust a mock. */
export const callingRun = finishedRun({
  ...reportOf([passed, otherCalls], [], [{ ...unanswered, case: '10' }]),
  calls: [
    call,
    { ...call, exchange: '43', found: 'moment', recordedUnder: '1', target: '/rates', differences: [] },
    {
      ...call,
      exchange: null,
      found: 'miss',
      method: 'POST',
      upstream: 'payments',
      target: '/charges',
      differences: [],
    },
  ],
  untrusted: [
    {
      upstream: 'vault:443',
      process: { pid: 4711, name: 'node' },
      seen: 'unknown CA',
      isCertain: true,
      hasCompiledRoots: false,
      times: 2,
    },
  ],
});

const flaky = caseResult({ ...failed, id: '9', flaky: { passed: 2, runs: 3 } });

/** All went wrong that can: a miss, a flaky case, a condition on times that does not hold, and one nobody can say. */
export const worstRun = finishedRun(
  {
    ...reportOf([passed, failed, errored, skipped, ...alsoSkipped, flaky], carried, [unanswered]),
    remarks: ['each case was played 3 times'],
    latency: {
      endpoints: [],
      conditions: [
        {
          condition: 'p50>2x',
          checked: 1,
          broken: [{ endpoint: 'GET /slow', liveMs: 52.1, recordedMs: 20, limitMs: 40 }],
          tooFew: [],
        },
        { condition: 'p99>1s', checked: 0, broken: [], tooFew: [{ endpoint: 'GET /slow', answers: 12, needed: 100 }] },
      ],
    },
  },
  {
    notes,
    details,
    surroundings: new Map([
      [
        '2',
        {
          calls: [{ exchange: '41', what: 'POST payments/charges', result: '201' }],
          misses: [unanswered],
          log: ['charging failed'],
          logLeftOut: 3,
        },
      ],
    ]),
  },
);

export const emptyRun = finishedRun(reportOf([], []));

/** The run with a text in every place that comes from outside: from a tape, the build, or a file of rules. */
export function runSaying(text: string): FinishedRun {
  const say = <T>(value: T): T => JSON.parse(JSON.stringify(value), (key, each) => said(key, each, text));
  const { report } = worstRun;
  const calling = callingRun.report;
  const accepted = {
    path: formatPath(['body', text]),
    kind: 'changed',
    expected: text,
    actual: text,
    accepted: { rule: text, value: text },
  } as const;
  const results = [...report.results, ...calling.results.slice(1)].map((result) => {
    const saying = { ...say(result), id: result.id };
    return result.id === '2' ? { ...saying, differences: [accepted, ...saying.differences] } : saying;
  });
  const answer = (at: string): HttpResponse => ({
    version: '1.1',
    status: 200,
    reason: text,
    informational: [],
    headers: [
      ['Content-Type', 'application/json'],
      [`X-${text}`, `${at} ${text}`],
    ],
    body: bodyOf(JSON.stringify({ [text]: { at: `${at} ${text}` }, list: [text, at] })),
    trailers: [],
    startedAtUs: 0,
    endedAtUs: 0,
  });
  const ownDetails = new Map(details);
  ownDetails.set('2', {
    playedMs: 7,
    tookMs: 6,
    recordedMs: 8,
    answers: { recorded: answer('then'), live: answer('now') },
  });
  const pairs = <T>(map: ReadonlyMap<string, T>) => new Map([...map].map(([id, value]) => [id, say(value)] as const));
  return {
    ...worstRun,
    suite: `${text}.tape`,
    file: `${text}.tape`,
    report: {
      ...reportOf(results, say(report.carried), say(report.misses)),
      remarks: [text],
      calls: calling.calls.map((each) => ({ ...say(each), case: each.case })),
      untrusted: say(calling.untrusted),
      ...latencySaid(say(report.latency)),
    },
    notes: pairs(worstRun.notes),
    details: ownDetails,
    surroundings: pairs(worstRun.surroundings),
    unattributed: text,
  };
}

function latencySaid(latency: RunReport['latency']): Pick<RunReport, 'latency'> {
  return latency === undefined ? {} : { latency };
}

/** Words that are read by the code itself stay. */
function said(key: string, value: unknown, text: string): unknown {
  if (typeof value !== 'string' || isOurs(key)) return value;
  if (key !== 'path' || value === 'calls') return key === 'path' ? value : `${value} ${text}`;
  const [root = '', name = '', ...place] = parsePath(value);
  return root === 'calls'
    ? formatPath([root, `${name} ${text}`, ...place.map((step) => `${step} ${text}`)])
    : formatPath(['body', `${value} ${text}`]);
}

function isOurs(key: string): boolean {
  return ['verdict', 'kind', 'answeredWith', 'code', 'why', 'cause', 'condition', 'found'].includes(key);
}
