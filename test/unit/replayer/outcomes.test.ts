/** What came of the cases comes back as it was kept, however little of it is held. */
import { casesFrom, type TestCase } from '../../../replayer/cases/cases';
import type { Excuse } from '../../../replayer/judge/difference';
import { Outcomes } from '../../../replayer/outcomes';
import type { CaseResult } from '../../../replayer/report/report';
import { storedExchanges } from '../../support/exchanges';

const byDate: Excuse = { path: 'header.date', cause: 'clock', rule: 'moved' };
const changed = { path: 'body.a', kind: 'changed', expected: 1, actual: 2 } as const;

function someCases(count: number): readonly TestCase[] {
  const targets = Array.from({ length: count }, (_, i) => `/things/${i}`);
  return casesFrom(storedExchanges(...targets.map((target) => ({ target }))));
}

function plain({ id, name }: TestCase): CaseResult {
  return { id, name, verdict: 'pass', reason: null, differences: [], excused: [] };
}

/** In every way in which the result of a case may be more than a pass. */
function resultsOf(cases: readonly TestCase[]): readonly CaseResult[] {
  const more: readonly Partial<CaseResult>[] = [
    {},
    { excused: [byDate] },
    { excused: [{ ...byDate }, { ...byDate, path: 'header.expires' }] },
    { setUp: true },
    { reason: 'said' },
    { name: 'another' },
    { differences: [changed] },
    { flaky: { passed: 1, runs: 2 } },
    { verdict: 'fail', differences: [changed], excused: [byDate] },
    { verdict: 'error', reason: 'timeout' },
    { verdict: 'skipped', reason: 'upgrade' },
  ];
  return cases.map((test, i) => ({ ...plain(test), ...more[i % more.length] }));
}

it('gives every result back, its members in their order', () => {
  const cases = someCases(24).map((test, i) => (i >= 12 && i < 20 ? { ...test, setUp: true } : test));
  const results = [
    ...resultsOf(cases.slice(0, 22)),
    ...cases.slice(22).map((test) => ({ ...plain(test), setUp: true })),
  ];
  const outcomes = new Outcomes(cases);
  for (const result of results.toReversed()) outcomes.keep(result);
  expect(outcomes.all().map((each) => JSON.stringify(each))).toEqual(results.map((each) => JSON.stringify(each)));
  expect(cases.map(({ id }) => outcomes.result(id))).toEqual(results);
});

it('knows nothing of cases that were not played', () => {
  const [first, second, third] = someCases(3) as [TestCase, TestCase, TestCase];
  const outcomes = new Outcomes([first, second, third]);
  outcomes.keep(plain(third));
  outcomes.keep({ ...plain(first), verdict: 'error', reason: 'refused' });
  expect(outcomes.all().map(({ id }) => id)).toEqual([first.id, third.id]);
  expect(outcomes.result(second.id)).toBeUndefined();
});
