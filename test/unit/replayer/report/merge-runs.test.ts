import type { Miss } from '../../../../replayer/mocks/match/miss';
import { mergeRuns, type RunParts } from '../../../../replayer/report/merge-runs';
import { type CaseResult, reportOf } from '../../../../replayer/report/report';
import { caseResult } from '../../../support/reports';

function run(...results: readonly CaseResult[]): RunParts {
  const notes = new Map(results.map(({ id, verdict }) => [id, { curl: '', hints: [`${verdict} of ${id}`] }] as const));
  return { report: reportOf(results, []), notes, details: new Map(), surroundings: new Map() };
}

const pass = (id: string): CaseResult => caseResult({ id });
const fail = (id: string, expected = 1): CaseResult =>
  caseResult({
    id,
    verdict: 'fail',
    differences: [{ path: 'body.n', kind: 'changed', expected, actual: 2 }],
  });

it('leaves one run as it is', () => {
  const only = run(pass('1'), fail('2'));
  expect(mergeRuns([only])).toBe(only);
});

it('passes what passed each time', () => {
  const { report } = mergeRuns([run(pass('1')), run(pass('1'))]);
  expect(report).toMatchObject({ cases: 1, passed: 1, flaky: 0, remarks: ['each case was played 2 times'] });
});

it('calls flaky what passed once and failed once, and tells of the run in which it failed first', () => {
  const { report, notes } = mergeRuns([run(pass('1')), run(fail('1', 7)), run(fail('1', 8))]);
  expect(report).toMatchObject({
    passed: 0,
    failed: 1,
    flaky: 1,
    results: [{ verdict: 'fail', flaky: { passed: 1, runs: 3 }, differences: [{ expected: 7 }] }],
  });
  expect(notes.get('1')?.hints).toEqual(['fail of 1']);
});

it('does not call flaky what never passed', () => {
  const errored = caseResult({ id: '1', verdict: 'error', reason: 'timeout' });
  const { report } = mergeRuns([run(fail('1')), run(errored)]);
  expect(report).toMatchObject({ failed: 1, errored: 0, flaky: 0 });
  expect(report.results[0]).not.toHaveProperty('flaky');
});

it('calls flaky what was skipped in one run only', () => {
  const skipped = caseResult({ id: '1', verdict: 'skipped', reason: 'needs-secret' });
  expect(mergeRuns([run(pass('1')), run(skipped)]).report).toMatchObject({ skipped: 1, flaky: 1 });
});

it('keeps every miss', () => {
  const miss = { message: 'x' } as Miss;
  const missing = { ...run(pass('1')), report: { ...run(pass('1')).report, misses: [miss] } };
  expect(mergeRuns([run(pass('1')), missing, missing]).report.misses).toHaveLength(2);
});

it('counts the runs in which a case was played, where one was interrupted', () => {
  expect(mergeRuns([run(pass('1'), pass('2')), run(fail('1'))]).report.results).toMatchObject([
    { verdict: 'fail', flaky: { passed: 1, runs: 2 } },
    { verdict: 'pass' },
  ]);
});
