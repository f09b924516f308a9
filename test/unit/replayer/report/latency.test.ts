import type { CaseDetails } from '../../../../replayer/report/details';
import {
  type Condition,
  checkConditions,
  conditionLines,
  failingConditions,
  latencyOf,
  type Played,
  parseCondition,
} from '../../../../replayer/report/latency';
import type { CaseResult } from '../../../../replayer/report/report';
import { caseResult } from '../../../support/reports';

interface Sample {
  readonly tookMs: number | null;
  readonly recordedMs: number | null;
  readonly result?: Partial<CaseResult>;
}

/** The samples, after a first answer that does not count. */
function run(counted: readonly Sample[], name = 'GET /orders/{orderId} -> 200'): Played {
  const samples = [{ tookMs: 5000, recordedMs: 9000 }, ...counted];
  const results = samples.map(({ result }: Sample, i) => caseResult({ id: String(i), name, ...result }));
  const details = samples.map(({ tookMs, recordedMs }, i): [string, CaseDetails] => [
    String(i),
    { playedMs: 0, tookMs, recordedMs },
  ]);
  return { results, details: new Map(details) };
}

function times(count: number, tookMs: number, recordedMs = 10): readonly Sample[] {
  return Array.from({ length: count }, () => ({ tookMs, recordedMs }));
}

function condition(text: string): Condition {
  const parsed = parseCondition(text);
  if (parsed === null) throw new Error(`${text} is no condition`);
  return parsed;
}

function told(text: string, ...runs: readonly Played[]): readonly string[] {
  return checkConditions([condition(text)], latencyOf(runs)).flatMap(conditionLines);
}

function fails(text: string, ...runs: readonly Played[]): boolean {
  const endpoints = latencyOf(runs);
  return failingConditions({ conditions: checkConditions([condition(text)], endpoints), endpoints }).length > 0;
}

it.each([
  ['p99>2x', { quantile: 'p99', limit: { times: 2 } }],
  [' p50 > 1.5x ', { quantile: 'p50', limit: { times: 1.5 } }],
  ['p95>200ms', { quantile: 'p95', limit: { ms: 200 } }],
  ['p95>0.2s', { quantile: 'p95', limit: { ms: 200 } }],
])('reads the condition %j', (text, read) => {
  expect(parseCondition(text)).toEqual({ text: text.replace(/\s/g, ''), ...read });
});

it.each(['', 'p99', 'p90>2x', 'p99>2', 'p99>0x', 'p99<2x', 'p99>-1ms', 'p99>2x p50>1x', 'avg>2x'])(
  'does not take %j for a condition',
  (text) => {
    expect(parseCondition(text)).toBeNull();
  },
);

it('takes quantiles by nearest rank, of the recording and of now', () => {
  const samples = Array.from({ length: 100 }, (_, i) => ({ tookMs: i + 1, recordedMs: 2 * (i + 1) }));
  expect(latencyOf([run(samples)])).toEqual([
    {
      endpoint: 'GET /orders/{orderId}',
      samples: { recorded: 100, live: 100 },
      recordedMs: { p50: 100, p95: 190, p99: 198 },
      liveMs: { p50: 50, p95: 95, p99: 99 },
    },
  ]);
});

it('says which endpoint is slower than its recording allows, and by how much', () => {
  expect(told('p50>2x', run(times(10, 30)))).toEqual([
    'p50>2x is so for GET /orders/{orderId}: 30 ms, 10 ms in the recording; the limit is 20 ms',
  ]);
  expect(told('p50>2x', run(times(10, 19)))).toEqual(['p50>2x is not so for 1 endpoint']);
  expect(told('p50>25ms', run(times(10, 30)))).toEqual([
    'p50>25ms is so for GET /orders/{orderId}: 30 ms, 10 ms in the recording; the limit is 25 ms',
  ]);
});

it('does not hold against a build what lies between two ways to measure', () => {
  expect(fails('p50>2x', run(times(10, 9.9, 0.1)))).toBe(false);
  expect(fails('p50>2x', run(times(10, 10.2, 0.1)))).toBe(true);
  expect(fails('p50>1ms', run(times(10, 9.9, 0.1)))).toBe(true);
});

it.each([
  ['p50>2x', 9],
  ['p95>2x', 19],
  ['p99>2x', 99],
])('says of %s that %i answers are too few, and fails where it could not be checked at all', (text, count) => {
  expect(told(text, run(times(count, 100)))).toEqual([
    `${text} cannot be said, too few answers: GET /orders/{orderId} (${count} of ${count + 1})`,
    `${text} could be checked for no endpoint, which fails the run`,
  ]);
  expect(fails(text, run(times(count, 1)))).toBe(true);
  expect(fails(text, run(times(count + 1, 1)))).toBe(false);
});

it('counts answers of several runs, and the recording once', () => {
  expect(fails('p50>200ms', run(times(5, 1)), run(times(5, 1)))).toBe(false);
  expect(told('p50>2x', run(times(5, 1)), run(times(5, 1)))[0]).toContain('(5 of 10)');
});

it('leaves out answers that did other work, and cases that have none', () => {
  const status = [{ path: 'status', kind: 'changed', expected: 200, actual: 500 }] as const;
  const body = [{ path: 'body.total', kind: 'changed', expected: 1, actual: 2 }] as const;
  const samples: readonly Sample[] = [
    ...times(9, 10),
    { tookMs: 10, recordedMs: 10, result: { verdict: 'fail', differences: body } },
    { tookMs: 900, recordedMs: 10, result: { verdict: 'fail', differences: status } },
    { tookMs: 900, recordedMs: 10, result: { verdict: 'skipped' } },
    { tookMs: null, recordedMs: 10, result: { verdict: 'error' } },
    { tookMs: null, recordedMs: null },
  ];
  expect(latencyOf([run(samples)])).toMatchObject([{ samples: { recorded: 10, live: 10 } }]);
});

it('does not say anything of a recording that has no times', () => {
  const samples = Array.from({ length: 10 }, () => ({ tookMs: 10, recordedMs: null }));
  expect(told('p50>2x', run(samples))[0]).toBe(
    'p50>2x cannot be said, too few answers: GET /orders/{orderId} (0 of 10)',
  );
  expect(fails('p50>20ms', run(samples))).toBe(false);
});
