import { mocksFrom } from '../../../../replayer/mocks/mock';
import { type CallSketch, calls } from '../../../support/mocks';
import { exchangeOf, requestOf } from '../../../support/tapes';

function sorted(...sketches: readonly CallSketch[]) {
  const { mocks, refusals, upstreams, notServed } = mocksFrom(calls(...sketches));
  return {
    mocks: mocks.map(({ id, upstream, answer }) => `${id} ${upstream} ${answer.kind}`),
    refusals: refusals.map(({ id, upstream, after }) => `${id} ${upstream} after ${after}`),
    upstreams: upstreams.map(({ name, tls }) => `${name} ${tls ? 'tls' : 'plain'}`),
    notServed: notServed.map(({ id, reason }) => `${id} ${reason}`),
  };
}

it('makes a mock of each whole outbound exchange and passes inbound ones over', () => {
  expect(sorted({ target: '/a' }, { target: '/b', direction: 'inbound' })).toEqual({
    mocks: ['1 payments:8080 response'],
    refusals: [],
    upstreams: ['payments:8080 plain'],
    notServed: [],
  });
});

it('names an upstream by what the client asked for, with the port of its scheme, else by its address', () => {
  const found = sorted(
    { host: 'API.Example', tls: true },
    { host: 'api.example' },
    { target: 'https://other.example/x', host: 'ignored' },
    { host: '[2001:DB8::1]:8080' },
    { host: 'not a host', remote: '10.0.0.9:81' },
  );
  expect(found.upstreams).toEqual([
    'api.example:443 tls',
    'api.example:80 plain',
    'other.example:443 tls',
    '[2001:db8::1]:8080 plain',
    '10.0.0.9:81 plain',
  ]);
});

it('keeps how an upstream ended a request without an answer', () => {
  const without = { response: 'none', problems: ['no-response'] } as const;
  const found = sorted(
    { outcome: 'reset', ...without },
    { outcome: 'closed', ...without },
    { outcome: 'timeout', ...without },
  );
  expect(found.mocks).toEqual(['1 payments:8080 reset', '2 payments:8080 closed', '3 payments:8080 timeout']);
});

it('counts a refused connect to the upstream other connections to its address named', () => {
  const refused = { request: 'none', response: 'none', outcome: 'refused', problems: ['no-response'] } as const;
  const found = sorted({ ...refused }, { target: '/a' }, { ...refused }, { ...refused, remote: '10.0.0.8:443' });
  expect(found.refusals).toEqual(['1 payments:8080 after 0', '3 payments:8080 after 1', '4 10.0.0.8:443 after 0']);
});

it.each<[string, CallSketch]>([
  ['lost-bytes', { problems: ['lost-bytes'] }],
  ['cut-short, truncated', { problems: ['cut-short', 'truncated'] }],
  ['cut-short', { outcome: 'reset', problems: ['cut-short', 'no-response'], response: 'none' }],
  ['reset', { outcome: 'reset' }],
  ['no-response', { outcome: 'lost', problems: ['no-response'], response: 'none' }],
  ['tunnel', { method: 'CONNECT', target: 'payments:443' }],
  ['upgrade', { status: 101 }],
  ['unknown-upstream', { host: '', remote: null }],
])('serves nothing that is %s, and says so', (reason, sketch) => {
  expect(sorted(sketch)).toMatchObject({ mocks: [], notServed: [`1 ${reason}`] });
});

it('serves an exchange whose connection is uncertain: its request and answer are whole', () => {
  expect(sorted({ problems: ['uncertain-connection'] }).mocks).toEqual(['1 payments:8080 response']);
});

it('serves nothing that came over HTTP/2: mocks do not speak it', () => {
  const [call] = calls({});
  const { connection } = call?.exchange ?? exchangeOf();
  const request = requestOf({ version: '2', authority: 'payments:8080', headers: [] });
  const exchange = exchangeOf({ protocol: 'http2', connection, request });
  const { mocks, notServed } = mocksFrom(call === undefined ? [] : [{ ...call, exchange }]);
  expect([mocks, notServed]).toEqual([[], [{ id: '1', upstream: 'payments:8080', reason: 'http2' }]]);
});
