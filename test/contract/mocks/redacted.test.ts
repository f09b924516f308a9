/** A tape holds placeholders; a build sends real secrets, or the placeholders that mocks gave it. Both find their mock. */

import { mocksFrom } from '../../../replayer/mocks/mock';
import { type MockServer, startMocks } from '../../../replayer/mocks/server';
import { createRedactor } from '../../../tape/redact/redactor';
import type { StoredExchange } from '../../../tape/store/tape';
import { httpIn } from '../../support/contents';
import { askHost, type CallSketch, calls } from '../../support/mocks';

const key = Buffer.alloc(32, 7);
const card = '4242424242424242';
const token = 'b7Kq2mZx9Lw4Rt8Vn3Pd6Hs1';
let server: MockServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** As a recorder with the key leaves them. */
function recorded(...sketches: readonly CallSketch[]): readonly StoredExchange[] {
  const redactor = createRedactor({ key });
  return calls(...sketches).map((stored) => {
    const { exchange, entries } = redactor.redact(stored.exchange);
    return { ...stored, exchange, redacted: entries };
  });
}

async function serving(tape: readonly StoredExchange[], options: { key: Uint8Array | null }): Promise<string> {
  const placeholders = new Set(tape.flatMap(({ redacted }) => redacted.map(({ placeholder }) => placeholder)));
  const redactor = createRedactor({ key: options.key, placeholders });
  server = await startMocks(mocksFrom(tape), { mark: true, redactor, keyed: options.key !== null });
  return server.url;
}

const pay = (number: string, amount = 5): CallSketch => ({
  method: 'POST',
  target: '/pay',
  requestBody: { card: number, amount, password: 'correct horse 1' },
  responseBody: { paid: amount },
});

async function ask(url: string, { method = 'GET', target = '/', requestBody }: CallSketch, headers = {}) {
  const body = requestBody === undefined ? {} : { body: JSON.stringify(requestBody) };
  const type = requestBody === undefined ? {} : { 'Content-Type': 'application/json' };
  return askHost(url, 'payments:8080', target, { method, ...body, headers: { ...type, ...headers } });
}

it('finds the mock of the same secret by its placeholder where the key is known', async () => {
  const tape = recorded(pay('4000056655665556'), pay(card));
  expect(JSON.stringify(tape.map(({ redacted }) => redacted))).not.toContain(card);
  const url = await serving(tape, { key });
  expect((await ask(url, pay(card))).headers['wiretape-mock']).toBe('exact; exchange=2');
  expect((await ask(url, pay('378282246310005'))).status).toBe(502);
});

it('takes secrets of one rule for equal without the key, and nothing else', async () => {
  const url = await serving(recorded(pay(card)), { key: null });
  expect((await ask(url, pay('4000056655665556'))).headers['wiretape-mock']).toBe('noise; exchange=1');
  expect((await ask(url, pay(card, 6))).status).toBe(502);
});

it('finds the mock of a secret in the query, with and without the key', async () => {
  const target = `/rates?access_token=${token}&base=EUR`;
  for (const given of [key, null]) {
    const url = await serving(recorded({ target, responseBody: 'rates' }), { key: given });
    expect((await ask(url, { target })).text).toBe('rates');
    await server?.close();
  }
});

it('finds the mock of a header secret that the body repeats', async () => {
  const echo: CallSketch = {
    method: 'POST',
    target: '/echo',
    requestBody: { note: `mine is ${token}` },
    responseBody: 'ok',
  };
  const tape = recorded({
    ...echo,
    requestHeaders: [
      ['Authorization', `Bearer ${token}`],
      ['Content-Type', 'application/json'],
    ],
  });
  expect(Buffer.from(httpIn(tape[0]?.exchange).request?.body.bytes ?? '').toString()).not.toContain(token);
  const url = await serving(tape, { key });
  expect((await ask(url, echo, { Authorization: `Bearer ${token}` })).text).toBe('ok');
});

it('lets a placeholder that a mock gave out come back', async () => {
  const tape = recorded(
    { method: 'POST', target: '/login', responseBody: { access_token: token } },
    { method: 'POST', target: '/me', requestBody: { access_token: token }, responseBody: 'you' },
  );
  const url = await serving(tape, { key });
  const login = await ask(url, { method: 'POST', target: '/login' });
  expect(login.text).not.toContain(token);
  const me = await ask(url, { method: 'POST', target: '/me', requestBody: JSON.parse(login.text) });
  expect([me.text, me.headers['wiretape-mock']]).toEqual(['you', 'exact; exchange=2']);
});

it('shows no secret in the explanation of a miss', async () => {
  const url = await serving(recorded(pay(card)), { key });
  const seen = await ask(url, pay('4000056655665556', 6));
  expect(seen.status).toBe(502);
  expect(seen.text).not.toMatch(/4000056655665556|4242424242424242|correct horse/);
});
