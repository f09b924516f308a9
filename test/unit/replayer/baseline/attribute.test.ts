import { attribute, isBeyondNoise } from '../../../../replayer/baseline/attribute';
import type { Difference } from '../../../../replayer/judge/difference';
import type { CaseResult, Verdict } from '../../../../replayer/report/report';

const at = (path: string, actual: Difference['actual'], more: Partial<Difference> = {}): Difference => ({
  ...{ path, kind: 'changed', expected: 0, actual },
  ...more,
});

function caseOf(id: number, differences: readonly Difference[], verdict?: Verdict): CaseResult {
  const own = verdict ?? (differences.length === 0 ? 'pass' : 'fail');
  return { id: `${id}`, name: 'GET /items -> 200', verdict: own, reason: null, differences, excused: [] };
}

/** What is left of the candidate's differences, by case. */
function ownOf(candidate: readonly CaseResult[], ...runs: readonly (readonly CaseResult[])[]) {
  return attribute(candidate, runs).results.map(({ verdict, differences }) =>
    [verdict, ...differences.map(({ path }) => path)].join(' '),
  );
}

it.each([
  // raw, noise, total, own
  [0, 0, 10, false],
  [1, 0, 1, true],
  [1, 0, 100_000, true], // nothing explains it
  [5, 5, 10, false],
  [4, 5, 10, false],
  [60, 40, 100, false], // relative exactly 20
  [61, 40, 100, true],
  [2, 1, 10, true],
  [13, 10, 10_000, false], // relative 13
  [4, 1, 10_000, false], // absolute exactly 0.03
  [5, 1, 10_000, true],
])('%d cases that differ beside %d of noise, of %d: own is %s', (raw, noise, total, own) => {
  expect(isBeyondNoise({ raw, noise, total })).toBe(own);
});

it('gives to the baseline what it shows in all of its runs', () => {
  const same = [caseOf(1, [at('body.total', 7)])];
  expect(ownOf(same, same, same)).toEqual(['pass']);
  const { results } = attribute(same, [same, same]);
  expect(results[0]?.excused).toEqual([{ path: 'body.total', cause: 'baseline', rule: 'baseline' }]);
  expect(ownOf(same, same, [caseOf(1, [])])).toEqual(['pass']); // noise: once seven, once as recorded
});

it('keeps another value than the one that the baseline gives each time', () => {
  const seven = [caseOf(1, [at('body.total', 7)])];
  expect(ownOf([caseOf(1, [at('body.total', 9)])], seven, seven)).toEqual(['fail body.total']);
});

it('takes for noise what differs between runs of the baseline, and no more often in the candidate', () => {
  const drift = (by: number) => [1, 2, 3].map((id) => caseOf(id, [at('body.node', id + by)]));
  expect(ownOf(drift(50), drift(10), drift(20))).toEqual(['pass', 'pass', 'pass']);
  const rarely = [caseOf(1, [at('body.node', 5)]), caseOf(2, []), caseOf(3, [])];
  const never = [1, 2, 3].map((id) => caseOf(id, []));
  expect(ownOf(drift(50), rarely, never)).toEqual(['fail body.node', 'fail body.node', 'fail body.node']);
});

it('counts elements of a list as one place, and a case once', () => {
  const lists = (by: number) => [caseOf(1, [at('body.list[0].n', by), at('body.list[1].n', by + 1)])];
  const { places } = attribute(lists(50), [lists(10), lists(20)]);
  const counts = { cases: 1, candidate: 1, baseline: 1, same: 0, noise: 1, own: 0 };
  expect(places).toEqual([{ endpoint: 'GET /items', path: 'body.list[*].n', ...counts }]);
});

it.each<[string, Difference, Difference]>([
  ['a status', at('status', 500), at('status', 503)],
  ['the status of a part', at('body[0].status', 500), at('body[0].status', 503)],
  ['what is missing', at('body.a', null, { kind: 'removed' }), at('body.a', 7)],
  ['another type', at('body.a', 'x', { kind: 'type' }), at('body.a', 'y', { kind: 'type' })],
  ['what was accepted', at('body.a', 1, { accepted: { rule: 'a.yaml:1', value: 2 } }), at('body.a', 7)],
])('never takes %s for noise', (_what, own, other) => {
  expect(ownOf([caseOf(1, [own])], [caseOf(1, [other])], [caseOf(1, [])])).toEqual([`fail ${own.path}`]);
});

it('measures noise against the recording where the baseline played once', () => {
  const node = (by: number) => [1, 2].map((id) => caseOf(id, [at('body.node', id + by)]));
  expect(ownOf(node(50), node(10))).toEqual(['pass', 'pass']);
});

it('lets differences of cases stand that the baseline did not answer, and errors of the candidate', () => {
  const own = [caseOf(1, [at('body.a', 1)]), caseOf(2, [], 'error')];
  const lost = [caseOf(1, [], 'error'), caseOf(2, [], 'error')];
  expect(ownOf(own, lost)).toEqual(['fail body.a', 'error']);
  expect(attribute(own, [lost]).unanswered).toEqual(['1']);
});
