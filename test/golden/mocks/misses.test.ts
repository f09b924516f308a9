/** How a miss is explained, as JSON (the body of the 502) and as text (the console). */
import { createMatcher, type Match, type Matcher } from '../../../replayer/mocks/match/matcher';
import { explainMiss, formatMiss, type Miss, type MissPolicy } from '../../../replayer/mocks/match/miss';
import { mocksFrom } from '../../../replayer/mocks/mock';
import { parseNoiseRules } from '../../../replayer/noise/rules';
import { httpIn } from '../../support/contents';
import { expectGolden } from '../../support/golden';
import { type CallSketch, calls } from '../../support/mocks';

/** When the requests are made: as long after the recording as their times say. */
const liveAtUs = Date.UTC(2027, 0, 1) * 1000;

interface Asked extends CallSketch {
  readonly upstream?: string;
  readonly policy?: MissPolicy;
  readonly tape?: readonly CallSketch[];
}

const ids = [1, 2, 3].map((n) => `0b1f8a5${n}-3d3c-4c6e-9f57-7d1b0a0c9e4${n}`);
const body = { amount: 1299, currency: 'EUR', order: ids[0], at: '2026-11-20T10:00:00Z', lines: [{ sku: 'A' }] };
const charge: CallSketch = { method: 'POST', target: '/charge', requestBody: body };
const shop: readonly CallSketch[] = [
  charge,
  { target: `/orders/${ids[1]}?expand=lines` },
  { target: '/rates?base=EUR', host: 'rates.example', tls: true },
];
const charged = (changes: Readonly<Record<string, unknown>>): CallSketch => ({
  ...charge,
  requestBody: { ...body, order: ids[2], at: '2027-01-01T00:00:00Z', ...changes },
});

const asked: Readonly<Record<string, Asked>> = {
  'changed-field': charged({ amount: 1399, lines: [{ sku: 'B' }] }),
  'added-and-removed': charged({ currency: undefined, 'voucher [0] code': 'X1' }),
  'known-identifier': { target: `/orders/${ids[0]}?expand=lines` },
  'other-method': { target: '/charge', method: 'DELETE' },
  'unknown-upstream': { target: '/rates?base=EUR', upstream: 'rates.invalid:80', policy: 'passthrough' },
  'not-found-allowed': { target: '/nothing', policy: '404' },
  'passed-through': { target: '/nothing', policy: 'passthrough' },
  'empty-tape': { target: '/nothing', tape: [] },
  'long-values': charged({ amount: 'x'.repeat(500) }),
};

function tapeOf(sketch: Asked, rules = '') {
  const set = mocksFrom(calls(...(sketch.tape ?? shop)));
  return { set, matcher: createMatcher(set, { rules: parseNoiseRules(rules, 'shop.noise.yaml'), keyed: true }) };
}

function matchOf(sketch: Asked, matcher: Matcher): Match {
  const request = httpIn(calls({ startedAtUs: liveAtUs, ...sketch })[0]?.exchange).request;
  if (request == null) throw new Error('the sketch has a request');
  return matcher.match({ host: 'http', upstream: sketch.upstream ?? 'payments:8080', request, redacted: [] }, '');
}

function missOf(sketch: Asked): Miss {
  const { set, matcher } = tapeOf(sketch);
  const found = matchOf(sketch, matcher);
  if (found.kind !== 'miss') throw new Error('it was to be a miss');
  return explainMiss(found.entry, { matcher, upstreams: set.upstreams, tls: false, policy: sketch.policy ?? 'fail' });
}

it.each(Object.entries(asked))('explains %s', (name, sketch) => {
  const miss = missOf(sketch);
  expectGolden(`mocks/expected/${name}.json`, JSON.stringify(miss, null, 2));
  expectGolden(`mocks/expected/${name}.txt`, formatMiss(miss, 'shop.tape'));
});

it.each(['changed-field', 'added-and-removed', 'known-identifier', 'long-values'])(
  'gives rules for %s that make the request match once they are pasted',
  (name) => {
    const sketch = asked[name] ?? {};
    const { matcher } = tapeOf(sketch, missOf(sketch).nearest[0]?.rules.join('\n'));
    expect(matchOf(sketch, matcher)).toMatchObject({ kind: 'match', strictness: 'noise' });
  },
);

it('lists no more than ten differences, and counts the others', () => {
  const [near] = missOf(charged(Object.fromEntries(Array.from({ length: 14 }, (_, i) => [`extra${i}`, i])))).nearest;
  expect([near?.differences.length, near?.more]).toEqual([10, 6]);
});

it.each([
  ['/v2/lamp', '1'],
  ['/v2/missing', '3'],
  ['/v2/-/v1/search?text=desk', '4'],
  ['/lamp/-/lamp-2.0.0.tgz', '2'],
])('finds what is nearest to %s, which a build asks that puts another path before all', (target, exchange) => {
  const tape = ['/lamp', '/lamp/-/lamp-1.0.0.tgz', '/missing', '/-/v1/search?text=desk'].map((each) => ({
    target: each,
  }));
  expect(missOf({ target, tape }).nearest[0]?.exchange).toBe(exchange);
});
