/** Tokens are judged by what they say, also where the tape has only what stands for them; tags by what they promise. */

import type { Judgement } from '../../../../../replayer/judge/judge';
import type { HeaderList } from '../../../../../tape/model/body';
import { type ExchangeSketch, recordedAtUs } from '../../../../support/exchanges';
import { judgeOne, judgeRedacted, judgeRun, tapeKey as key, told } from '../../../../support/judging';

const laterUs = 7_200_500_000;
const nowS = (atUs: number) => Math.floor(atUs / 1e6);
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

interface Minted {
  readonly claims?: Record<string, unknown>;
  readonly header?: Record<string, unknown>;
  readonly signature?: string;
}

/** As an identity service makes it at that moment. */
function tokenAt(atUs: number, { claims = {}, header = {}, signature = 'aB3x9kQ2'.repeat(5) }: Minted = {}): string {
  const iat = nowS(atUs);
  const body = { sub: 'user-17', role: 'user', user: 'ann', iat, exp: iat + 3600, ...claims };
  return `${part({ alg: 'HS256', typ: 'JWT', ...header })}.${part(body)}.${signature}${String(iat).slice(-3)}`;
}

const judgedOnTape = (
  recorded: readonly ExchangeSketch[],
  live: readonly ExchangeSketch[],
  liveKey: Uint8Array | null,
): readonly Judgement[] => judgeRedacted(recorded, live, { key: liveKey, laterUs });

const login = (token: string): ExchangeSketch => ({ method: 'POST', target: '/login', responseBody: { token } });

describe.each([
  ['with the key of the tape', key],
  ['without it', null],
])('a JWT on a tape, %s', (_, liveKey) => {
  const judged = (live: Minted, recorded: Minted = {}) =>
    judgedOnTape([login(tokenAt(recordedAtUs, recorded))], [login(tokenAt(recordedAtUs + laterUs, live))], liveKey)[0];

  it('may be the one of another moment', () => {
    expect(judged({ claims: { jti: 'c1' } }, { claims: { jti: 'b1' } })).toEqual({
      differences: [],
      excused: [{ path: 'body.token', cause: 'token', rule: 'jwt' }],
    });
  });

  it.each<[string, Minted]>([
    ['gives another role', { claims: { role: 'admin' } }],
    ['lives for ten years', { claims: { exp: nowS(recordedAtUs + laterUs) + 315_360_000 } }],
    ['expired an hour ago', { claims: { exp: nowS(recordedAtUs + laterUs) - 3600 } }],
    ['says more', { claims: { scope: 'all' } }],
    ['says less', { claims: { role: undefined } }],
    ['is signed by another algorithm', { header: { alg: 'none' } }],
    ['has a signature of another length', { signature: 'aB3x9kQ2'.repeat(6) }],
  ])('differs where it %s', (_what, live) => {
    expect(judged(live)?.differences).toMatchObject([{ path: 'body.token', kind: 'changed' }]);
  });

  it('is shown by what it says', () => {
    const [difference] = judged({ claims: { role: 'admin' } })?.differences ?? [];
    expect(difference).toMatchObject({ expected: { claims: { role: 'user' } }, actual: { claims: { role: 'admin' } } });
    expect(Object.keys(difference?.expected ?? {})).toEqual(['claims']);
    expect(Object.keys(Object(difference?.actual).claims)).toEqual(['role']);
  });

  it('shows both ends of a lifetime, and what is only there', () => {
    const exp = nowS(recordedAtUs + laterUs) + 7200;
    const [longer] = judged({ claims: { exp } })?.differences ?? [];
    expect(Object.keys(Object(longer?.actual).claims).sort()).toEqual(['exp', 'iat']);
    const [more] = judged({ claims: { scope: 'all' } })?.differences ?? [];
    expect([more?.expected, more?.actual]).toEqual([{ claims: {} }, { claims: { scope: 'all' } }]);
  });

  it('may be minted twice in one second when recorded, and in two now', () => {
    const recorded = [login(tokenAt(recordedAtUs)), login(tokenAt(recordedAtUs))];
    const first = recordedAtUs + laterUs;
    const live = [
      { ...login(tokenAt(first)), startedAtUs: first },
      { ...login(tokenAt(first + 1e6)), startedAtUs: first + 1e6 },
    ];
    expect(judgedOnTape(recorded, live, liveKey).map(told)).toEqual([[], []]);
  });

  it('may be minted in two seconds when recorded, and in one now', () => {
    const recorded = [
      login(tokenAt(recordedAtUs)),
      { ...login(tokenAt(recordedAtUs + 1e6)), startedAtUs: recordedAtUs + 1e6 },
    ];
    const first = recordedAtUs + laterUs;
    const live = [0, 1].map((i) => ({ ...login(tokenAt(first)), startedAtUs: first + i }));
    expect(judgedOnTape(recorded, live, liveKey).map(told)).toEqual([[], []]);
  });
});

it('a claim that was taken out is compared where the key is at hand', () => {
  const [judgement] = judgedOnTape(
    [login(tokenAt(recordedAtUs))],
    [login(tokenAt(recordedAtUs + laterUs, { claims: { user: 'eve' } }))],
    key,
  );
  expect(judgement?.differences).toHaveLength(1);
  expect(JSON.stringify(judgement)).not.toContain('eve');
});

describe('a JWT of which the tape holds no claims, as tapes of before do', () => {
  const first = recordedAtUs + laterUs;
  const opaque = tokenAt(recordedAtUs).replaceAll(/[^.]/g, (_, at: number) => 'k3J9xQ2mV7bT5wZ8'.charAt(at % 16));
  const asLive = (token: string, atUs: number) => ({ ...login(token), startedAtUs: atUs });
  const judged = (second: Minted) =>
    judgedOnTape(
      [login(opaque), login(opaque)],
      [asLive(tokenAt(first), first), asLive(tokenAt(first + 1e6, second), first + 1e6)],
      null,
    ).map((each) => each.differences.length);

  it('may be made in two seconds now', () => {
    expect(judged({})).toEqual([0, 0]);
  });

  it.each<[string, Minted]>([
    ['another role', { claims: { role: 'sudo' } }],
    ['another lifetime', { claims: { exp: nowS(first) + 9999 } }],
    ['another algorithm', { header: { alg: 'HS512' } }],
    ['a signature of another length', { signature: 'aB3x9kQ2'.repeat(6) }],
  ])('does not come back with %s', (_what, second) => {
    expect(judged(second)).toEqual([0, 1]);
  });
});

it('two tokens that were two stay two', () => {
  const tokens = ['k3J9xQ2mV7bT5wZ8k3J9xQ2m', 'a6R1nH4cY0dL9gS2p6R1nH4c', 'p6R1nH4cY0dL9gS2p6R1nH4c'];
  const [one = '', two = '', three = ''] = tokens;
  const recorded = [{ responseBody: { access_token: one } }, { responseBody: { access_token: two } }];
  const live = (first: string, second: string) => [
    { responseBody: { access_token: first } },
    { responseBody: { access_token: second } },
  ];
  expect(judgedOnTape(recorded, live(three, `${three.slice(0, -1)}7`), key).map(told)).toEqual([[], []]);
  expect(judgedOnTape(recorded, live(three, three), key).map((each) => each.differences.length)).toEqual([0, 1]);
  expect(judgedOnTape(recorded, live(two, three), key).map((each) => each.differences.length)).toEqual([1, 0]);
});

describe('a tag', () => {
  const tagged = (tag: string, body: string, more: HeaderList = []): ExchangeSketch => ({
    target: '/catalogue',
    responseHeaders: [['ETag', tag], ...more],
    responseBody: body,
  });
  const hash = (n: number) => `"${String(n).repeat(2)}a9f3c4e1b2d8f7${n}"`;
  const idA = 'f47ac10b-58cc-4372-a567-0e02b2c3d471';
  const idB = '9b2f4c1e-7d3a-4e88-9c11-5a6b7c8d9e0f';
  const order = (id: string) => JSON.stringify({ id });

  it('changes with the body', () => {
    const { differences, excused } = judgeOne(tagged(hash(1), order(idA), json), tagged(hash(2), order(idB), json));
    expect(differences).toEqual([]);
    expect(excused.map(({ cause, rule }) => `${cause} ${rule}`)).toEqual(['token etag', 'identity identity']);
  });

  it('of a body that is made of it does not stay when the body changes', () => {
    const judgement = judgeOne(tagged(hash(1), order(idA), json), tagged(hash(1), order(idB), json));
    expect(told(judgement)).toEqual([
      `header["etag"] unchanged ${JSON.stringify(hash(1))} -> ${JSON.stringify(hash(1))}`,
    ]);
  });

  it('that counts versions may stay: another run counts anew', () => {
    expect(told(judgeOne(tagged('"0"', order(idA), json), tagged('"0"', order(idB), json)))).toEqual([]);
  });

  it('does not change by itself, unless it is weak or the file is newer', () => {
    expect(told(judgeOne(tagged('"a1"', 'same'), tagged('"a2"', 'same')))).toEqual([
      'header["etag"] changed "\\"a1\\"" -> "\\"a2\\""',
    ]);
    expect(told(judgeOne(tagged('W/"a1"', 'same'), tagged('W/"a2"', 'same')))).toEqual([]);
    expect(told(judgeOne(tagged('W/"a1"', 'same'), tagged('"a1"', 'same')))).toHaveLength(1);
    const modified = (at: string): HeaderList => [['Last-Modified', at]];
    const [old, newer] = [modified('Mon, 02 Nov 2026 10:00:00 GMT'), modified('Tue, 03 Nov 2026 11:12:13 GMT')];
    expect(told(judgeOne(tagged('"a1"', 'same', old), tagged('"a2"', 'same', newer)))).toEqual([]);
  });

  it('comes with each part of what it stands for, and with words about it', () => {
    const part = (range: string, body: string, status = 206) => ({
      ...tagged('"1767607200000-8893"', body, [['Content-Range', `bytes ${range}/8893`]]),
      status,
    });
    const whole = tagged('"1767607200000-8893"', 'x'.repeat(8893));
    const all = [whole, part('0-2', 'one'), part('3-5', 'two'), part('*', 'cannot be', 416), whole];
    expect(judgeRun(all, all).map(told)).toEqual([[], [], [], [], []]);
    const other = judgeRun(all, all.with(2, part('3-5', 'owt')));
    expect(other.map((each) => each.differences.length)).toEqual([0, 0, 1, 0, 0]);
  });

  it('does not come with two bodies in one run', () => {
    const recorded = [tagged(hash(1), order(idA), json), tagged(hash(2), JSON.stringify({ id: idA, n: 1 }), json)];
    const live = [tagged(hash(3), order(idB), json), tagged(hash(3), JSON.stringify({ id: idB, n: 1 }), json)];
    expect(judgeRun(recorded, live).map((each) => each.differences.map(({ kind }) => kind))).toEqual([
      [],
      ['unchanged'],
    ]);
  });
});

const json: HeaderList = [['Content-Type', 'application/json']];

it.each([
  [
    'of a file may be any moment before the answer',
    'Mon, 02 Nov 2026 10:00:00 GMT',
    'Thu, 05 Nov 2026 08:00:00 GMT',
    0,
  ],
  ['of a file is never after the answer', 'Mon, 02 Nov 2026 10:00:00 GMT', 'Thu, 05 Nov 2037 08:00:00 GMT', 1],
  ['of this moment follows the clock', 'Fri, 20 Nov 2026 10:00:00 GMT', 'Fri, 20 Nov 2026 09:00:00 GMT', 1],
])('Last-Modified %s', (_, recorded, live, differences) => {
  const of = (at: string): ExchangeSketch => ({ responseHeaders: [['Last-Modified', at]], responseBody: 'x' });
  expect(judgeOne(of(recorded), of(live)).differences).toHaveLength(differences);
});
