import type { Difference } from '../../../../replayer/judge/difference';
import { sideBySide } from '../../../../replayer/report/html/side-by-side';
import type { CaseResult } from '../../../../replayer/report/report';
import type { HeaderList } from '../../../../tape/model/body';
import { bodyOf, responseOf } from '../../../support/tapes';

type Verdict = Pick<CaseResult, 'differences' | 'excused'>;

const changed = (path: string, over: Partial<Difference> = {}): Difference => ({
  ...{ path, kind: 'changed', expected: null, actual: null },
  ...over,
});

/** `left | right` for each line that is not the same, `≠`, `~` or `→` before it; equal lines are left out. */
function seen(
  recorded: unknown,
  live: unknown,
  { differences = [], excused = [] }: Partial<Verdict>,
  type = 'application/json',
) {
  const headers: HeaderList = [['Content-Type', type]];
  const answer = (body: unknown) =>
    responseOf({ headers, body: bodyOf(typeof body === 'string' ? body : JSON.stringify(body)) });
  const rows = sideBySide(answer(recorded), answer(live), { differences, excused });
  const signs = { same: '=', differs: '≠', excused: '~', moved: '→' };
  return rows
    .filter(({ mark }) => mark !== 'same')
    .map(({ left, right, mark }) => `${signs[mark]} ${left?.trim() ?? ''} | ${right?.trim() ?? ''}`);
}

it('puts members beside each other, and marks what the judge said of them', () => {
  const excuse = { path: 'body.id', cause: 'identity', rule: 'identity' } as const;
  expect(
    seen(
      { id: 'a', n: 1, same: 1, by: 'x' },
      { id: 'b', n: 2, same: 1, by: 'y' },
      { differences: [changed('body.n')], excused: [excuse] },
    ),
  ).toEqual(['~ "id": "a", | "id": "b",', '≠ "n": 1, | "n": 2,', '→ "by": "x" | "by": "y"']);
});

it('leaves room where one side has nothing', () => {
  const differences = [changed('body.gone', { kind: 'removed' }), changed('body.new', { kind: 'added' })];
  expect(seen({ gone: { a: 1 }, n: 1 }, { n: 1, new: 2 }, { differences })).toEqual([
    '≠ "gone": { | ',
    '≠ "a": 1 | ',
    '≠ }, | ',
    '→ "n": 1 | "n": 1,',
    '≠  | "new": 2',
  ]);
});

it('shows the element that was put in, and those after it as equal', () => {
  expect(seen([1, 2, 3], [1, 9, 2, 3], { differences: [changed('body[1]', { kind: 'added' })] })).toEqual(['≠  | 9,']);
});

it('shows what became of another type on lines of its own', () => {
  expect(seen({ n: [1] }, { n: '1' }, { differences: [changed('body.n', { kind: 'type' })] })).toEqual([
    '≠ "n": [ | ',
    '≠ 1 | ',
    '≠ ] | ',
    '≠  | "n": "1"',
  ]);
});

it('aligns lines of text from both ends', () => {
  const lines = seen('a\nb\nd\ne', 'a\nb\nc\nd\ne', { differences: [changed('body')] }, 'text/plain');
  expect(lines).toEqual(['≠  | c']);
});

it('marks headers, those that should have changed and did not among them', () => {
  const answer = (tag: string, more: HeaderList) => responseOf({ headers: [['ETag', tag], ...more], body: bodyOf('') });
  const rows = sideBySide(answer('"1"', [['X-A', '1']]), answer('"1"', [['X-B', '1']]), {
    differences: [changed('header["etag"]', { kind: 'unchanged' }), changed('header["x-a"]', { kind: 'removed' })],
    excused: [{ path: 'header["x-b"]', cause: 'rule', rule: 'volatile-header' }],
  });
  expect(rows.slice(1)).toEqual([
    { left: 'etag: "1"', right: 'etag: "1"', mark: 'differs' },
    { left: 'x-a: 1', right: null, mark: 'differs' },
    { left: null, right: 'x-b: 1', mark: 'excused' },
  ]);
});

it('stops after two thousand lines, and cuts long ones', () => {
  const long = Array.from({ length: 5000 }, (_, i) => i);
  const rows = sideBySide(
    responseOf({
      headers: [['Content-Type', 'application/json']],
      body: bodyOf(JSON.stringify([long, 'x'.repeat(9000)])),
    }),
    responseOf({ headers: [['Content-Type', 'application/json']], body: bodyOf(JSON.stringify(['x'.repeat(9000)])) }),
    { differences: [changed('body')], excused: [] },
  );
  expect(rows.length).toBeLessThanOrEqual(2000);
  expect(Math.max(...rows.map(({ left, right }) => Math.max(left?.length ?? 0, right?.length ?? 0)))).toBeLessThan(
    2100,
  );
});
