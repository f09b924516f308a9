/** Handshakes that no mock answers, sent on to the real upstream, and the conversations that follow. */
import { createServer, type Server } from 'node:net';
import { mocksFrom } from '../../../replayer/mocks/mock';
import { type MockServer, startMocks } from '../../../replayer/mocks/server';
import { calls } from '../../support/mocks';
import { type Listening, listen } from '../../support/recorded-http';
import { listenForSockets } from '../../support/recorded-socket';
import { type Client, openClient, openConversation, socketCall } from '../../support/socket-client';
import { openStream, type StreamClient } from '../../support/socket-over-http2';

let server: MockServer | undefined;
const upstreams: { close(): Promise<void> }[] = [];
const clients: { close(): void }[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server?.close();
  server = undefined;
  await Promise.all(upstreams.splice(0).map((each) => each.close()));
});

async function upstream(...behaviour: Parameters<typeof listenForSockets>): Promise<Listening> {
  const service = await listenForSockets(...behaviour);
  upstreams.push(service);
  return service;
}

/** Mocks of an upstream of which one conversation was recorded, on another path than is asked for. */
async function mocksOf(url: string): Promise<{ readonly url: string; readonly mocks: MockServer }> {
  const fields = [['Sec-WebSocket-Protocol', 'a']] as const;
  const recorded = socketCall([['server', 'recorded']], { host: new URL(url).host, fields });
  server = await startMocks(mocksFrom([recorded]), { onMiss: 'passthrough' });
  return { url: [...server.urls.values()][0] ?? '', mocks: server };
}

const overHttp1 = async (url: string, path: string): Promise<Client> => {
  const client = await openConversation(`${url}${path}`, { protocols: ['a', 'b'], headers: { 'X-Tenant': 'red' } });
  clients.push({ close: () => client.socket.terminate() });
  return client;
};
const overHttp2 = async (url: string, path: string): Promise<StreamClient> => {
  const headers = [
    ['sec-websocket-protocol', 'a, b'],
    ['x-tenant', 'red'],
  ] as const;
  const client = await openStream(url, { path, headers });
  clients.push(client);
  return client;
};

describe.each([
  ['HTTP/1.1', overHttp1],
  ['HTTP/2', overHttp2],
])('a client over %s', (_version, open) => {
  it('holds its conversation with the upstream, as long as both like', async () => {
    const seen: unknown[] = [];
    const { url: at } = await upstream((socket, { url: path, httpVersion, headers }) => {
      seen.push([path, httpVersion, headers['x-tenant'], headers.host]);
      socket.on('message', (data, isBinary) => {
        if (String(data) === 'bye') socket.close(4001, 'enough');
        else socket.send(data, { binary: isBinary });
      });
    });
    const { url, mocks } = await mocksOf(at);
    const { socket, hear } = await open(url, '/live?x=1');
    socket?.send('hello');
    expect(await hear()).toBe('hello');
    socket?.send(Buffer.alloc(3_000_000, 7));
    expect((await hear()).length).toBe(2 + 6_000_000);
    socket?.send('bye');
    expect(await hear()).toBe('closed 4001 enough');
    expect(seen).toEqual([['/live?x=1', '1.1', 'red', new URL(at).host]]);
    expect([mocks.misses().length, mocks.misses()[0]?.answeredWith, mocks.failed()]).toEqual([1, 'upstream', false]);
  });

  it('still gets what was recorded from the mock', async () => {
    const { url: at } = await upstream((socket) => socket.send('live'));
    const { url } = await mocksOf(at);
    expect(await (await open(url, '/chat')).hear()).toBe('recorded');
    expect(await (await open(url, '/live')).hear()).toBe('live');
  });

  it('that leaves is left by the upstream, and the other way round', async () => {
    const left = Promise.withResolvers<number>();
    const { url: at } = await upstream((socket, { url: path }) => {
      socket.on('close', left.resolve);
      if (path === '/cut') socket.terminate();
    });
    const { url } = await mocksOf(at);
    expect(await (await open(url, '/cut')).hear()).toBe('closed 1006');
    const { socket } = await open(url, '/live');
    socket?.terminate();
    expect(await left.promise).toBe(1006);
  });

  it('is cut off when the mocks are closed', async () => {
    const { url: at } = await upstream((socket) => socket.send('live'));
    const { url, mocks } = await mocksOf(at);
    const { hear } = await open(url, '/live');
    await hear();
    await mocks.close();
    expect(await hear()).toBe('closed 1006');
  });
});

it('is told the extension and the subprotocol the upstream agreed to', async () => {
  const { url: at } = await upstream((socket) => socket.send('x'.repeat(5000)), undefined, {
    perMessageDeflate: { threshold: 0 },
  });
  const { url } = await mocksOf(at);
  const client = await overHttp1(url, '/live');
  expect([client.socket.protocol, client.socket.extensions]).toEqual(['a', 'permessage-deflate']);
  expect(await client.hear()).toBe('x'.repeat(5000));
});

it('is told that the upstream refuses, over both versions', async () => {
  const service = await listen((_request, response) => void response.end());
  service.server.on('upgrade', (_request, socket) => {
    socket.end('HTTP/1.1 403 Forbidden\r\nX-Why: because\r\nContent-Length: 2\r\n\r\nno');
  });
  upstreams.push(service);
  const { url } = await mocksOf(service.url);
  expect(await openClient(`${url}/live`)).toEqual({ refusal: '403 no' });
  const client = await overHttp2(url, '/live');
  expect([client.status, client.body, client.fields]).toEqual([
    403,
    'no',
    expect.arrayContaining([['x-why', 'because']]),
  ]);
});

it('is passed on where only a refused handshake was recorded', async () => {
  const { url: at } = await upstream((socket) => socket.send('live'));
  const requestHeaders = [
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
  ] as const;
  const refused = calls({ host: new URL(at).host, target: '/live?a=1', requestHeaders, status: 403 });
  server = await startMocks(mocksFrom(refused), { onMiss: 'passthrough' });
  const [url = ''] = server.urls.values();
  expect(await (await overHttp1(url, '/live?a=2')).hear()).toBe('live');
});

it('is told where the upstream is not there', async () => {
  const gone = await new Promise<Server>((resolve) => {
    const opened = createServer().listen(0, '127.0.0.1', () => resolve(opened));
  });
  const { port } = gone.address() as { port: number };
  await new Promise((resolve) => gone.close(resolve));
  const { url } = await mocksOf(`http://127.0.0.1:${port}`);
  expect(await openClient(`${url}/live`)).toMatchObject({
    refusal: expect.stringMatching(/^502 [\s\S]*PASSTHROUGH_FAILED/),
  });
});
