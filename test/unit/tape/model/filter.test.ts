import type { WiretapeError } from '../../../../errors/wiretape-error';
import { parseFilterPattern, passesFilter } from '../../../../tape/model/filter';
import { connectionOf, exchangeOf, requestOf } from '../../../support/tapes';

const to = (method: string, host: string | null, target: string) =>
  exchangeOf({ request: requestOf({ method, target, headers: host === null ? [] : [['Host', host]] }) });

const passes = (pattern: string, exchange: ReturnType<typeof to>) =>
  passesFilter(exchange, { include: [parseFilterPattern(pattern)] });

it.each([
  ['GET */orders/**', to('GET', 'shop:80', '/orders/17/items?x=1')],
  ['GET */orders/**', to('GET', 'shop', '/orders')],
  ['get */orders/**', to('GET', 'shop', '/orders/')],
  ['GET */orders/*', to('GET', 'shop', '/orders/17')],
  ['* payments:8443/**', to('POST', 'payments:8443', '/charge')],
  ['* payments:8443', to('POST', 'payments:8443', '/charge/x')],
  ['* PAYMENTS/**', to('POST', 'Payments', '/x')],
  ['* **', to('PATCH', 'any', '/thing')],
  ['* */health', to('GET', null, '/health')],
  ['GET shop/a', to('GET', 'shop', '/a?b')],
  ['GET shop/(a+b)/$x.json', to('GET', 'shop', '/(a+b)/$x.json')],
  ['CONNECT a.test:443', to('CONNECT', 'a.test:443', 'a.test:443')],
  ['GET shop/**', to('GET', 'other', 'http://shop/a')],
  ['OPTIONS shop*', to('OPTIONS', 'shop', '*')],
])('%s lets pass what it means', (pattern, exchange) => {
  expect(passes(pattern, exchange)).toBe(true);
});

it.each([
  ['POST */orders/**', to('GET', 'shop', '/orders/1')],
  ['GET */orders/*', to('GET', 'shop', '/orders/1/items')],
  ['GET */orders/**', to('GET', 'shop', '/ordersmith')],
  ['GET */orders/**', to('GET', 'shop', '/v1/orders/1')],
  ['GET */Orders', to('GET', 'shop', '/orders')],
  ['* pay/**', to('GET', 'payments', '/x')],
  ['GET shop/a.json', to('GET', 'shop', '/aXjson')],
])('%s keeps out what it does not', (pattern, exchange) => {
  expect(passes(pattern, exchange)).toBe(false);
});

it('takes raw streams by the address of the server', () => {
  const raw = (direction: 'inbound' | 'outbound') =>
    exchangeOf({
      protocol: 'raw',
      request: null,
      response: null,
      connection: connectionOf({ direction, local: '10.0.0.1:5432', remote: '10.0.0.2:6000' }),
    });
  expect(passes('* 10.0.0.1:5432/**', raw('inbound'))).toBe(true);
  expect(passes('* 10.0.0.2:6000', raw('outbound'))).toBe(true);
  expect(passes('* 10.0.0.2:6000', raw('inbound'))).toBe(false);
  expect(passes('GET 10.0.0.1:5432/**', raw('inbound'))).toBe(false);
});

it('excludes after including, and looks at the direction', () => {
  const include = [parseFilterPattern('* shop')];
  const exclude = [parseFilterPattern('* */health')];
  expect(passesFilter(to('GET', 'shop', '/a'), { include, exclude })).toBe(true);
  expect(passesFilter(to('GET', 'shop', '/health'), { include, exclude })).toBe(false);
  expect(passesFilter(to('GET', 'other', '/a'), { include, exclude })).toBe(false);
  expect(passesFilter(to('GET', 'shop', '/a'), { direction: 'outbound' })).toBe(false);
  expect(passesFilter(to('GET', 'shop', '/a'), {})).toBe(true);
});

it.each([
  ['process=api', true],
  ['process=ap', false],
  ['process=a*', true],
  ['executable=**/node', true],
  ['executable=*/node', false],
  ['user=shop', true],
  ['user=1000', true],
  ['user=root', false],
  ['server-name=*.Example', true],
  ['host-name=api.example', true],
  ['container=api-1', false],
  ['GET shop/a process=api user=shop', true],
  ['GET shop/a process=api user=root', false],
  ['POST shop/a process=api', false],
])('asks for facts of the connection: %j', (pattern, passes) => {
  const user = { id: 1000, name: 'shop' };
  const exchange = to('GET', 'shop', '/a');
  const connection = {
    ...exchange.connection,
    process: { pid: 1, name: 'api', executable: '/usr/bin/node', user },
    serverName: 'www.example',
    hostName: { name: 'api.example', source: 'dns' },
  } as const;
  expect(passesFilter({ ...exchange, connection }, { include: [parseFilterPattern(pattern)] })).toBe(passes);
});

it.each(['', 'GET', '/orders', 'GET a b', 'G*T shop/a', 'GET  ', 'shoe=a', 'process=', 'GET process=a'])(
  'refuses %j with what to type instead',
  (text) => {
    expect.assertions(2);
    try {
      parseFilterPattern(text);
    } catch (error) {
      expect((error as WiretapeError).code).toBe('BAD_FILTER');
      expect((error as WiretapeError).remedies).toContain("Write it as 'GET */orders/**' or '* payments:8443/**'");
    }
  },
);
