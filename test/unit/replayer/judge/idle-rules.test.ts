import { casesFrom } from '../../../../replayer/cases/cases';
import { idleRules } from '../../../../replayer/judge/idle-rules';
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
  expect(idleRules(rule('path: body.items[*].at'), results(['n.yaml:1']), cases)).toEqual([]);
});

it.each([
  ['path: "body.items[*].at"', 'nothing differs there (body.items[*].at)'],
  ['path: body.meta', 'nothing differs there (body.meta)'],
  ['path: status', 'nothing differs there (status)'],
  ['path: "header[\\"content-type\\"]"', 'nothing differs there (header["content-type"])'],
  ['path: body.itmes', 'no recorded answer has such a place (body.itmes)'],
  ['path: body.meta, match: "GET */carts/**"', 'its match fits no case (body.meta)'],
])('warns about a rule that excused nothing: %s', (more, why) => {
  expect(idleRules(rule(more), results([]), cases)).toEqual([`noise rule n.yaml:1 excused nothing: ${why}`]);
});

it('says where a rule allows less than what differs', () => {
  const failed: CaseResult = {
    ...(results([])[0] as CaseResult),
    verdict: 'fail',
    differences: [{ path: 'body.meta.a', kind: 'changed', expected: 1, actual: 9 }],
  };
  expect(idleRules(rule('path: body.meta.a, tolerance: 1'), [failed], cases)).toEqual([
    'noise rule n.yaml:1 excused nothing: what differs there is not within it (body.meta.a)',
  ]);
});

it('leaves rules about requests to the mocks', () => {
  expect(
    idleRules(parseNoiseRules('- { in: request, path: body.a, because: x }', 'n.yaml'), results([]), cases),
  ).toEqual([]);
});
