/** Calls of the build, held against those that were recorded under the same case. */
import { AcceptedValues } from '../../../../replayer/accept/accepted';
import { parseAccepted } from '../../../../replayer/accept/accepted-file';
import { type CallPolicy, judgeCalls } from '../../../../replayer/judge/outgoing-calls';
import type { OutgoingCall } from '../../../../replayer/mocks/calls';
import { mocksFrom } from '../../../../replayer/mocks/mock';
import { parseNoiseRules } from '../../../../replayer/noise/rules';
import type { CaseResult, Verdict } from '../../../../replayer/report/report';
import { type ExchangeSketch, storedExchanges } from '../../../support/exchanges';

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
  return { case: of, knownBy: 'alone', among: [], method: 'GET', exchange, ...answered, ...rest, ...more };
};
/** While both cases were played. */
const open = (exchange: string, more: Partial<OutgoingCall> = {}): OutgoingCall =>
  made('A', exchange, { case: null, knownBy: null, among: ['A', 'B'], ...more });
const allOfA = ['1', '2', '3'].map((id) => made('A', id));

interface Circumstances {
  readonly policy?: CallPolicy;
  readonly verdict?: Verdict;
  readonly rules?: string;
  readonly count?: number;
  readonly accepted?: AcceptedValues;
}

function judgement(
  calls: readonly OutgoingCall[],
  { policy = 'set', verdict = 'pass', rules = '', count, accepted = new AcceptedValues([]) }: Circumstances,
) {
  const results = ['A', 'B'].map(
    (id): CaseResult => ({ id, name: '', verdict, reason: null, differences: [], excused: [] }),
  );
  const asked = new Set(calls.map(({ exchange }) => exchange));
  const unused = mocks.filter(({ id }) => !asked.has(id));
  const said = parseNoiseRules(rules, 'n.yaml');
  const run = { policy, mocks, unused, made: calls, count: count ?? calls.length, rules: said, accepted };
  return judgeCalls(results, run);
}

function judged(calls: readonly OutgoingCall[], circumstances: Circumstances = {}) {
  return judgement(calls, circumstances).results.flatMap(({ id, verdict, differences }) =>
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
  const told = (calls: readonly OutgoingCall[], text: string) =>
    judged(calls, { accepted: new AcceptedValues(parseAccepted(text, 'a.yaml')) });

  it('passes without a call that is to be gone, and fails with it', () => {
    expect(told([made('A', '2'), made('A', '3'), made('B', '4')], gone)).toEqual([]);
    expect(told([...allOfA, made('B', '4')], gone)).toEqual(['A fail calls["GET up.test:80/token"] unchanged']);
  });

  it('says nothing of what nobody can tell: others while several cases went on, and any after a miss', () => {
    const other = entry('calls["GET up.test:80/token"].header["x-tenant"]', 'recorded: a, accepted: b');
    expect(told([...allOfA, made('B', '4')], other)).toEqual([
      'A fail calls["GET up.test:80/token"].header["x-tenant"] unchanged',
    ]);
    expect(told([...['1', '2', '3'].map((id) => open(id)), made('B', '4')], other)).toEqual([]);
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

describe('where several cases went on at once', () => {
  it('knows what no case made', () => {
    expect(judged(['1', '2', '4'].map((id) => open(id)))).toEqual([]);
    expect(judged(['1', '2'].map((id) => open(id)))).toEqual(['B fail calls["GET up.test:80/price"] removed']);
  });

  it('does not take a call of one case for that of another which should have made it too', () => {
    expect(judged([made('A', '1', { knownBy: 'trace' }), open('2'), made('B', '4', { knownBy: 'recording' })])).toEqual(
      [],
    );
  });

  it('judges a call that is known to be of a case', () => {
    const differences = [{ path: 'header["x-tenant"]', kind: 'changed' as const, expected: 'A', actual: 'B' }];
    expect(judged([...allOfA, made('B', '4', { knownBy: 'recording', differences })])).toEqual([
      'B fail calls["GET up.test:80/price"].header["x-tenant"] changed',
    ]);
    expect(judged([...allOfA, made('B', '1', { knownBy: 'trace' }), made('B', '4')])).toEqual([
      'B fail calls["GET up.test:80/token"] added',
    ]);
  });

  it('says which calls it could put to no case, and does not judge them', () => {
    const differences = [{ path: 'header["x-tenant"]', kind: 'changed' as const, expected: 'A', actual: 'B' }];
    const { results, remarks } = judgement([...allOfA, open('4', { differences }), open('1')], {});
    expect(results.map(({ verdict }) => verdict)).toEqual(['pass', 'pass']);
    expect(remarks).toEqual([
      '2 calls could not be put to one case: several were played at once, and nothing in the call says for which (GET up.test:80/price, GET up.test:80/token); what differs in them is not judged',
    ]);
    expect(judgement([...allOfA, made('B', '4')], {}).remarks).toEqual([]);
  });

  it('holds order and count only where every call is known', () => {
    const turned = [made('A', '2'), made('A', '1'), made('A', '3'), made('B', '4')];
    expect(judged(turned, { policy: 'strict' })).toEqual(['A fail calls reordered']);
    const last = open('4');
    expect(judged([...turned.slice(0, 3), last], { policy: 'strict' })).toEqual([]);
    expect(judgement([...turned.slice(0, 3), last], { policy: 'strict' }).remarks[0]).toMatch(/nor order and number/);
  });

  it('does not call missing what a call without a mock may have been', () => {
    expect(judged([...allOfA, open('4', { found: 'miss', exchange: null })])).toEqual([]);
  });
});

it('judges nothing, and says so, where there were more calls than are kept', () => {
  const { results, remarks } = judgement([made('A', '1')], { count: 2 });
  expect(results.map(({ verdict }) => verdict)).toEqual(['pass', 'pass']);
  expect(remarks).toEqual(['calls of the build were not judged: it made 2, of which 1 were kept']);
});

describe('rules about calls', () => {
  const token = '- { in: call, match: "GET up.test/token", because: cached }';

  it('let a call be left out, and made for another case', () => {
    const { results } = judgement([made('A', '2'), made('B', '4')], { rules: token });
    expect(results.map(({ verdict }) => verdict)).toEqual(['pass', 'pass']);
    expect(results[0]?.excused).toEqual([{ path: 'calls["GET up.test:80/token"]', cause: 'rule', rule: 'n.yaml:1' }]);
    expect(judged([...allOfA, made('B', '1'), made('B', '4')], { rules: token })).toEqual([]);
  });

  it('let it be made in another order and more often under strict, and nothing else', () => {
    const turned = [made('A', '2'), made('A', '3'), made('A', '1'), made('B', '4')];
    expect(judged(turned, { policy: 'strict', rules: token })).toEqual([]);
    const { results } = judgement(turned, { policy: 'strict', rules: token });
    expect(results[0]?.excused.map(({ rule }) => rule)).toEqual(['n.yaml:1']);
    expect(judged([...turned, made('B', '4')], { policy: 'strict', rules: token })).toEqual(['B fail calls reordered']);
  });

  it('excuse no other call', () => {
    expect(judged([made('A', '1')], { rules: token })).toEqual([
      'A fail calls["GET up.test:80/stock"] removed',
      'B fail calls["GET up.test:80/price"] removed',
    ]);
  });
});

describe('what must not be asked for twice', () => {
  const json = [['Content-Type', 'application/json']] as const;
  const query = (text: string) => ({ requestBody: JSON.stringify({ query: text }), requestHeaders: json });
  const asked: readonly ExchangeSketch[] = [
    { method: 'POST', target: '/charges' },
    { method: 'PUT', target: '/cart' },
    { method: 'POST', target: '/declined', status: 402 },
    { method: 'POST', target: '/graphql', ...query('{ stock }') },
    { method: 'POST', target: '/mutations', ...query('mutation { pay }') },
    { method: 'POST', target: '/', requestHeaders: [['X-Amz-Target', 'DynamoDB_20120810.GetItem']] },
    { method: 'POST', target: '/poll?n=1' },
    { method: 'POST', target: '/poll?n=2' },
  ];
  const outbound = { direction: 'outbound', host: 'up.test', causeId: 'A' } as const;
  const all = mocksFrom(storedExchanges(...asked.map((sketch) => ({ ...outbound, ...sketch })))).mocks;
  const calls = (targets: readonly string[]) =>
    targets.map((wanted): OutgoingCall => {
      const { id = '', upstream = '' } = all.find(({ request }) => request.target === wanted) ?? {};
      return { ...made('A', id), exchange: id, upstream, method: 'POST', target: wanted };
    });
  const every = asked.map(({ target = '' }) => target);
  const again = (target: string, { policy = 'set', rules = '' }: Pick<Circumstances, 'policy' | 'rules'> = {}) => {
    const result: CaseResult = { id: 'A', name: '', verdict: 'pass', reason: null, differences: [], excused: [] };
    const [madeCalls, said] = [calls([...every, target]), parseNoiseRules(rules, 'n.yaml')];
    const run = { policy, mocks: all, unused: [], made: madeCalls, count: madeCalls.length, rules: said };
    return judgeCalls([result], run).results[0];
  };

  it('fails the case where it is', () => {
    const name = 'POST up.test:80/charges';
    expect(again('/charges')).toMatchObject({
      verdict: 'fail',
      differences: [{ path: `calls["${name}"]`, kind: 'changed', expected: 'made once', actual: 'made 2 times' }],
    });
    expect(again('/mutations')?.differences).toHaveLength(1);
  });

  it.each([
    ['a method that may be repeated', '/cart'],
    ['what came to nothing', '/declined'],
    ['a query', '/graphql'],
    ['an operation that may only read', '/'],
    ['what the recording asks for again', '/poll?n=2'],
  ])('is none of %s', (_, target) => {
    expect(again(target)).toMatchObject({ verdict: 'pass', differences: [] });
  });

  it('is as a rule has it, and told once under strict', () => {
    const rules = '- { in: call, match: "POST up.test/charges", because: "the client tries again" }';
    expect(again('/charges', { rules })).toMatchObject({ verdict: 'pass', excused: [{ rule: 'n.yaml:1' }] });
    expect(again('/charges', { policy: 'strict' })?.differences).toMatchObject([{ path: 'calls' }]);
    expect(again('/charges', { policy: 'ignore' })?.differences).toEqual([]);
  });
});
