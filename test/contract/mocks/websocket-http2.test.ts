/** Recorded conversations as mocks, held over HTTP/2 (RFC 8441), whichever version they were recorded over. */
import { mocksFrom } from '../../../replayer/mocks/mock';
import { type MockServer, type MockServerOptions, startMocks } from '../../../replayer/mocks/server';
import type { StoredExchange } from '../../../tape/store/tape';
import { calls } from '../../support/mocks';
import { type Line, openConversation, socketCall } from '../../support/socket-client';
import { type Asking, asOverHttp2, openStream, type StreamClient } from '../../support/socket-over-http2';

let server: MockServer | undefined;
const clients: StreamClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server?.close();
  server = undefined;
});

async function serving(
  exchanges: readonly StoredExchange[],
  options: MockServerOptions = {},
): Promise<{ readonly url: string; readonly mocks: MockServer }> {
  server = await startMocks(mocksFrom(exchanges), options);
  return { url: [...server.urls.values()][0] ?? '', mocks: server };
}

async function talk(url: string, asking?: Asking): Promise<StreamClient> {
  const client = await openStream(url, asking);
  clients.push(client);
  return client;
}

const closing = (code: number | null, reason = '') => ({ kind: 'close', facts: { code, reason } });
const lines: readonly Line[] = [
  ['server', 'welcome'],
  ['client', '{"room":"red"}'],
  ['server', Buffer.alloc(100_000, 7)],
  ['client', 'bye'],
  ['server', '', closing(1000, 'see you')],
];

async function visit({ socket, hear }: Pick<StreamClient, 'socket' | 'hear'>): Promise<readonly string[]> {
  const heard = [await hear()];
  socket?.send('{"room":"red"}');
  heard.push(`${(await hear()).length}`);
  socket?.send('bye');
  return [...heard, await hear()];
}

const said = ['welcome', `${2 + 2 * 100_000}`, 'closed 1000 see you'];

describe.each([
  ['HTTP/1.1', (stored: StoredExchange) => stored],
  ['HTTP/2', (stored: StoredExchange) => asOverHttp2(stored)],
])('a conversation recorded over %s', (_version, recorded) => {
  it('is held over HTTP/2', async () => {
    const { url, mocks } = await serving([recorded(socketCall(lines))]);
    const client = await talk(url);
    expect([client.status, await visit(client)]).toEqual([200, said]);
    expect([mocks.served().exact, mocks.misses(), mocks.failed()]).toEqual([1, [], false]);
  });

  it('is held over HTTP/1.1', async () => {
    const { url } = await serving([recorded(socketCall(lines))]);
    const { socket, hear } = await openConversation(`${url}/chat`);
    expect(await visit({ socket, hear })).toEqual(said);
  });
});

it('goes over TLS, and by :authority on the one port', async () => {
  const { url, mocks } = await serving([socketCall(lines, { tls: true })]);
  expect(await visit(await talk(url.replace('127.0.0.1', 'localhost'), { ca: mocks.ca }))).toEqual(said);
  expect(await visit(await talk(mocks.url, { authority: 'payments:8080' }))).toEqual(said);
});

it('agrees to what was agreed to, in the fields of HTTP/2', async () => {
  const fields = [
    ['Sec-WebSocket-Protocol', 'b'],
    ['X-Node', 'seven'],
  ] as const;
  const { url } = await serving([socketCall(lines, { fields })], { mark: true });
  const client = await talk(url, { headers: [['sec-websocket-protocol', 'a, b']] });
  expect(client.fields.toSorted()).toEqual([
    [':status', '200'],
    ['sec-websocket-protocol', 'b'],
    ['wiretape-mock', 'exact; exchange=1'],
    ['x-node', 'seven'],
  ]);
});

it('does not mix up fifty on one connection each', async () => {
  const conversations = Array.from({ length: 50 }, (_, i) => {
    const own: readonly Line[] = [
      ['client', `ask ${i}`],
      ['server', `answer ${i}`],
    ];
    return socketCall(own, { id: String(i + 1), target: `/chat?who=${i}` });
  });
  const { url } = await serving(conversations);
  const heard = await Promise.all(
    conversations.map(async (_, i) => {
      const { socket, hear } = await talk(url, { path: `/chat?who=${i}` });
      socket?.send(`ask ${i}`);
      return hear();
    }),
  );
  expect(heard).toEqual(conversations.map((_, i) => `answer ${i}`));
});

it('a message that was not recorded ends the conversation', async () => {
  const { url, mocks } = await serving([socketCall(lines)]);
  const { socket, hear } = await talk(url);
  await hear();
  socket?.send('what?');
  expect([await hear(), mocks.failed()]).toEqual(['closed 4502 wiretape: no mock answers this message', true]);
});

it('a handshake that was not recorded is a miss', async () => {
  const { url, mocks } = await serving([socketCall(lines)]);
  const client = await talk(url, { path: '/other' });
  expect([client.status, client.body]).toEqual([502, expect.stringContaining('MOCK_MISS')]);
  expect(mocks.misses()).toMatchObject([{ nearest: [{ exchange: '1' }] }]);
});

it.each([
  ['HTTP/1.1', (stored: StoredExchange) => stored],
  ['HTTP/2', (stored: StoredExchange) => asOverHttp2(stored)],
])('a handshake that was refused over %s in the recording is refused', async (_version, recorded) => {
  const upgrade = [
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
  ] as const;
  const [refused] = calls({ target: '/chat', requestHeaders: upgrade, status: 403, responseBody: 'not you' });
  const { url, mocks } = await serving(refused === undefined ? [] : [recorded(refused)]);
  const client = await talk(url);
  expect([client.status, client.body, mocks.failed()]).toEqual([403, 'not you', false]);
});

it('another protocol than WebSocket is answered 501', async () => {
  const { url, mocks } = await serving([socketCall(lines)]);
  const client = await talk(url, { protocol: 'connect-udp' });
  expect([client.status, mocks.faults()]).toEqual([501, []]);
});

it('a handshake of a version nobody speaks is answered 400', async () => {
  const { url } = await serving([socketCall(lines)]);
  const client = await talk(url, { headers: [['sec-websocket-version', '7']] });
  expect(client.status).toBe(400);
});

it('leaves no conversation open when it is closed', async () => {
  const { url, mocks } = await serving([socketCall(lines)]);
  const { hear } = await talk(url);
  await hear();
  await mocks.close();
  expect(await hear()).toMatch(/^closed 1006/);
});
