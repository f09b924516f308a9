import { ledToMocks } from '../../../../replayer/launch/inherited';
import { upstreamNamed } from '../../../../replayer/mocks/upstream';

const upstreams = [upstreamNamed('payments:8443', true), upstreamNamed('rates.test:80', false)];
const urls = new Map([
  ['payments:8443', 'https://127.0.0.1:1'],
  ['rates.test:80', 'http://127.0.0.1:2'],
]);

it.each([
  ['https://payments:8443/v1?x=1', 'https://127.0.0.1:1/v1?x=1'],
  ['http://rates.test', 'http://127.0.0.1:2'],
  ['http://Rates.test:80/a,http://rates.test/b', 'http://127.0.0.1:2/a,http://127.0.0.1:2/b'],
  ['wss://payments:8443/live', 'wss://127.0.0.1:1/live'],
  ['{"url":"https://payments:8443"}', '{"url":"https://127.0.0.1:1"}'],
  ['payments:8443', '127.0.0.1:1'],
  ['https://payments/v1', 'https://payments/v1'], // another port
  ['http://rates.test.evil/', 'http://rates.test.evil/'],
  ['see payments:8443', 'see payments:8443'],
])('%s becomes %s', (value, led) => {
  expect(ledToMocks({ X: value }, { urls, upstreams }).env.X).toBe(led);
});

it('says which it led, and leaves proxies alone', () => {
  const env = { PAYMENTS_URL: 'https://payments:8443', HTTPS_PROXY: 'http://rates.test:80', PATH: '/bin' };
  expect(ledToMocks(env, { urls, upstreams })).toEqual({
    env: { ...env, PAYMENTS_URL: 'https://127.0.0.1:1' },
    told: ['PAYMENTS_URL -> payments:8443'],
  });
});
