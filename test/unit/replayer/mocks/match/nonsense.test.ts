/** Requests come from the network: whatever they hold, matching and explaining end in an answer. */
import { createMatcher } from '../../../../../replayer/mocks/match/matcher';
import { explainMiss, formatMiss } from '../../../../../replayer/mocks/match/miss';
import { mocksFrom } from '../../../../../replayer/mocks/mock';
import { httpIn } from '../../../../support/contents';
import { type CallSketch, calls } from '../../../../support/mocks';
import { seededRandom } from '../../../../support/seeded-random';

const types = [
  'application/json',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=b',
  'text/plain; charset=nonsense',
  'application/octet-stream',
  ';;;',
];
const pieces = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ':',
  ',',
  '1e999',
  '-0',
  '9007199254740993',
  '%zz',
  '%C3',
  '&',
  '=',
  '+',
  '--b\r\n',
];
const more = [
  'Content-Disposition: form-data; name="__proto__"\r\n\r\n',
  '{"__proto__":{"a":1}}',
  '\u0000',
  '\ud800',
  '*',
  '//',
];

function sketch(random: () => number): CallSketch {
  const below = (limit: number): number => Math.floor(random() * limit);
  const any = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const text = (): string => Array.from({ length: below(12) }, () => any([...pieces, ...more])).join('');
  return {
    method: any(['GET', 'POST', 'PURGE']),
    target: `/${text()}?${text()}`,
    requestHeaders: [
      ['Content-Type', any(types)],
      ...(below(4) === 0 ? ([['Content-Encoding', 'gzip']] as const) : []),
    ],
    requestBody: text(),
  };
}

it('answers a thousand nonsensical requests, recorded and live', () => {
  const random = seededRandom(20261120);
  const recorded = Array.from({ length: 50 }, () => sketch(random));
  const set = mocksFrom(calls(...recorded));
  const matcher = createMatcher(set, { rules: [], keyed: true });
  const kinds = new Set<string>();
  for (const asked of [...recorded, ...Array.from({ length: 1000 }, () => sketch(random))]) {
    const request = httpIn(calls(asked)[0]?.exchange).request;
    if (request == null) throw new Error('the sketch has a request');
    const found = matcher.match({ host: 'http', upstream: 'payments:8080', request, redacted: [] }, '');
    kinds.add(found.kind);
    if (found.kind === 'match') continue;
    const miss = explainMiss(found.entry, { matcher, upstreams: set.upstreams, tls: false, policy: 'fail' });
    expect(JSON.stringify(miss) + formatMiss(miss, 't')).toContain('MOCK_MISS');
  }
  expect([...kinds]).toEqual(['match', 'miss']);
});

it('reads multipart within multipart only so deep', () => {
  const nested = Array.from(
    { length: 2000 },
    (_, i) => `--b${i}\r\nContent-Type: multipart/mixed; boundary=b${i + 1}\r\n\r\n`,
  );
  const asked: CallSketch = {
    method: 'POST',
    requestHeaders: [['Content-Type', 'multipart/mixed; boundary=b0']],
    requestBody: nested.join(''),
  };
  const matcher = createMatcher(mocksFrom(calls(asked)), { rules: [], keyed: true });
  const request = httpIn(calls(asked)[0]?.exchange).request;
  if (request == null) throw new Error('the sketch has a request');
  expect(matcher.match({ host: 'http', upstream: 'payments:8080', request, redacted: [] }, '').kind).toBe('match');
});
