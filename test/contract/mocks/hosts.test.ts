/**
 * What every host of mocks keeps to, on whatever carries a request to it. A new one adds a sample: calls it makes mocks of,
 * and a client that asks for them.
 */
import type { sendUnaryData } from '@grpc/grpc-js';
import type { HostName } from '../../../replayer/mocks/answers';
import type { MockHost } from '../../../replayer/mocks/hosts/host';
import { hosts } from '../../../replayer/mocks/hosts/registry';
import { mocksFrom } from '../../../replayer/mocks/mock';
import { type MockServer, type MockServerOptions, startMocks } from '../../../replayer/mocks/server';
import type { StoredExchange } from '../../../tape/store/tape';
import { method } from '../../support/grpc-talk';
import { openHttp2 } from '../../support/http2-client';
import { ask, calls } from '../../support/mocks';
import { askCall, openChannel, recordCalls } from '../../support/recorded-calls';
import { openClient, socketCall } from '../../support/socket-client';

/** What carries a request, whether over TLS, and what a client was told, as `status text`. */
type Carriage = readonly [string, boolean, (url: string, path: string, ca: string) => Promise<string>];

interface Sample {
  readonly carriages: readonly Carriage[];
  /** To `payments:8080`, over TLS or not. */
  recorded(tls: boolean): readonly StoredExchange[] | Promise<readonly StoredExchange[]>;
  /** What the client of the protocol asks. */
  readonly asks: { readonly answered: string; readonly unanswered: string };
  /** What is there to see of the answer, whatever carried it. */
  readonly answer: string;
  /** What the client shows of a miss, and of a fault of ours. */
  readonly miss: RegExp;
  readonly fault: RegExp;
}

const explained = { miss: /^502 [\s\S]*MOCK_MISS/, fault: /^500 [\s\S]*a fault of ours/ };

const samples: { readonly [H in HostName]: Sample } = {
  grpc: {
    carriages: [
      ['gRPC', false, overGrpc],
      ['gRPC and TLS', true, overGrpc],
    ],
    recorded: recordedCall,
    asks: { answered: '/shop.v1.Shop/Place', unanswered: '/shop.v1.Shop/Other' },
    answer: '0 07',
    miss: /^9 wiretape: MOCK_MISS/,
    fault: /^2 [\s\S]*500/,
  },
  http: {
    carriages: [
      ['HTTP/1.1', false, overHttp1],
      ['HTTP/1.1 and TLS', true, overHttp1],
      ['HTTP/2', false, overHttp2],
      ['HTTP/2 and TLS', true, overHttp2],
    ],
    recorded: (tls) => calls({ target: '/a', tls, responseBody: 'whole' }),
    asks: { answered: '/a', unanswered: '/b' },
    answer: '200 whole',
    ...explained,
  },
  websocket: {
    carriages: [
      ['WebSocket', false, overSocket],
      ['WebSocket and TLS', true, overSocket],
    ],
    recorded: (tls) => [socketCall([['server', 'hello']], { tls })],
    asks: { answered: '/chat', unanswered: '/b' },
    answer: '101 hello',
    ...explained,
  },
};

async function overHttp1(url: string, path: string, ca: string): Promise<string> {
  const { status, text } = await ask(url + path, url.startsWith('https:') ? { ca } : {});
  return `${status} ${text}`;
}

async function overHttp2(url: string, path: string, ca: string): Promise<string> {
  const client = openHttp2(url, url.startsWith('https:') ? { ca } : {});
  const { status, text } = await client.ask({ ':path': path });
  client.session.destroy();
  return `${status} ${text}`;
}

async function overSocket(url: string, path: string, ca: string): Promise<string> {
  const client = await openClient(url + path, ca === '' ? {} : { ca });
  if ('refusal' in client) return client.refusal;
  const text = `101 ${await client.hear()}`;
  client.socket.terminate();
  return text;
}

async function overGrpc(url: string, path: string, ca: string): Promise<string> {
  const client = openChannel(url, ca);
  const { messages, code, details } = await askCall(client, path, Buffer.of(7));
  client.close();
  return `${code} ${code === 0 ? messages.join() : details}`;
}

function recordedCall(tls: boolean): Promise<readonly StoredExchange[]> {
  return recordCalls({
    tls,
    service: { Place: method('/shop.v1.Shop/Place') },
    implementation: { Place: (call: { request: Buffer }, reply: sendUnaryData<Buffer>) => reply(null, call.request) },
    call: (client) => askCall(client, '/shop.v1.Shop/Place', Buffer.of(7)),
  });
}

let server: MockServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function serving(exchanges: readonly StoredExchange[], options: MockServerOptions = {}): Promise<MockServer> {
  server = await startMocks(mocksFrom(exchanges), options);
  return server;
}

const portOf = ({ urls }: MockServer): string => urls.get('payments:8080') ?? '';

describe.each(hosts.map((host) => [host.name, host] as const))('the host of %s', (name, host) => {
  const { recorded, asks, answer, miss, fault, carriages } = samples[name];

  describe.each(carriages)('over %s', (_carriage, tls, told) => {
    it('answers with the mock that was recorded, and counts it', async () => {
      const mocks = await serving(await recorded(tls));
      expect(await told(portOf(mocks), asks.answered, mocks.ca)).toBe(answer);
      expect(mocks.served()).toMatchObject({ exact: 1, missed: 0 });
      expect(mocks.unused().mocks).toEqual([]);
    });

    it('explains a miss, which fails the run', async () => {
      const mocks = await serving(await recorded(tls));
      expect(await told(portOf(mocks), asks.unanswered, mocks.ca)).toMatch(miss);
      expect([mocks.failed(), mocks.misses().length]).toEqual([true, 1]);
    });

    it('has what it throws answered 500, and goes on', async () => {
      const faulty: MockHost = {
        ...host,
        takes: ({ target }) => target === '/fault',
        open: () => ({
          serve() {
            throw new Error('a fault of ours');
          },
          close: () => undefined,
        }),
      };
      const mocks = await serving(await recorded(tls), { hosts: [faulty, ...hosts] });
      expect(await told(portOf(mocks), '/fault', mocks.ca)).toMatch(fault);
      expect(mocks.faults().map(({ message }) => message)).toEqual(['a fault of ours']);
      expect(await told(portOf(mocks), asks.answered, mocks.ca)).toBe(answer);
    });
  });

  it('never answers with mocks of another host', async () => {
    const set = mocksFrom(await recorded(false));
    const others = set.mocks.map((mock) => ({ ...mock, host: 'another' as HostName }));
    server = await startMocks({ ...set, mocks: others });
    const told = carriages[0]?.[2] ?? overHttp1;
    expect(await told(portOf(server), asks.answered, '')).toMatch(miss);
    expect(server.misses()[0]?.nearest).toEqual([]);
  });
});

it('a request is for the first host that takes it, and the last takes every one', async () => {
  const stubborn: MockHost = {
    name: 'http',
    takes: (asked) => asked.header('x-mine') !== undefined,
    open: () => ({ serve: ({ reply }) => reply.fail('closed'), close: () => undefined }),
  };
  const mocks = await serving(await samples.http.recorded(false), { hosts: [stubborn, ...hosts] });
  expect(await overHttp1(portOf(mocks), '/a', '')).toBe('200 whole');
});
