import { addressesOf } from '../../../../../replayer/mocks/translate/addresses';
import { upstreamNamed } from '../../../../../replayer/mocks/upstream';

const upstreams = [
  upstreamNamed('127.0.0.1:8080', false),
  upstreamNamed('api.example:443', true),
  upstreamNamed('pay:8443', true),
];
const urls = new Map([
  ['127.0.0.1:8080', 'http://127.0.0.1:5001'],
  ['api.example:443', 'https://127.0.0.1:5002'],
  ['pay:8443', 'https://127.0.0.1:5003'],
]);
const { toMocks, toUpstreams } = addressesOf(upstreams, urls);

it.each([
  ['http://127.0.0.1:8080/new', 'http://127.0.0.1:5001/new'],
  ['<http://127.0.0.1:8080/list?page=2>; rel="next"', '<http://127.0.0.1:5001/list?page=2>; rel="next"'],
  ['{"next":"https://api.example/a?b=1"}', '{"next":"https://127.0.0.1:5002/a?b=1"}'],
  ['{"next":"https:\\/\\/api.example\\/a"}', '{"next":"https:\\/\\/127.0.0.1:5002\\/a"}'],
  ['<a href="https://pay:8443/x">', '<a href="https://127.0.0.1:5003/x">'],
  ['/go?to=https%3A%2F%2Fapi.example%2Fx', '/go?to=https%3A%2F%2F127.0.0.1%3A5002%2Fx'],
])('leads %s to the mock, and back', (recorded, live) => {
  expect(toMocks(recorded)).toBe(live);
  expect(toUpstreams(live)).toBe(recorded);
});

it.each([
  'https://api.example:443/a', // said with its port: the same upstream
  'HTTPS://API.example/a',
])('knows %s as the upstream it is', (text) => {
  expect(toMocks(text)).toBe('https://127.0.0.1:5002/a');
});

it.each([
  'http://api.example/a',
  'https://api.example.org/a',
  'https://notapi.example/a',
  'http://127.0.0.1:80801/a',
  'http://127.0.0.1:80/a',
  'https://ann@api.example/a',
  'https://api.example:secret@other/a',
  'ftp://api.example/a',
  'api.example',
])('leaves %s alone', (text) => {
  expect(toMocks(text)).toBe(text);
});

it('takes only loopback for an address of a mock', () => {
  expect(toUpstreams('https://localhost:5002/a http://other:5001/a')).toBe('https://api.example/a http://other:5001/a');
});
