/** Live answers against a redacted tape: equal secrets are equal, minted ones may differ, none is ever printed. */
import { casesFrom, isRunnable, type RunnableCase } from '../../../../replayer/cases/cases';
import { Carrier } from '../../../../replayer/correlate/carrier';
import { openRunState } from '../../../../replayer/judge/causes/run-state';
import type { Judgement } from '../../../../replayer/judge/judge';
import { judgeCase } from '../../../../replayer/judge/judge-case';
import type { HeaderList } from '../../../../tape/model/body';
import { createRedactor } from '../../../../tape/redact/redactor';
import type { StoredExchange } from '../../../../tape/store/tape';
import { type ExchangeSketch, storedExchanges } from '../../../support/exchanges';
import { answerOf, judgeRedacted, tapeKey as key, told } from '../../../support/judging';
import { messageOf } from '../../../support/tapes';

const judged = (
  recorded: readonly ExchangeSketch[],
  live: readonly ExchangeSketch[],
  liveKey: Uint8Array | null = key,
): readonly Judgement[] => judgeRedacted(recorded, live, { key: liveKey });

const of = (responseBody: ExchangeSketch['responseBody']): ExchangeSketch => ({ responseBody: responseBody ?? '' });
const tokenA = 'k3J9xQ2mV7bT5wZ8k3J9xQ2m';
const tokenB = 'p6R1nH4cY0dL9gS2p6R1nH4c';

it('finds the same secret equal', () => {
  expect(judged([of({ password: 'hunter2!' })], [of({ password: 'hunter2!' })]).map(told)).toEqual([[]]);
});

describe('a secret in a text, of several words', () => {
  const text = (secret: string): ExchangeSketch => ({
    responseHeaders: [['Content-Type', 'text/plain']],
    responseBody: `db_password=${secret}\nregion=north\n`,
  });
  const pairs = [
    ['Zx9kQ2mV+b3/8hT7pL1w', 'Qy4mR8nB+c7/2jW5xK9d'], // escaped where it is put back
    ['Zx9kQ2mV!b3:8hT7pL1w', 'Qy4mR8nB!c7:2jW5xK9d'], // and not
  ] as const;

  it.each(pairs)('is the same as before, with the key and without it: %s', (one) => {
    expect(judged([text(one)], [text(one)], key).map(told)).toEqual([[]]);
    expect(judged([text(one)], [text(one)], null).map(told)).toEqual([[]]);
  });

  it.each([key, null])('may hold one that stands elsewhere by itself', (liveKey) => {
    const own = text('hunter2hunter2');
    const within = text('mail=hunter2hunter2');
    expect(judged([own, within], [own, within], liveKey).map(told)).toEqual([[], []]);
  });

  it.each(pairs)('may be made anew, and hides nothing beside it: %s, %s', (one, other) => {
    expect(judged([text(one)], [text(other)], null).map(told)).toEqual([[]]);
    const elsewhere = { ...text(one), responseBody: `db_password=${one}\nregion=south\n` };
    expect(judged([text(one)], [elsewhere], null)[0]?.differences).toHaveLength(1);
    expect(judged([text(one)], [text(one.slice(0, -1))], null)[0]?.differences).toHaveLength(1);
  });
});

describe('a secret so short that its placeholder may stand anywhere', () => {
  const cookies = (...values: readonly string[]): ExchangeSketch => ({
    responseHeaders: values.map((value, i) => ['Set-Cookie', `c${i}=${value}; Path=/`] as const),
    responseBody: 'x',
  });
  const allDigits = of({ list: Array.from({ length: 10 }, (_, digit) => String(digit)), text: '0 1 2 3 4 5 6 7 8 9' });

  it.each<[string, Uint8Array | null]>([
    ['with the key', key],
    ['without it', null],
  ])('is taken for nothing that stands elsewhere, %s', (_, liveKey) => {
    const recorded = [cookies('1', '12'), allDigits, cookies('13', '1')];
    expect(judged(recorded, recorded, liveKey).map(told)).toEqual([[], [], []]);
  });

  it('is told where it is another one', () => {
    const [first, second] = judged([cookies('1'), cookies('en')], [cookies('2'), cookies('de')]);
    expect([first, second].map((each) => each?.differences.length)).toEqual([1, 1]);
  });
});

describe('an event stream that was recorded event by event', () => {
  const headers: HeaderList = [['Content-Type', 'text/event-stream']];
  const sent = (password: string, id = '1') => `id: ${id}\ndata: {"n":1,"password":"${password}"}\n\n`;

  /** As the recorder has it: the events are messages, and the body is empty. */
  function judgedStream(live: string, id = '1'): Judgement {
    const [stored] = storedExchanges({ responseHeaders: headers, responseBody: '' });
    const event = messageOf('{"n":1,"password":"hunter2!"}', { from: 'server', kind: 'event', facts: { id } });
    const { exchange, entries } = createRedactor({ key }).redact({
      ...(stored as StoredExchange).exchange,
      messages: [event],
    });
    const [test] = casesFrom([{ ...(stored as StoredExchange), exchange, redacted: entries }]).filter(isRunnable);
    const target = { authority: 'shop.test', origin: 'http://shop.test' };
    const carrier = new Carrier([test as RunnableCase], { targetOf: () => target, setHeaders: [], secrets: new Map() });
    const response = answerOf({ responseHeaders: headers, responseBody: live });
    const redactor = createRedactor({ key, placeholders: new Set(entries.map((entry) => entry.placeholder)) });
    const state = openRunState({ isOnTape: (text) => carrier.isOnTape(text), turns: [test as RunnableCase] });
    const settings = { rules: [], redactor, keyed: true, strict: false };
    return judgeCase(
      test as RunnableCase,
      { response, sentAtUs: response.startedAtUs },
      { carrier, state, ...settings },
    );
  }

  it('is equal where the same secret comes again', () => {
    expect(told(judgedStream(sent('hunter2!')))).toEqual([]);
  });

  it('is equal where a secret is the id of an event', () => {
    const id = `ghp_${'x9K2mQ7bT5wZ8k3J1nH4cY0dL6gS2pR8vF3a'.slice(0, 36)}`;
    expect(told(judgedStream(sent('hunter2!', id), id))).toEqual([]);
  });

  it('differs where another one comes, and neither is printed', () => {
    const judgement = judgedStream(sent('letmein!'));
    expect(judgement.differences.map(({ path, kind }) => [path, kind])).toEqual([['body', 'changed']]);
    expect(JSON.stringify(judgement)).not.toMatch(/hunter2|letmein/);
  });
});

it('tells with the key that a lasting secret changed, without printing either', () => {
  const [judgement] = judged(
    [of({ password: 'hunter2!', card: '4111 1111 1111 1111' })],
    [of({ password: 'letmein!', card: '5500 0000 0000 0004' })],
  );
  expect(judgement?.differences.map(({ path, kind }) => [path, kind])).toEqual([
    ['body.password', 'changed'],
    ['body.card', 'changed'],
  ]);
  expect(JSON.stringify(judgement)).not.toMatch(/hunter2|letmein|4111 1111|5500 0000/);
});

it('takes two secrets of one rule for equal without the key, and names the rule', () => {
  const [judgement] = judged([of({ password: 'hunter2!' })], [of({ password: 'letmein!' })], null);
  expect(judgement).toEqual({
    differences: [],
    excused: [{ path: 'body.password', cause: 'token', rule: 'secret-name' }],
  });
});

it.each([key, null])('lets a freshly minted token be another one (key %#)', (liveKey) => {
  const [judgement] = judged([of({ access_token: tokenA })], [of({ access_token: tokenB })], liveKey);
  expect(judgement).toEqual({
    differences: [],
    excused: [{ path: 'body.access_token', cause: 'token', rule: 'secret-name' }],
  });
});

it.each([key, null])('does not let a token become something that is none (key %#)', (liveKey) => {
  expect(judged([of({ access_token: tokenA })], [of({ access_token: null })], liveKey)[0]?.differences).toHaveLength(1);
  expect(judged([of({ access_token: tokenA })], [of({})], liveKey)[0]?.differences).toHaveLength(1);
  expect(judged([of({ access_token: tokenA })], [of({ access_token: '' })], liveKey)[0]?.differences).toHaveLength(1);
});

it.each([key, null])('compares a secret that was sent by identity (key %#)', (liveKey) => {
  const recorded: ExchangeSketch = {
    method: 'POST',
    requestBody: { password: 'hunter2!' },
    responseBody: { password: 'hunter2!' },
  };
  const stored = createRedactor({ key }).redactResponse(answerOf(of({ password: 'hunter2!' })));
  const placeholder = JSON.parse(Buffer.from(stored.response.body.bytes).toString()).password;
  expect(judged([recorded], [of({ password: placeholder })], liveKey).map(told)).toEqual([[]]);
  expect(judged([recorded], [of({ password: 'letmein!' })], liveKey)[0]?.differences).toHaveLength(1);
});

it('compares a carried token by identity, and prints placeholders of both', () => {
  const recorded = [of({ token: tokenA }), of({ session: { token: tokenA } })];
  expect(judged(recorded, [of({ token: tokenB }), of({ session: { token: tokenB } })]).map(told)).toEqual([[], []]);
  const [, second] = judged(recorded, [of({ token: tokenB }), of({ session: { token: tokenA } })]);
  expect(second?.differences.map(({ path }) => path)).toEqual(['body.session.token']);
  expect(JSON.stringify(second)).not.toMatch(new RegExp(`${tokenA}|${tokenB}`));
});

it('redacts what it prints of places the recording does not have', () => {
  const [judgement] = judged([of({ a: 1 })], [of({ a: 1, password: 'hunter2!' })]);
  expect(judgement?.differences).toMatchObject([{ path: 'body.password', kind: 'added' }]);
  expect(JSON.stringify(judgement)).not.toContain('hunter2');
});

it.each([key, null])('compares session cookies by name, with any value (key %#)', (liveKey) => {
  const cookies = (...values: readonly string[]): ExchangeSketch => ({
    responseHeaders: values.map((value) => ['Set-Cookie', `${value}; Path=/`] as const),
    responseBody: 'x',
  });
  const recorded = cookies(`sid=${tokenA}`, 'csrf=4f6a8b2c1d9e0f3a');
  const [judgement] = judged([recorded], [cookies(`sid=${tokenB}`, 'csrf=9e8d7c6b5a4f3e2d')], liveKey);
  expect(judgement).toEqual({
    differences: [],
    excused: [
      { path: 'header["set-cookie"]', cause: 'token', rule: 'set-cookie' },
      { path: 'header["set-cookie"][1]', cause: 'token', rule: 'set-cookie' },
    ],
  });
  const [gone] = judged([recorded], [cookies(`sid=${tokenB}`)], liveKey);
  expect(gone?.differences).toMatchObject([{ path: 'header["set-cookie"][1]', kind: 'removed' }]);
  const [added] = judged([cookies(`sid=${tokenA}`)], [cookies(`sid=${tokenB}`, `extra=${tokenB}`)], liveKey);
  expect(added?.differences).toMatchObject([{ path: 'header["set-cookie"][1]', kind: 'added' }]);
  expect(JSON.stringify([gone, added])).not.toContain(tokenB);
});

it('excuses a token inside a text, and nothing else of the text', () => {
  const page = (token: string, word: string): ExchangeSketch => ({
    responseHeaders: [['Content-Type', 'text/html']],
    responseBody: `<form><input name="csrf_token" value="${token}"></form><p>${word}</p>`,
  });
  expect(judged([page(tokenA, 'Hello')], [page(tokenB, 'Hello')]).map(told)).toEqual([[]]);
  const [changed] = judged([page(tokenA, 'Hello')], [page(tokenB, 'Goodbye')]);
  expect(changed?.differences).toMatchObject([{ path: 'body', kind: 'changed' }]);
  expect(JSON.stringify(changed)).not.toContain(tokenB);
});

it('marks the values that redaction put there, by rule and by side', () => {
  const [judgement] = judged([of({ password: 'hunter2!', n: 1 })], [of({ password: 'letmein!', n: 2 })]);
  expect(judgement?.differences).toEqual([
    expect.objectContaining({ path: 'body.password', redacted: { expected: 'secret-name', actual: 'secret-name' } }),
    { path: 'body.n', kind: 'changed', expected: 1, actual: 2 },
  ]);
});

it('marks what came or went as a whole, and the side that is redacted only', () => {
  const [gone] = judged([of({ user: { password: 'hunter2!' }, n: 1 })], [of({ n: 1 })]);
  expect(gone?.differences).toMatchObject([{ path: 'body.user', redacted: { expected: 'secret-name' } }]);
  const [came] = judged([of({ n: 1 })], [of({ user: { password: 'hunter2!' }, n: 1 })]);
  expect(came?.differences).toMatchObject([{ path: 'body.user', redacted: { actual: 'secret-name' } }]);
  expect(came?.differences[0]?.redacted).not.toHaveProperty('expected');
});

it('shows of a long page what nothing excuses, and not the token of a form that stands before it', () => {
  const page = (token: string, price: string): ExchangeSketch => ({
    responseHeaders: [['Content-Type', 'text/html']],
    responseBody: `<input name="csrfmiddlewaretoken" value="${token}">${'<br>'.repeat(60)}<i>${price}</i>`,
  });
  const sent = (token: string): ExchangeSketch => ({
    method: 'POST',
    requestHeaders: [['Content-Type', 'application/x-www-form-urlencoded']],
    requestBody: `csrfmiddlewaretoken=${token}`,
  });
  for (const price of ['$300', '/300']) {
    const judgements = judged([page(tokenA, '$250'), sent(tokenA)], [page(tokenB, price), sent(tokenB)]);
    const [difference] = judgements[0]?.differences ?? [];
    expect(difference?.expected).toContain('<i>$250</i>');
    expect(difference?.actual).toContain(`<i>${price}</i>`);
    expect(judgements.map((each) => each.differences.length)).toEqual([1, 0]);
  }
});
