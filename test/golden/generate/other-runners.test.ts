/** What a person owns of the other generators: where a Vitest suite differs from a Jest suite, and handlers for msw. */
import { mswGenerator } from '../../../replayer/generate/msw';
import { vitestGenerator } from '../../../replayer/generate/vitest';
import { type ExchangeSketch, storedExchanges } from '../../support/exchanges';
import { expectGolden } from '../../support/golden';

const outbound = { direction: 'outbound', connection: 'made', host: 'payments:8080' } as const;
const inbound = { direction: 'inbound', connection: 'served', host: 'shop.test' } as const;
const token = 'redacted-7QmX2b9LkPz4TnVw8RcJ';

const session: readonly ExchangeSketch[] = [
  { ...inbound, method: 'POST', target: '/orders', requestBody: { item: 7 }, status: 201, responseBody: { id: 'o-1' } },
  { ...inbound, target: '/orders/o-1', responseBody: { id: 'o-1', paid: true } },
  { ...inbound, target: '/export', response: 'none', problems: ['lost-bytes'] },
  { ...outbound, target: '/rates?currency=EUR', responseBody: { rate: 1.1 } },
  { ...outbound, target: '/rates?currency=EUR', responseHeaders: [['ETag', '"2"']], responseBody: { rate: 1.2 } },
  {
    ...outbound,
    method: 'POST',
    target: '/charges',
    requestBody: { amount: 1, at: '2026-11-20T10:00:00Z' },
    status: 201,
    responseBody: { id: 'c-1' },
  },
  {
    ...outbound,
    method: 'POST',
    target: '/charges',
    requestBody: { amount: 2, at: '2026-11-20T10:00:01Z' },
    status: 402,
  },
  {
    ...outbound,
    method: 'POST',
    target: `/tokens?key=${token}`,
    responseBody: { token },
    redacted: [
      { in: 'request', path: 'query.key', rule: 'query-secret', placeholder: token },
      { in: 'response', path: 'body.token', rule: 'token', placeholder: token },
    ],
  },
  {
    ...outbound,
    method: 'POST',
    target: '/graphql',
    requestBody: { query: 'query Stock($id: ID!) { stock(id: $id) }', variables: { id: 1 } },
    responseBody: { data: { stock: 3 } },
  },
  { ...outbound, target: '/slow', response: 'none', outcome: 'timeout', problems: ['no-response'] },
  { ...outbound, target: '/broken', response: 'none', outcome: 'reset', problems: ['no-response'] },
  {
    ...outbound,
    target: '/news',
    responseHeaders: [['Content-Type', 'text/event-stream']],
    responseBody: 'data: a\n\ndata: b\n\n',
  },
  { ...outbound, target: '/pieces', response: 'none', problems: ['lost-bytes'] },
];

const exchanges = storedExchanges(...session);
const made = {
  vitest: vitestGenerator.files(exchanges, {
    tapeName: 'shop.tape',
    settings: { command: ['node', 'server.js'], target: 'http://127.0.0.1:8080' },
    noise: null,
    redact: null,
    protoFiles: new Map(),
  }),
  msw: mswGenerator.files(exchanges, {
    tapeName: 'shop.tape',
    settings: {},
    noise: null,
    redact: null,
    protoFiles: new Map(),
  }),
};

/** What is the same as in a Jest suite is looked at there. */
const sameAsJest = /^(\.gitattributes|noise\.yaml|mocks\.json|bodies\/.*)$/;

describe.each(Object.entries(made))('%s', (name, { files }) => {
  it('writes these files and no others', () => {
    expectGolden(`generate/expected/${name}/files.txt`, files.map(({ path }) => path).join('\n'));
  });

  // under another name: they are no part of this checkout, which lints and checks its own
  it.each(files.map(({ path }) => path).filter((path) => !sameAsJest.test(path)))('writes %s', (path) => {
    const text = Buffer.from(files.find((file) => file.path === path)?.bytes ?? []).toString('utf8');
    expectGolden(`generate/expected/${name}/${path}.txt`, text);
  });
});
