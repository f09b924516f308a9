/** A whole generated suite, file by file: what a person will own. */
import { jestGenerator } from '../../../replayer/generate/jest';
import type { HeaderList } from '../../../tape/model/body';
import { type ExchangeSketch, storedExchanges } from '../../support/exchanges';
import { expectGolden } from '../../support/golden';

const token = 'redacted-7QmX2b9LkPz4TnVw8RcJ';
const password = 'redacted password';
const orderId = '0b6a8c7a-7f10-4d2b-9a3e-5f9d4c534d2b';
const bearer: HeaderList = [['Authorization', `Bearer ${token}`]];
const items = Array.from({ length: 60 }, (_, i) => ({ id: `item-${i}`, name: `Item number ${i}`, price: 100 + i }));

const session: readonly ExchangeSketch[] = [
  {
    method: 'POST',
    target: '/users',
    requestBody: { email: 'ada@example.com', password },
    status: 201,
    responseHeaders: [['Date', 'Fri, 20 Nov 2026 10:00:00 GMT']],
    responseBody: { id: 'usr_1', email: 'ada@example.com' },
    redacted: [{ in: 'request', path: 'body.password', rule: 'password', placeholder: password }],
  },
  {
    method: 'POST',
    target: '/sessions',
    requestBody: { email: 'ada@example.com', password },
    responseHeaders: [['Set-Cookie', `sid=${token}; HttpOnly`]],
    responseBody: { token },
    redacted: [
      { in: 'request', path: 'body.password', rule: 'password', placeholder: password },
      { in: 'response', path: 'body.token', rule: 'token', placeholder: token },
    ],
  },
  {
    method: 'POST',
    target: '/orders',
    requestHeaders: bearer,
    requestBody: { items: [{ sku: 'tea', quantity: 2 }] },
    status: 201,
    responseHeaders: [['Location', `/orders/${orderId}`]],
    responseBody: { id: orderId, lines: [{ sku: 'tea', quantity: 2, unitPrice: 1299 }], total: 2598 },
    redacted: [{ in: 'request', path: 'header["authorization"]', rule: 'authorization', placeholder: token }],
  },
  {
    direction: 'outbound',
    connection: 'payments',
    host: 'payments:8443',
    method: 'POST',
    target: '/charges',
    requestBody: { amount: 2598 },
    status: 201,
    responseBody: { id: 'pay_1', status: 'captured' },
  },
  { target: `/orders/${orderId}`, requestHeaders: bearer, responseBody: { id: orderId, total: 2598 } },
  { target: `/orders/${orderId}`, requestHeaders: bearer, responseBody: { id: orderId, total: 2598 } },
  { target: '/catalogue', responseBody: { items } },
  {
    method: 'PUT',
    target: '/catalogue/import',
    requestHeaders: [['Content-Type', 'text/csv']],
    requestBody: 'sku,price\ntea,1299\n',
    status: 204,
  },
  { target: '/logo.png', responseHeaders: [['Content-Type', 'image/png']], responseBody: Uint8Array.of(0x89, 0x50, 0) },
  { target: '/orders/export', response: 'none', problems: ['lost-bytes', 'no-response'] },
];

const options = {
  tapeName: 'shop.tape',
  settings: {
    command: ['node', 'server.js'],
    cwd: '../..',
    env: { PAYMENTS_URL: '{mock:payments:8443}', PORT: '{port}' },
    target: 'http://127.0.0.1:8080',
  },
  noise: null,
  redact: null,
  protoFiles: new Map(),
};

const { files } = jestGenerator.files(storedExchanges(...session), options);

/** Files that would configure the checkout itself are kept under another name. */
function goldenName(path: string): string {
  return `generate/expected/${/^(\.|package\.json$)/.test(path) ? `${path}.txt` : path}`;
}

it('writes these files and no others', () => {
  expectGolden('generate/expected/files.txt', files.map(({ path }) => path).join('\n'));
});

it.each(files.map(({ path }) => path))('writes %s', (path) => {
  const file = files.find((each) => each.path === path);
  const text = Buffer.from(file?.bytes ?? []);
  expectGolden(goldenName(path), path.endsWith('.bin') ? text.toString('hex') : text.toString('utf8'));
});

it('writes the same bytes every time', () => {
  expect(jestGenerator.files(storedExchanges(...session), options).files).toEqual(files);
});

it('writes the noise and redaction rules that it was given', () => {
  const rules = '- { in: response, path: body.at, because: "clock" }\n';
  const made = jestGenerator.files(storedExchanges(...session), { ...options, noise: rules, redact: '[]\n' });
  const textOf = (path: string) => Buffer.from(made.files.find((file) => file.path === path)?.bytes ?? []).toString();
  expect(textOf('noise.yaml')).toBe(rules);
  expect(textOf('redact.yaml')).toBe('[]\n');
  expect(textOf('setup.js')).toContain("redact: './redact.yaml'");
});

it('leaves out mocks, and their test, where the service called nobody', () => {
  const made = jestGenerator.files(storedExchanges({ target: '/health' }), { ...options, settings: {} });
  expect(made.files.map(({ path }) => path)).not.toContain('mocks.json');
  expect(made.files.map(({ bytes }) => Buffer.from(bytes).toString()).join('\n')).not.toMatch(/mocks\.json'|noMisses/);
});
