import { mocksFrom } from '../../../../replayer/mocks/mock';
import type { Exchange } from '../../../../tape/model/exchange';
import type { HttpRequest, HttpResponse } from '../../../../tape/model/http/http';
import type { Message } from '../../../../tape/model/message';
import { type CallSketch, calls } from '../../../support/mocks';
import { requestOf, responseOf } from '../../../support/tapes';

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

it('passes over the 101 of a request that asked for HTTP/2, whose answer stands beside it', () => {
  const toHttp2 = { status: 101, responseHeaders: [['Upgrade', 'h2c']] } as const;
  expect(sorted(toHttp2, { target: '/a' })).toMatchObject({ mocks: ['2 payments:8080 response'], notServed: [] });
});

describe('HTTP/2', () => {
  function overHttp2(
    over: Partial<Exchange> & { request?: Partial<HttpRequest>; response?: HttpResponse | null } = {},
  ) {
    const { request: said = {}, response, ...rest } = over;
    const [call] = calls({});
    if (call === undefined) throw new Error('there is a call');
    const request = requestOf({ version: '2', authority: 'payments.test', scheme: 'https', headers: [], ...said });
    const { connection } = call.exchange;
    const content = { request, response: response === undefined ? responseOf({ version: '2' }) : response };
    return {
      ...call,
      exchange: { ...call.exchange, connection, protocol: 'http2', channel: 3, ...rest, content } as Exchange,
    };
  }

  it('is served, its upstream named by authority and scheme, whatever carried the connection', () => {
    const { mocks, upstreams, notServed } = mocksFrom([overHttp2()]);
    expect([mocks.map(({ upstream, host }) => [upstream, host]), notServed]).toEqual([
      [['payments.test:443', 'http']],
      [],
    ]);
    expect(upstreams).toMatchObject([{ name: 'payments.test:443', tls: true }]);
  });

  it('keeps that a stream was refused: the request was asked, and nobody took it up', () => {
    const stream = overHttp2({ outcome: 'refused', problems: ['no-response'], response: null });
    const { mocks, refusals } = mocksFrom([stream]);
    expect([mocks.map(({ answer }) => answer.kind), refusals]).toEqual([['refused'], []]);
  });
});

describe('a body that came as messages', () => {
  const event = (text: string, endedAtUs: number): Message => ({
    from: 'server',
    kind: 'event',
    startedAtUs: endedAtUs,
    endedAtUs,
    facts: {},
    body: { bytes: Buffer.from(text), codings: [], wireSize: text.length },
  });

  function streamed(coding: readonly string[]) {
    const [call] = calls({ target: '/events' });
    if (call === undefined) throw new Error('there is a call');
    const headers = [['Content-Type', 'text/event-stream']] as const;
    const request = requestOf({ headers: [['Host', 'payments:8080']], startedAtUs: 0, endedAtUs: 1000 });
    const body = { bytes: Buffer.alloc(0), codings: coding, wireSize: 0 };
    const response = responseOf({ headers, body, startedAtUs: 3000, endedAtUs: 9000 });
    const messages = [event('one', 3000), event('two', 8500)];
    const exchange = { ...call.exchange, content: { request, response }, messages } as Exchange;
    return mocksFrom([{ ...call, exchange }]).mocks[0]?.answer;
  }

  it('says when each of them came, and its latency is that of its start', () => {
    expect(streamed([])).toMatchObject({
      latencyMs: 2,
      pieces: [
        { afterMs: 0, bytes: 11 },
        { afterMs: 5.5, bytes: 11 },
      ],
    });
  });

  it('is whole where it is coded: its bytes are no messages', () => {
    expect(streamed(['gzip'])).toMatchObject({ latencyMs: 8, pieces: [] });
  });
});

it('takes the dialled port where a Host leaves out one that is not the scheme’s', () => {
  const named = (host: string, remote: string): string | undefined =>
    mocksFrom(calls({ host, remote })).mocks[0]?.upstream;
  expect(named('127.0.0.1', '127.0.0.1:8080')).toBe('127.0.0.1:8080');
  expect(named('localhost', '127.0.0.1:8080')).toBe('localhost:8080');
  expect(named('payments', '10.0.0.7:8080')).toBe('payments:80');
  expect(named('10.0.0.8', '10.0.0.7:8080')).toBe('10.0.0.8:80');
});
