import type { CaseResult } from '../../../../replayer/report/report';
import { caseText, missesText } from '../../../../replayer/suite/failure-text';
import { unanswered } from '../../../support/reports';

const files = { noise: 'noise.yaml', mocks: 'mocks.json' };
const quiet = { notes: undefined, misses: [] };

function failing(differences: CaseResult['differences'], over: Partial<CaseResult> = {}): CaseResult {
  return { id: '17', name: 'GET /orders -> 200', verdict: 'fail', reason: null, differences, excused: [], ...over };
}

describe('a test that fails', () => {
  it('shows each difference with path and both values, and where a noise rule would go', () => {
    const text = caseText(
      failing([{ path: 'body.total', kind: 'changed', expected: 1299, actual: 1298 }]),
      quiet,
      files,
    );
    expect(text).toContain('FAIL  GET /orders -> 200  case 17');
    expect(text).toContain('body.total  expected 1299, got 1298');
    expect(text).toContain('- { in: response, path: body.total, because: "…" }\n  (noise rules go into noise.yaml)');
  });

  it('offers no rule for a changed status', () => {
    const text = caseText(failing([{ path: 'status', kind: 'changed', expected: 200, actual: 500 }]), quiet, files);
    expect(text).not.toContain('noise');
  });

  it('says where a suite takes a secret from', () => {
    const notes = { curl: '', hints: ['header["cookie"] was redacted: --secret sid=env:NAME'] };
    const skipped = failing([], { verdict: 'skipped', reason: 'needs-secret' });
    expect(caseText(skipped, { notes, misses: [] }, files)).toContain("in setup.js:  secret: ['NAME=env:VAR']");
  });

  it('cannot be made to draw on the terminal by what was recorded', () => {
    const hostile = { path: 'body', kind: 'changed', expected: 'a', actual: '\u001b[2J\u202e' } as const;
    const text = caseText(failing([hostile], { name: 'GET /\u001b[31m' }), quiet, files);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
    expect(text).not.toMatch(/[\u001b\u202e]/);
  });

  it('shows the calls that no mock answers, with remedies that fit a suite', () => {
    const text = caseText(failing([]), { notes: undefined, misses: [unanswered] }, files);
    expect(text).toContain('exchange 41 (mocks.json)');
    expect(text).toContain('body.amount  expected 1299, got 1399');
    expect(text).toContain('if it may differ, in noise.yaml:');
    expect(text).not.toContain('--on-miss');
  });
});

it('has nothing to say where every call was answered', () => {
  expect(missesText([], [], files)).toBeNull();
  const unrecorded = { what: 'name', name: 'telemetry.test', process: 'node', pid: 4711, times: 2 } as const;
  expect(missesText([], [unrecorded], files)).toBe('unrecorded telemetry.test: looked up by node (4711), 2 times');
});
