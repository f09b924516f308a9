import { casesFrom } from '../../../../replayer/cases/cases';
import { deadRules, idleRules } from '../../../../replayer/judge/idle-rules';
import type { OutgoingCall } from '../../../../replayer/mocks/calls';
import { mocksFrom } from '../../../../replayer/mocks/mock';
import { parseNoiseRules } from '../../../../replayer/noise/rules';
import type { CaseResult } from '../../../../replayer/report/report';
import { storedExchanges } from '../../../support/exchanges';

const cases = casesFrom(
  storedExchanges({ target: '/orders/1', responseBody: { items: [{ at: 'x' }], meta: { a: 1 } } }),
);
const rule = (more: string) => parseNoiseRules(`- { in: response, because: x, ${more} }`, 'n.yaml');
const results = (used: string[]): CaseResult[] => [
  {
    id: '1',
    name: '',
    verdict: 'pass',
    reason: null,
    differences: [],
    excused: used.map((name) => ({ path: '', rule: name, cause: 'rule' as const })),
  },
];

it('says nothing of a rule that excused something', () => {
  expect(idleRules(rule('path: body.items[*].at'), { results: results(['n.yaml:1']), cases, calls: null })).toEqual([]);
});

it.each([
  ['path: "body.items[*].at"', 'nothing differs there (body.items[*].at)'],
  ['path: body.meta', 'nothing differs there (body.meta)'],
  ['path: status', 'nothing differs there (status)'],
  ['path: "header[\\"content-type\\"]"', 'nothing differs there (header["content-type"])'],
  ['path: body.itmes', 'no recorded answer has such a place (body.itmes)'],
  ['path: body.meta, match: "GET */carts/**"', 'its match fits no case (body.meta)'],
])('warns about a rule that excused nothing: %s', (more, why) => {
  expect(idleRules(rule(more), { results: results([]), cases, calls: null })).toEqual([
    `noise rule n.yaml:1 excused nothing: ${why}`,
  ]);
});

it.each(['path: status', 'path: body.itmes', 'path: body.meta, match: "GET */carts/**"'])(
  'says nothing of a rule where some cases were chosen: %s',
  (more) => {
    const played = { results: results([]), cases, calls: null };
    expect(idleRules(rule(more), played)).toHaveLength(1);
    expect(idleRules(rule(more), { ...played, isPart: true })).toEqual([]);
  },
);

it('says of a rule about calls that nothing on the tape is meant, whichever cases were chosen', () => {
  const calls = { mocks: [], made: [] };
  const [typed] = idleRules(parseNoiseRules('- { in: call, match: "GET a:1/b", because: x }', 'n.yaml'), {
    ...{ results: results([]), cases, calls },
    isPart: true,
  });
  expect(typed).toContain('its match fits no recorded call');
});

it('says where a rule allows less than what differs', () => {
  const failed: CaseResult = {
    ...(results([])[0] as CaseResult),
    verdict: 'fail',
    differences: [{ path: 'body.meta.a', kind: 'changed', expected: 1, actual: 9 }],
  };
  expect(idleRules(rule('path: body.meta.a, tolerance: 1'), { results: [failed], cases, calls: null })).toEqual([
    'noise rule n.yaml:1 excused nothing: what differs there is not within it (body.meta.a)',
  ]);
});

describe('rules about calls', () => {
  const { mocks } = mocksFrom(
    storedExchanges({
      direction: 'outbound',
      host: 'stock.test',
      target: '/items?page=1',
      requestHeaders: [['x-tenant', 'acme']],
    }),
  );
  const rules = (text: string) => parseNoiseRules(`- { because: x, ${text} }`, 'n.yaml');
  const said = (text: string, made: readonly OutgoingCall[] = [], used: string[] = []) =>
    idleRules(rules(text), { results: results(used), cases, calls: { made, mocks } });

  it('are not spoken of where no mocks were served', () => {
    const all = 'in: request, path: body.a';
    expect(idleRules(rules(all), { results: results([]), cases, calls: null })).toEqual([]);
  });

  it.each([
    ['in: request, path: body.a', 'no recorded call has such a place (body.a)'],
    ['in: request, path: query.page', 'nothing differs there, or not within it (query.page)'],
    ['in: request, path: header.X-Tenant', 'nothing differs there, or not within it (header.X-Tenant)'],
    ['in: request, path: query.page, match: "POST */items"', 'its match fits no recorded call (query.page)'],
    ['in: call, match: "GET stock.test/items"', 'they are made as recorded (GET stock.test/items)'],
    ['in: call, match: "GET stock.test:80/items"', 'they are made as recorded (GET stock.test:80/items)'],
    ['in: call, match: "GET other.test/**"', 'its match fits no recorded call (GET other.test/**)'],
  ])('are warned about where they excused nothing: %s', (text, why) => {
    expect(said(text)).toEqual([`noise rule n.yaml:1 excused nothing: ${why}`]);
  });

  it('are not where they excused something, in a call or in a case', () => {
    const excused = [{ path: 'query.page', rule: 'n.yaml:1' }];
    expect(said('in: request, path: query.page', [{ excused } as unknown as OutgoingCall])).toEqual([]);
    expect(said('in: call, match: "GET stock.test/items"', [], ['n.yaml:1'])).toEqual([]);
  });

  it('are dead where nothing on the tape is what they speak of', () => {
    const dead = deadRules(rules('in: call, match: "GET other.test/**"'), { cases, mocks });
    expect(dead).toEqual([
      'noise rule n.yaml:1 speaks of nothing on the tape: its match fits no recorded call (GET other.test/**)',
    ]);
    expect(deadRules(rules('in: call, match: "GET stock.test/items"'), { cases, mocks })).toEqual([]);
  });
});
