/** What several runs of one build teach: rules as wide as what drifted, and refusals of everything that is no noise. */
import { casesFrom } from '../../../../replayer/cases/cases';
import type { Difference } from '../../../../replayer/judge/difference';
import { learnFrom } from '../../../../replayer/learn/learn';
import type { RunToLearnFrom } from '../../../../replayer/learn/teachable';
import { learnedLines, withLines, withoutRule } from '../../../../replayer/learn/text';
import type { OutgoingCall } from '../../../../replayer/mocks/calls';
import { ruleLine } from '../../../../replayer/noise/rule-line';
import { parseNoiseRules } from '../../../../replayer/noise/rules';
import type { CaseResult } from '../../../../replayer/report/report';
import type { JsonValue } from '../../../../tape/json/json';
import { type ExchangeSketch, storedExchanges } from '../../../support/exchanges';
import { unanswered } from '../../../support/reports';

type Told = readonly [path: string, actual: JsonValue, kind?: Difference['kind'], expected?: JsonValue];

const item = (i: number) => ({ score: 0.5, name: `n${i}` });
const shop: readonly ExchangeSketch[] = [
  { target: '/items', responseBody: { items: [item(0), item(1)], node: 'a', tags: ['x', 'y'] } },
  { target: '/orders/1', responseBody: { node: 'a', total: 5 } },
  { target: '/orders/2', responseBody: { node: 'a', total: 7 } },
];

/** One run by case id: what differs there; a case that is not named passes. */
type RunSketch = Readonly<Record<string, readonly Told[] | 'error'>>;

/** `met` is what else the first run met. */
function learned(runs: readonly RunSketch[], sketches = shop, met: Partial<RunToLearnFrom> = {}) {
  const cases = casesFrom(storedExchanges(...sketches));
  const played = runs.map((run, i) => ({
    results: cases.map(({ id, name }) => resultOf({ id, name }, run[id] ?? [])),
    misses: [],
    calls: [],
    ...(i === 0 ? met : {}),
  }));
  const { rules, refused } = learnFrom(cases, played);
  return {
    rules: rules.map(({ path, match, allows, evidence }) => ({ path, match, allows, ids: evidence.caseIds.join() })),
    refused: refused.map(({ caseId, path, why }) => `${caseId} ${path}: ${why}`),
  };
}

function resultOf(test: { id: string; name: string }, told: readonly Told[] | 'error'): CaseResult {
  if (told === 'error') return { ...test, verdict: 'error', reason: 'refused', differences: [], excused: [] };
  const differences = told.map(([path, actual, kind = 'changed', expected = 'a']) => ({
    path,
    kind,
    expected,
    actual,
  }));
  return { ...test, verdict: told.length === 0 ? 'pass' : 'fail', reason: null, differences, excused: [] };
}

it('gives a rule for a place that drifts in every case of its endpoint', () => {
  const run = (x: string, y: string): RunSketch => ({ 2: [['body.node', x]], 3: [['body.node', y]] });
  expect(learned([run('b', 'c'), run('c', 'b'), {}])).toEqual({
    rules: [{ path: 'body.node', match: 'GET */orders/*', allows: null, ids: '2,3' }],
    refused: [],
  });
});

it('gives one for a single case where the others do not drift', () => {
  const { rules } = learned([{ 2: [['body.node', 'b']] }, {}]);
  expect(rules).toEqual([{ path: 'body.node', match: 'GET */orders/1', allows: null, ids: '2' }]);
});

it('gives one for every element only where every element drifts', () => {
  const both: RunSketch = {
    1: [
      ['body.items[0].name', 'q'],
      ['body.items[1].name', 'r'],
    ],
  };
  expect(learned([both, {}]).rules).toMatchObject([{ path: 'body.items[*].name' }]);
  expect(learned([{ 1: [['body.items[1].name', 'r']] }, {}]).rules).toMatchObject([{ path: 'body.items[1].name' }]);
});

it('refuses a rule that would silence what did not drift', () => {
  const twice: readonly ExchangeSketch[] = [
    { target: '/rate?to=a', responseBody: { rate: 'a' } },
    { target: '/rate?to=b', responseBody: { rate: 'a' } },
  ];
  expect(learned([{ 1: [['body.rate', 'b']] }, {}], twice)).toEqual({
    rules: [],
    refused: ['1 body.rate: a rule would also silence exchange 2, where it did not drift'],
  });
});

it.each<[string, readonly Told[], string]>([
  ['what came', [['body.extra', 1, 'added', null]], 'structure is no noise'],
  ['what went', [['body.node', null, 'removed', 'a']], 'structure is no noise'],
  ['another type', [['body.node', 1, 'type']], 'structure is no noise'],
  ['a status', [['status', 500, 'changed', 200]], 'another one in some run (status)'],
  ['a document', [['body', 'y'.repeat(500)]], 'a whole document'],
  ['an object', [['body.node', { b: 1 }]], 'a whole document'],
  ['a stale tag', [['header["etag"]', '"a"', 'unchanged']], 'is a fault'],
])('refuses %s', (_what, told, why) => {
  const { rules, refused } = learned([{ 2: told }, {}]);
  expect(rules).toEqual([]);
  expect(refused).toEqual([expect.stringContaining(why)]);
});

it('refuses what differs alike in every run: another build is no noise', () => {
  const run: RunSketch = { 2: [['body.total', 6, 'changed', 5]] };
  expect(learned([run, run, run])).toEqual({ rules: [], refused: [expect.stringContaining('is it the build')] });
});

it('says of what it knows nothing', () => {
  expect(learned([{ 2: 'error' }, {}]).refused).toEqual(['2 : it had no answer in some run (refused)']);
});

describe('teaches nothing', () => {
  const drift = (x: string): RunSketch => ({ 2: [['body.node', x]], 3: [['body.node', x]] });
  const onlyOf3 = [{ path: 'body.node', match: 'GET */orders/2', allows: null, ids: '3' }];
  const call = (over: Partial<OutgoingCall>): OutgoingCall => ({
    ...{ case: null, knownBy: null, among: [], method: 'GET', upstream: 'stock', target: '/', found: 'miss' },
    ...{ exchange: null, recordedUnder: null, differences: [], excused: [], placeholders: [] },
    ...over,
  });

  it.each<[string, Partial<RunToLearnFrom>, RegExp]>([
    ['a case with a miss', { misses: [{ ...unanswered, case: '2' }] }, /^2 : a call of it had no mock/],
    [
      'one with a miss that was allowed',
      { misses: [{ ...unanswered, case: '2', answeredWith: '404' }] },
      /^2 : a call/,
    ],
    ['one that may have missed', { calls: [call({ among: ['1', '2'] })] }, /^2 : a call that may be of it had no mock/],
  ])('%s', (_, met, why) => {
    expect(learned([drift('b'), drift('c')], shop, met)).toEqual({
      rules: onlyOf3,
      refused: [expect.stringMatching(why)],
    });
  });

  it.each<[string, readonly Told[], RegExp]>([
    [
      'an error page',
      [
        ['status', 500, 'changed', 200],
        ['body.node', 'b'],
      ],
      /^2 : its answer was another one.*status/,
    ],
    [
      'a conversation that ended',
      [
        ['outcome', 'closed'],
        ['body.node', 'b'],
      ],
      /another one in some run \(outcome\)/,
    ],
    [
      'a call that was not made',
      [
        ['calls["GET stock/1"]', null, 'removed'],
        ['body.node', 'b'],
      ],
      /its calls were not/,
    ],
  ])('%s', (_, told, why) => {
    const { rules, refused } = learned([{ ...drift('b'), 2: told }, drift('c')]);
    expect({ rules, refused }).toEqual({ rules: onlyOf3, refused: [expect.stringMatching(why)] });
  });

  it('a case that failed in one run as a secret was missing', () => {
    const cases = casesFrom(storedExchanges(...shop));
    const run = (value: string, reason: string | null): RunToLearnFrom => ({
      results: cases.map(({ id, name }) => ({ ...resultOf({ id, name }, [['body.node', value]]), reason })),
      misses: [],
      calls: [],
    });
    const { rules, refused } = learnFrom(cases, [run('b', 'placeholder-sent: body.password'), run('c', null)]);
    expect(rules).toEqual([]);
    expect(refused.map(({ why }) => why)).toEqual(
      cases.map(() => 'it failed in some run for another reason (placeholder-sent: body.password)'),
    );
  });

  it('a place whose accepted value is another one', () => {
    const cases = casesFrom(storedExchanges(...shop));
    const accepted = { rule: 'shop.accepted.yaml:3', value: 'z' };
    const run = (actual: string): RunToLearnFrom => {
      const told = { path: 'body.node', kind: 'changed', expected: 'a', actual, accepted } as const;
      const own = (id: string) => (id === '2' ? [told] : []);
      const results = cases.map(({ id, name }) => ({ ...resultOf({ id, name }, []), differences: own(id) }));
      return { results, misses: [], calls: [] };
    };
    expect(learnFrom(cases, [run('b'), run('c')])).toEqual({ rules: [], refused: [] });
  });

  it('and says nothing of a case with a miss that is as recorded', () => {
    expect(learned([{}, {}], shop, { misses: [{ ...unanswered, case: '2' }] })).toEqual({ rules: [], refused: [] });
  });

  it('though a header field of a call that differs keeps nothing back', () => {
    const told: readonly Told[] = [
      ['calls["GET stock/1"].header["x-tenant"]', 'b'],
      ['body.node', 'b'],
    ];
    expect(learned([{ 2: told, 3: [['body.node', 'b']] }, {}]).rules).toMatchObject([{ ids: '2,3' }]);
  });
});

it('bounds numbers by twice what was seen, and orders by their elements', () => {
  const run = (total: number): RunSketch => ({ 2: [['body.total', total, 'changed', 100]] });
  expect(learned([run(101), run(98)]).rules).toMatchObject([{ path: 'body.total', allows: 'tolerance: 5%' }]);
  expect(learned([run(101), run(250)]).rules).toMatchObject([{ path: 'body.total', allows: null }]);
  const reordered: RunSketch = { 1: [['body.tags', ['y', 'x'], 'reordered', ['x', 'y']]] };
  expect(learned([reordered, {}]).rules).toEqual([
    { path: 'body.tags', match: 'GET */items', allows: 'order: any', ids: '1' },
  ]);
});

describe('the text of a rule', () => {
  const evidence = { recorded: 'a\n- {', given: ['\u2028b', 'x'.repeat(200)], caseIds: ['1', '2', '3', '4'] };

  it.each([
    'body.a',
    'body.items[*].a',
    'body["odd, key"]',
    'body["a}b"].c',
    'body["it\'s"]',
    'header["set-cookie"][1]',
    'message[3].body.a',
  ])('is read back as it was: %s', (path) => {
    const lines = learnedLines({ path, match: 'GET */a"b"', allows: 'tolerance: 5%', evidence }, 3);
    const [rule, ...others] = parseNoiseRules(withLines('# mine\n', lines), 'n.yaml');
    expect(others).toEqual([]);
    expect(rule).toMatchObject({ pathText: path, allows: { kind: 'tolerance', by: 5 }, lines: { from: 3, to: 3 } });
  });

  it('tells what was seen on one line', () => {
    const [comment = ''] = learnedLines({ path: 'body.a', match: 'GET */a', allows: null, evidence }, 3);
    expect(comment).toBe(`# exchanges 1, 2, 3 and 1 more: recorded "a\\n- {", in 3 runs "?b", "${'x'.repeat(59)}…`);
  });

  it('is taken out with the comment above it, and nothing else', () => {
    const line = (path: string) => ruleLine({ in: 'response', path, match: null, allows: null, because: 'x' });
    const file = `# head\n\n${line('body.a')}\n# why\n# and how\n${line('body.b')}\n${line('body.c')}\n`;
    const rule = parseNoiseRules(file, 'n').find(({ pathText }) => pathText === 'body.b');
    expect(withoutRule(file, rule?.lines ?? { from: 0, to: 0 })).toBe(
      `# head\n\n${line('body.a')}\n${line('body.c')}\n`,
    );
  });

  it('is taken out whole where it has several lines', () => {
    const file = '- in: response\n  path: body.a\n  because: x\n- { in: response, path: body.b, because: x }\n';
    const [first] = parseNoiseRules(file, 'n');
    expect(withoutRule(file, first?.lines ?? { from: 0, to: 0 })).toBe(
      '- { in: response, path: body.b, because: x }\n',
    );
  });
});
