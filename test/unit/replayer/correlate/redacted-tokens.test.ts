/** What stands for a JWT has the header of every other one of its issuer: that alone is no value that was minted before. */
import { casesFrom, isRunnable } from '../../../../replayer/cases/cases';
import { Carrier } from '../../../../replayer/correlate/carrier';
import { createRedactor } from '../../../../tape/redact/redactor';
import { type ExchangeSketch, storedExchanges } from '../../../support/exchanges';

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const tokenOf = (sub: string) =>
  `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub, iat: 1795168800 })}.${'aB3x9'.repeat(8)}${sub}`;

function carrierFor(...sketches: readonly ExchangeSketch[]) {
  const recorder = createRedactor({ key: Buffer.alloc(32, 1), remember: true });
  const stored = storedExchanges(...sketches).map((each) => {
    const { exchange, entries } = recorder.redact(each.exchange);
    return { ...each, exchange, redacted: entries };
  });
  const tests = casesFrom(stored).filter(isRunnable);
  const target = { authority: 'shop.test', origin: 'http://shop.test' };
  return { tests, carrier: new Carrier(tests, { targetOf: () => target, setHeaders: [], secrets: new Map() }) };
}

const login: ExchangeSketch = { method: 'POST', target: '/login', responseBody: { access_token: tokenOf('user01') } };
const asking = (token: string): ExchangeSketch => ({
  target: '/orders',
  requestHeaders: [['Authorization', `Bearer ${token}`]],
  responseBody: { ok: true },
});

it('a token that an answer gave is carried', () => {
  const { tests, carrier } = carrierFor(login, asking(tokenOf('user01')));
  expect(tests.map((test) => carrier.sentPlaceholders(test))).toEqual([[], []]);
  expect(carrier.chains().map(({ to }) => to.map(({ path }) => path))).toEqual([['header["authorization"]']]);
});

it('a token that nothing gave is missing, whatever it has in common with one that an answer gave', () => {
  const { tests, carrier } = carrierFor(login, asking(tokenOf('user02')));
  expect(tests.map((test) => carrier.sentPlaceholders(test).map(({ path }) => path))).toEqual([
    [],
    ['header["authorization"]'],
  ]);
  expect(carrier.chains()).toEqual([]);
});
