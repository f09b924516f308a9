import { bothSidesReason, differingTokens } from '../../../../replayer/noise/both-sides';
import {
  epochTime,
  isIdName,
  isTimeName,
  lookAlike,
  looksGenerated,
  timeText,
  uuidVersion,
} from '../../../../replayer/noise/shapes';
import { tokensOf } from '../../../../replayer/noise/tokens';
import { JsonNumber } from '../../../../tape/json/json';
import { seededRandom } from '../../../support/seeded-random';

const times: readonly [string, string, boolean][] = [
  ['2026-11-20T10:00:00Z', '2025-01-01T00:00:00Z', true],
  ['2026-11-20T10:00:00.123Z', '2026-11-20T10:00:00.9Z', true],
  ['2026-11-20T10:00:00.123Z', '2026-11-20T10:00:00.123456Z', false],
  ['2026-11-20T10:00:00.123Z', '2026-11-20T10:00:00Z', false],
  ['2026-11-20T10:00:00.123456789Z', '2026-11-20T10:00:00.1234Z', true],
  ['2026-11-20T10:00:00+01:00', '2026-11-20T10:00:00+02:00', false],
  ['2026-11-20 10:00:00', '2026-11-20T10:00:00', false],
  ['2026-11-20T10:00', '2026-11-21T10:00', true],
  ['Fri, 20 Nov 2026 10:00:00 GMT', 'Sat, 21 Nov 2026 10:00:00 GMT', true],
  ['2026-13-45T10:00:00Z', '2026-11-20T10:00:00Z', false],
  ['2026-11-20', '2026-11-21', false],
];

it.each(times)('times %s and %s: excused %s', (a, b, excused) => {
  expect(bothSidesReason(a, b, 'at')).toBe(excused ? 'both-sides:timestamp' : null);
});

it.each([
  [1763632800, 1763719200, 'createdAt', 'both-sides:epoch'],
  [1763632800.5, 1763719200.25, 'created_at', 'both-sides:epoch'],
  ['1763632800123', '1763719200456', 'ts', 'both-sides:epoch'],
  [1763632800, 1763719200, 'total', null],
  [1763632800, 1763719200123, 'ts', null],
  [1763632800, '1763719200', 'ts', null],
  [3600, 3601, 'expires', null],
  [9999999999, 9999999998, 'at', null],
  [new JsonNumber('1763632800123456789'), new JsonNumber('1763719200123456789'), 'at', 'both-sides:epoch'],
])('counts %s and %s under %s: %s', (a, b, key, reason) => {
  expect(bothSidesReason(a, b, key)).toBe(reason);
});

function jwt(claims: Record<string, unknown>, header: Record<string, unknown> = { alg: 'HS256' }): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part(header)}.${part(claims)}.c2lnbmF0dXJl`;
}

it('lets JWTs differ in what moves with time, and in nothing else', () => {
  const first = jwt({ sub: 'ada', iat: 1, exp: 2, jti: 'a' });
  expect(bothSidesReason(first, jwt({ sub: 'ada', iat: 5, exp: 6, jti: 'b' }), 'token')).toBe('both-sides:jwt');
  expect(bothSidesReason(first, jwt({ sub: 'eve', iat: 5, exp: 6, jti: 'b' }), 'token')).toBeNull();
  expect(bothSidesReason(first, jwt({ sub: 'ada', iat: 5, exp: 6 }), 'token')).toBeNull();
  expect(bothSidesReason(first, jwt({ sub: 'ada', iat: 1, exp: 2, jti: 'a' }, { alg: 'none' }), 'token')).toBeNull();
});

it('lets a UUID behind the name of its kind differ, and not the name', () => {
  const [first, second] = ['f47ac10b-58cc-4372-a567-0e02b2c3d479', '0b6a8c7a-7f10-4d2b-9a3e-5f9d4c534d2b'];
  expect(bothSidesReason(`pay_${first}`, `pay_${second}`, 'id')).toBe('both-sides:uuid');
  expect(bothSidesReason(`pay_${first}`, `ref_${second}`, 'id')).toBeNull();
  expect(bothSidesReason(`pay_${first}`, second, 'id')).toBeNull();
  expect(bothSidesReason(first, `pay_${second}`, 'id')).toBeNull();
});

it('never calls a change of type noise', () => {
  for (const other of [null, true, 7, 'x', [], {}]) {
    expect(bothSidesReason('f47ac10b-58cc-4372-a567-0e02b2c3d479', other, 'id')).toBeNull();
    expect(bothSidesReason('2026-11-20T10:00:00Z', other, 'at')).toBeNull();
  }
});

describe('generated ids', () => {
  const alphabets = {
    hex: '0123456789abcdef',
    base36: '0123456789abcdefghijklmnopqrstuvwxyz',
    base62: '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz',
    base64url: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_',
  };

  it.each(Object.entries(alphabets))('of %s look alike, thousands of times', (_name, alphabet) => {
    const random = seededRandom(7);
    const make = (length: number) =>
      Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]).join('');
    const pairs = Array.from({ length: 5000 }, () => [make(24), make(24)] as const);
    expect(pairs.filter(([a, b]) => !lookAlike(a, b, { proven: false })).length).toBeLessThanOrEqual(10);
  });

  it.each([
    ['GET_USER_BY_NAME_OR_ID', 'GET_USER_BY_EMAIL_ID_X'],
    ['pending-review-by-staff', 'pending-review-by-robot'],
    ['spring2026campaignsale', 'winter2026campaignsale'],
    ['UserNotFoundException', 'UserNotActiveException'],
    ['getUserInformation', 'getUserPreferences'],
    ['+49 30 1234567 1234', '+49 30 7654321 1234'],
    ['DE89370400440532013000', 'DE89370400440532013001'],
  ])('are not words such as %s', (a, b) => {
    expect(lookAlike(a.padEnd(b.length), b.padEnd(a.length), { proven: false })).toBe(false);
  });

  it('keep their prefix', () => {
    expect(lookAlike('ord_8f3kq0bdx2', 'ord_2k9xm4qpz7', { proven: false })).toBe(true);
    expect(lookAlike('ord_8f3kq0bdx2', 'inv_2k9xm4qpz7', { proven: false })).toBe(false);
  });

  it('are told from slugs', () => {
    expect(looksGenerated('cus_9fK2mQ7vT1xZ')).toBe(true);
    expect(looksGenerated('blue-lamp-2000-special-edition')).toBe(false);
  });
});

describe('texts', () => {
  it('know the name before a value', () => {
    expect(differingTokens('/cb?state=a&token=b', '/cb?state=a&token=c')).toEqual([
      { expected: 'b', actual: 'c', key: 'token' },
    ]);
  });

  it('are cut into words without losing a moment or an id', () => {
    expect(tokensOf('Bearer a.b.c, at 2026-11-20T10:00:00.5Z.').map((token) => token.text)).toEqual([
      'Bearer',
      'a.b.c',
      'at',
      '2026-11-20T10:00:00.5Z',
    ]);
  });
});

it('reads names', () => {
  expect(['id', 'orderId', 'order_id', 'X-Request-Id', 'csrfToken'].every(isIdName)).toBe(true);
  expect(['width', 'idea', 'code', 'state', 'status'].some(isIdName)).toBe(false);
  expect(['createdAt', 'updated_at', 'timestamp', 'exp', 'Last-Seen'].every(isTimeName)).toBe(true);
  expect(['data', 'amount', 'lifetime', 'format'].some(isTimeName)).toBe(false);
});

it('reads values', () => {
  expect(uuidVersion('00000000-0000-0000-0000-000000000000')).toBeNull();
  expect(timeText('2026-11-20T10:00:00.250+01:00')).toMatchObject({
    atMs: Date.UTC(2026, 10, 20, 9, 0, 0, 250),
    stepMs: 1,
  });
  expect(epochTime('1763632800')).toMatchObject({ format: 'epoch s', atMs: 1763632800000 });
});
