/** Calls of the build, held against those that were recorded under the same case. */
import { AcceptedValues } from '../../../../replayer/accept/accepted';
import { parseAccepted } from '../../../../replayer/accept/accepted-file';
import { type CallPolicy, withCallsJudged } from '../../../../replayer/judge/outgoing-calls';
import type { OutgoingCall } from '../../../../replayer/mocks/calls';
import { mocksFrom } from '../../../../replayer/mocks/mock';
import type { CaseResult, Verdict } from '../../../../replayer/report/report';
import { storedExchanges } from '../../../support/exchanges';

/** Exchanges 1 to 5: what was recorded under cases A and B, and one of nobody. */
const recorded = [
  ['A', '/token'],
  ['A', '/stock'],
  ['A', '/stock'],
  ['B', '/price?to=b'],
  [undefined, '/tick'],
] as const;
const stored = storedExchanges(
  ...recorded.map(([causeId, target]) => ({
    direction: 'outbound' as const,
    host: 'up.test',
    target,
    ...(causeId === undefined ? {} : { causeId }),
  })),
);
const { mocks } = mocksFrom(stored);

const made = (of: string, exchange: string, more: Partial<OutgoingCall> = {}): OutgoingCall => {
  const mock = mocks.find(({ id }) => id === exchange);
  const answered = { upstream: mock?.upstream ?? '', target: mock?.request.target ?? '', found: 'exact' as const };
  const rest = { recordedUnder: mock?.cause ?? null, differences: [], excused: [], placeholders: [] };
  return { case: of, method: 'GET', exchange, ...answered, ...rest, ...more };
};
const allOfA = ['1', '2', '3'].map((id) => made('A', id));

function judged(
  calls: readonly OutgoingCall[],
  {
    policy = 'set',
    verdict = 'pass',
    isAttributed = true,
    accepted = new AcceptedValues([]),
  }: { policy?: CallPolicy; verdict?: Verdict; isAttributed?: boolean; accepted?: AcceptedValues } = {},
) {
  const results = ['A', 'B'].map(
    (id): CaseResult => ({ id, name: '', verdict, reason: null, differences: [], excused: [] }),
  );
  const asked = new Set(calls.map(({ exchange }) => exchange));
  const unused = mocks.filter(({ id }) => !asked.has(id));
  const after = withCallsJudged(results, { policy, mocks, unused, made: calls, isAttributed, accepted });
  return after.flatMap(({ id, verdict, differences }) =>
    differences.map(({ path, kind }) => `${id} ${verdict} ${path} ${kind}`),
  );
}

it('says nothing where all is as recorded, nor of calls that nobody is known to have caused', () => {
  expect(judged([...allOfA, made('B', '4')])).toEqual([]);
  expect(judged([...allOfA, made('B', '4'), made('B', '5')])).toEqual([]);
});

it('fails a case whose recorded call is not made', () => {
  expect(judged([made('A', '2'), made('A', '3'), made('B', '4')])).toEqual([
    'A fail calls["GET up.test:80/token"] removed',
  ]);
});

describe('with accepted calls', () => {
  const entry = (path: string, sides: string) => `- { case: A, name: x, path: '${path}', ${sides}, because: x }`;
  const gone = entry('calls["GET up.test:80/token"]', 'recorded: "GET up.test:80/token"');
  const told = (calls: readonly OutgoingCall[], text: string, isAttributed = true) =>
    judged(calls, { isAttributed, accepted: new AcceptedValues(parseAccepted(text, 'a.yaml')) });

  it('passes without a call that is to be gone, and fails with it', () => {
    expect(told([made('A', '2'), made('A', '3'), made('B', '4')], gone)).toEqual([]);
    expect(told([...allOfA, made('B', '4')], gone)).toEqual(['A fail calls["GET up.test:80/token"] unchanged']);
  });

  it('says nothing of what nobody can tell: others while several cases went on, and any after a miss', () => {
    const other = entry('calls["GET up.test:80/token"].header["x-tenant"]', 'recorded: a, accepted: b');
    expect(told([...allOfA, made('B', '4')], other)).toEqual([
      'A fail calls["GET up.test:80/token"].header["x-tenant"] unchanged',
    ]);
    expect(told([...allOfA, made('B', '4')], other, false)).toEqual([]);
    expect(told([...allOfA, made('A', '1', { found: 'miss' }), made('B', '4')], gone)).toEqual([]);
  });
});

it('takes equal calls as one, however often they are made', () => {
  expect(judged([made('A', '1'), made('A', '2'), made('B', '4')])).toEqual([]);
  expect(judged([...allOfA, made('A', '3'), made('B', '4')])).toEqual([]);
});

it('fails a case that makes the call of another, which makes it too', () => {
  expect(judged([...allOfA, made('B', '1'), made('B', '4')])).toEqual(['B fail calls["GET up.test:80/token"] added']);
});

it('takes a call that is only made while the next case is played for a late one', () => {
  expect(judged([made('A', '2'), made('A', '3'), made('B', '1'), made('B', '4')])).toEqual([]);
});

it('fails for what differs in a call that was answered', () => {
  const differences = [{ path: 'header["x-tenant"]', kind: 'changed' as const, expected: 'A', actual: 'B' }];
  expect(judged([...allOfA, made('B', '4', { differences })])).toEqual([
    'B fail calls["GET up.test:80/price"].header["x-tenant"] changed',
  ]);
});

it('says no more where a call had no mock: the rest may follow from that', () => {
  const miss = made('A', '1', { found: 'miss', exchange: null });
  expect(judged([miss, made('B', '4')])).toEqual([]);
});

it('holds the order and the count only under strict', () => {
  const calls = [made('A', '2'), made('A', '1'), made('A', '3'), made('B', '4')];
  expect(judged(calls)).toEqual([]);
  expect(judged(calls, { policy: 'strict' })).toEqual(['A fail calls reordered']);
  expect(judged([...allOfA, made('B', '4'), made('B', '4')], { policy: 'strict' })).toEqual(['B fail calls reordered']);
  expect(judged([...allOfA, made('B', '4')], { policy: 'strict' })).toEqual([]);
});

it('judges nothing under ignore, and no case that was not judged itself', () => {
  expect(judged([], { policy: 'ignore' })).toEqual([]);
  expect(judged([], { verdict: 'error' })).toEqual([]);
  expect(judged([], { verdict: 'skipped' })).toEqual([]);
});

it('knows what was never asked for also where several cases went on at once', () => {
  const calls = ['1', '2', '4'].map((id) => made('A', id, { case: null }));
  expect(judged(calls, { isAttributed: false })).toEqual([]);
  expect(judged(calls.slice(0, 2), { isAttributed: false })).toEqual(['B fail calls["GET up.test:80/price"] removed']);
});
