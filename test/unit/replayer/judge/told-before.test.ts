/**
 * Pairs of answers that 0.1.0 took for one another (../shared/cases/replay/lab/w.py): times that moved by no clock, ids that
 * changed places, and what only looks alike. Each is a difference; the last four are known not to be.
 */
import type { HeaderList } from '../../../../tape/model/body';
import type { ExchangeSketch } from '../../../support/exchanges';
import { judgeOne } from '../../../support/judging';

const [a, b] = ['3f2504e0-4f89-41d3-9a0c-0305e82c3301', '7d444840-9dc0-41d1-b245-5ffdce74fad2'];

type Answer = NonNullable<ExchangeSketch['responseBody']>;

function differs(recorded: Answer, live: Answer, headers: readonly [HeaderList, HeaderList] = [[], []], type?: string) {
  const sketch = (body: Answer, more: HeaderList) => ({
    responseHeaders: [['Content-Type', type ?? 'application/json'] as const, ...more],
    responseBody: body,
  });
  return judgeOne(sketch(recorded, headers[0]), sketch(live, headers[1]), { laterUs: 60e6 }).differences.length > 0;
}

it.each<[string, Answer, Answer]>([
  ['ids in another order', { ids: [a, b] }, { ids: [b, a] }],
  [
    'owners that changed places',
    [
      { id: a, name: 'Ann' },
      { id: b, name: 'Bob' },
    ],
    [
      { id: b, name: 'Ann' },
      { id: a, name: 'Bob' },
    ],
  ],
  [
    'one id for two',
    [
      { id: a, name: 'Ann' },
      { id: b, name: 'Bob' },
    ],
    [
      { id: a, name: 'Ann' },
      { id: a, name: 'Bob' },
    ],
  ],
  [
    'an end before its start',
    { start: '2027-03-28T10:00:00Z', end: '2027-03-28T11:00:00Z' },
    { start: '2027-03-28T10:00:00Z', end: '2027-03-28T09:00:00Z' },
  ],
  [
    'times that changed places',
    { createdAt: '2026-01-01T00:00:00Z', updatedAt: '2026-02-01T00:00:00Z' },
    { createdAt: '2026-02-01T00:00:00Z', updatedAt: '2026-01-01T00:00:00Z' },
  ],
  ['the beginning of the epoch', { expiresAt: '2030-01-01T00:00:00Z' }, { expiresAt: '1970-01-01T00:00:00Z' }],
  ['the year 1', { deletedAt: '2030-01-01T00:00:00Z' }, { deletedAt: '0001-01-01T00:00:00Z' }],
  ['an hour of summer', { startsAt: '2027-03-28T10:00:00+02:00' }, { startsAt: '2027-03-28T11:00:00+02:00' }],
  ['another zone', { startsAt: '2027-03-28T10:00:00+02:00' }, { startsAt: '2027-03-28T10:00:00+01:00' }],
  ['an end in seconds', { validUntil: 1900000000 }, { validUntil: 1000000000 }],
  ['a mark of the order of bytes', '{"a":1}', '\ufeff{"a":1}'],
  ['the first of two equal members', '{"role":"user","role":"user"}', '{"role":"admin","role":"user"}'],
  [
    'a digest',
    { sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' },
    { sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' },
  ],
])('tells %s', (_, recorded, live) => {
  expect(differs(recorded, live)).toBe(true);
  expect(differs(recorded, recorded)).toBe(false);
});

it.each([
  [
    'in a page',
    '<p>Your flight departs 2027-03-28T10:00:00Z</p>',
    '<p>Your flight departs 2027-03-28T22:00:00Z</p>',
    'text/html',
  ],
  [
    'in XML',
    '<r><departure>2027-03-28T10:00:00Z</departure></r>',
    '<r><departure>2027-03-28T22:00:00Z</departure></r>',
    'application/xml',
  ],
])('tells a moved time %s', (_, recorded, live, type) => {
  expect(differs(recorded, live, undefined, type)).toBe(true);
});

it.each([
  [
    'Set-Cookie',
    'theme=dark; Expires=Wed, 01 Jan 2031 00:00:00 GMT',
    'theme=dark; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
  ],
  ['Expires', 'Thu, 01 Jan 1970 00:00:00 GMT', 'Fri, 01 Jan 2100 00:00:00 GMT'],
  ['Retry-After', 'Wed, 01 Jan 2031 00:00:00 GMT', 'Thu, 01 Jan 1970 00:00:00 GMT'],
  ['Sunset', 'Wed, 01 Jan 2031 00:00:00 GMT', 'Thu, 01 Jan 1970 00:00:00 GMT'],
  ['ETag', '"v1"', '""'],
  ['ETag', '"v1"', 'W/"v1"'],
])('tells %s: %s', (name, recorded, live) => {
  expect(differs('x', 'x', [[[name, recorded]], [[name, live]]], 'text/plain')).toBe(true);
});

/** The first appearance of an id that nothing else mentions may be any new id (0116). */
it.each([
  ['planId', '5f8d0d55b54764421b7156c1', '5f8d0d55b54764421b7156c2'],
  ['ref', 'da39a3ee5e6b4b0d3255bfef95601890afd80709', 'a94a8fe5ccb19ba61c4c0873d391e987982fbbd3'],
  ['price_id', 'price_1N2b3C4d5E6f7G8h', 'price_9Z8y7X6w5V4u3T2s'],
  ['id', a, b],
])('does not tell a new id under %s', (name, recorded, live) => {
  expect(differs({ [name]: recorded }, { [name]: live })).toBe(false);
});
