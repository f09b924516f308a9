/** Recorded conversations as mocks, held by real clients: ws, and the WebSocket of Node.js. */
import { formatMiss } from '../../../replayer/mocks/match/miss';
import { mocksFrom } from '../../../replayer/mocks/mock';
import { type MockServer, type MockServerOptions, startMocks } from '../../../replayer/mocks/server';
import { parseNoiseRules } from '../../../replayer/noise/rules';
import { createRedactor } from '../../../tape/redact/redactor';
import type { StoredExchange } from '../../../tape/store/tape';
import { expectGolden } from '../../support/golden';
import { ask, calls } from '../../support/mocks';
import { type Client, type Line, openClient, openConversation, socketCall } from '../../support/socket-client';

let server: MockServer | undefined;
const clients: Client[] = [];

afterEach(async () => {
  for (const { socket } of clients.splice(0)) socket.terminate();
  await server?.close();
  server = undefined;
});

async function serving(
  exchanges: readonly StoredExchange[],
  options: MockServerOptions = {},
  serve: 'inbound' | 'outbound' = 'outbound',
): Promise<{ readonly url: string; readonly mocks: MockServer }> {
  server = await startMocks(mocksFrom(exchanges, { serve }), options);
  return { url: [...server.urls.values()][0] ?? '', mocks: server };
}

async function talk(...opening: Parameters<typeof openConversation>): Promise<Client> {
  const client = await openConversation(...opening);
  clients.push(client);
  return client;
}

const json = JSON.stringify;
const closing = (code: number | null, reason = '') => ({ kind: 'close', facts: { code, reason } });
const tickets: readonly Line[] = [
  ['server', 'welcome'],
  ['client', json({ type: 'join', room: 'red' })],
  ['server', json({ type: 'joined' })],
  ['server', json({ type: 'tick', n: 1 })],
  ['client', json({ type: 'open', title: 'tea' })],
  ['server', json({ type: 'opened', id: 7 })],
  ['client', Buffer.of(0, 1, 2)],
  ['server', Buffer.of(2, 1, 0)],
  ['client', json({ type: 'bye' })],
  ['server', '', closing(1000, 'see you')],
];

async function visit({ socket, hear }: Client): Promise<readonly string[]> {
  const heard = [await hear()];
  socket.send(json({ room: 'red', type: 'join' }));
  heard.push(await hear(), await hear());
  socket.send(json({ type: 'open', title: 'tea' }));
  heard.push(await hear());
  socket.send(Buffer.of(0, 1, 2));
  heard.push(await hear());
  socket.send(json({ type: 'bye' }));
  heard.push(await hear());
  return heard;
}

const said = [
  'welcome',
  json({ type: 'joined' }),
  json({ type: 'tick', n: 1 }),
  json({ type: 'opened', id: 7 }),
  '0x020100',
  'closed 1000 see you',
];

describe('a mocked conversation', () => {
  it('says each message after what was said before it, and closes as recorded', async () => {
    const { url, mocks } = await serving([socketCall(tickets)]);
    expect(await visit(await talk(`${url}/chat`))).toEqual(said);
    expect([mocks.served(), mocks.misses(), mocks.failed()]).toEqual([
      { exact: 1, noise: 0, moment: 0, refused: 0, missed: 0 },
      [],
      false,
    ]);
  });

  it('goes over TLS, by Host on the one port, through the proxy, and for the service itself', async () => {
    const { url, mocks } = await serving([socketCall(tickets, { tls: true })]);
    expect(await visit(await talk(`${url}/chat`, { ca: mocks.ca }))).toEqual(said);
    expect(await visit(await talk(`${mocks.url}/chat`, { headers: { Host: 'payments:8080' } }))).toEqual(said);
    await mocks.close();
    const inbound = await serving([socketCall(tickets, { direction: 'inbound' })], {}, 'inbound');
    expect(await visit(await talk(`${inbound.url}/chat`, { headers: { Host: 'any.test' } }))).toEqual(said);
  });

  it('is held by the WebSocket of Node.js', async () => {
    const { url } = await serving([socketCall(tickets.slice(0, 3))]);
    const socket = new globalThis.WebSocket(`${url.replace('http', 'ws')}/chat`);
    const heard: string[] = [];
    await new Promise<void>((resolve, reject) => {
      socket.onerror = () => reject(new Error('the mock was not understood'));
      socket.onmessage = ({ data }) => {
        heard.push(String(data));
        if (heard.length === 1) socket.send(json({ type: 'join', room: 'red' }));
        else resolve();
      };
    });
    const closed = new Promise<number>((resolve) => {
      socket.onclose = ({ code }) => resolve(code);
    });
    socket.close(1000);
    expect([heard, await closed]).toEqual([['welcome', json({ type: 'joined' })], 1000]);
  });

  it('agrees to what was agreed to: subprotocol, compression, fields', async () => {
    const fields = [
      ['Sec-WebSocket-Protocol', 'b'],
      ['Sec-WebSocket-Extensions', 'permessage-deflate'],
      ['X-Node', 'seven'],
    ] as const;
    const { url } = await serving([socketCall(tickets, { fields })], { mark: true });
    const client = await talk(`${url}/chat`, { protocols: ['a', 'b'] });
    expect([client.socket.protocol, client.socket.extensions]).toEqual(['b', 'permessage-deflate']);
    expect(client.fields).toContainEqual(['X-Node', 'seven']);
    expect(client.fields).toContainEqual(['wiretape-mock', 'exact; exchange=1']);
    expect(await visit(client)).toEqual(said);
    const plain = await talk(`${url}/chat`, { perMessageDeflate: false });
    expect([plain.socket.protocol, plain.socket.extensions]).toEqual(['', '']);
  });

  it('is the next one of several with the same request, and the last one again', async () => {
    const greeting = (id: string) => socketCall([['server', `hello ${id}`]], { id });
    const { url, mocks } = await serving(['1', '2'].map(greeting));
    const heard: string[] = [];
    for (let i = 0; i < 3; i++) heard.push(await (await talk(`${url}/chat`)).hear());
    expect(heard).toEqual(['hello 1', 'hello 2', 'hello 2']);
    expect(mocks.unused().mocks).toEqual([]);
  });

  it('does not mix up fifty at once', async () => {
    const conversations = Array.from({ length: 50 }, (_, i) =>
      socketCall(
        [
          ['client', `ask ${i}`],
          ['server', `answer ${i}`],
          ['client', 'more'],
          ['server', `more ${i}`],
        ],
        { id: String(i + 1), target: `/chat?who=${i}` },
      ),
    );
    const { url, mocks } = await serving(conversations);
    const heard = await Promise.all(
      conversations.map(async (_, i) => {
        const { socket, hear } = await talk(`${url}/chat?who=${i}`);
        socket.send(`ask ${i}`);
        const first = await hear();
        socket.send('more');
        return [first, await hear()];
      }),
    );
    expect(heard).toEqual(conversations.map((_, i) => [`answer ${i}`, `more ${i}`]));
    expect(mocks.served().exact).toBe(50);
  });

  it('answers a message that comes again as it was answered', async () => {
    const beat: readonly Line[] = [
      ['client', 'ping'],
      ['server', 'pong'],
    ];
    const { url, mocks } = await serving([socketCall([...beat, ['client', 'bye'], ['server', '', closing(1000)]])]);
    const { socket, hear } = await talk(`${url}/chat`);
    for (let i = 0; i < 3; i++) {
      socket.send('ping');
      expect(await hear()).toBe('pong');
    }
    socket.send('bye');
    expect([await hear(), mocks.failed()]).toEqual(['closed 1000', false]);
  });

  it('waits with each message as long as was recorded, when asked to', async () => {
    const { url } = await serving(
      [
        socketCall(
          [
            ['client', 'go'],
            ['server', 'on'],
            ['server', 'and on'],
          ],
          { gapUs: 30_000 },
        ),
      ],
      {
        latency: 'recorded',
      },
    );
    const { socket, hear } = await talk(`${url}/chat`);
    const startedAt = performance.now();
    socket.send('go');
    expect([await hear(), await hear()]).toEqual(['on', 'and on']);
    expect(performance.now() - startedAt).toBeGreaterThan(55); // never sooner than two gaps
  });

  it('takes ten megabytes, and gives them back', async () => {
    const large = 'ten megabytes '.repeat(750_000);
    const { url } = await serving([
      socketCall([
        ['client', large],
        ['server', large],
      ]),
    ]);
    const { socket, hear } = await talk(`${url}/chat`);
    socket.send(large);
    expect((await hear()).length).toBe(large.length);
  });

  it('lets the client close, whoever closed in the recording', async () => {
    const { url, mocks } = await serving([socketCall([...tickets.slice(0, 1), ['client', '', closing(1000)]])]);
    const { socket, hear } = await talk(`${url}/chat`);
    await hear();
    socket.close(3001, 'enough');
    expect([await hear(), mocks.failed()]).toEqual(['closed 3001 enough', false]);
  });
});

describe('a message', () => {
  const id = '9b2f4c1e-7d3a-4e88-9c11-5a6b7c8d9e0f';
  const other = 'f47ac10b-58cc-4372-a567-0e02b2c3d479';
  const order: readonly Line[] = [
    ['client', json({ type: 'order', id, amount: 5 })],
    ['server', 'taken'],
    ['client', json({ type: 'cancel', id })],
    ['server', 'cancelled'],
  ];

  it('may differ in what clients make anew, and stands by it', async () => {
    const { url, mocks } = await serving([socketCall(order)]);
    const { socket, hear } = await talk(`${url}/chat`);
    socket.send(json({ type: 'order', id: other, amount: 5 }));
    expect(await hear()).toBe('taken');
    socket.send(json({ type: 'cancel', id: other }));
    expect([await hear(), mocks.failed()]).toEqual(['cancelled', false]);
  });

  it('that was not recorded is a miss: what is nearest is told, and the conversation ends', async () => {
    const { url, mocks } = await serving([socketCall(order)]);
    const { socket, hear } = await talk(`${url}/chat`);
    socket.send(json({ type: 'order', id: other, amount: 6 }));
    expect(await hear()).toBe('closed 4502 wiretape: no mock answers this message');
    expect(mocks.failed()).toBe(true);
    expect(mocks.misses()).toMatchObject([
      {
        message: `Cannot answer the text {"type":"order","id":"${other}",… on GET http://payments:8080/chat: no mock matches`,
        answeredWith: '502',
        nearest: [
          {
            exchange: '1',
            differences: [
              { path: 'message[0].body.amount', kind: 'changed', expected: 5, actual: 6, excusedBy: null },
              { path: 'message[0].body.id', excusedBy: 'identity' },
            ],
            rules: [
              `- { in: request, path: 'message[*].body.amount', match: 'GET payments:8080/chat', because: "say why it may differ" }`,
            ],
          },
          {},
        ],
      },
    ]);
    expectGolden(
      'mocks/expected/message.txt',
      mocks
        .misses()
        .map((miss) => formatMiss(miss, 'shop.tape'))
        .join('\n'),
    );
  });

  it('may differ where a rule says so', async () => {
    const rules = parseNoiseRules(
      `- { in: request, path: 'message[*].body.amount', match: 'GET payments:8080/chat', because: "it moves" }`,
      'noise.yaml',
    );
    const { url, mocks } = await serving([socketCall(order)], { rules });
    const { socket, hear } = await talk(`${url}/chat`);
    socket.send(json({ type: 'order', id, amount: 6 }));
    expect([await hear(), mocks.failed()]).toEqual(['taken', false]);
  });

  it('in bytes is not the same as in a text', async () => {
    const { url, mocks } = await serving([
      socketCall([
        ['client', 'go'],
        ['server', 'on'],
      ]),
    ]);
    const { socket, hear } = await talk(`${url}/chat`);
    socket.send(Buffer.from('go'));
    expect(await hear()).toMatch(/^closed 4502/);
    expect(mocks.misses()[0]?.nearest[0]?.differences).toMatchObject([{ path: 'message[0].kind', actual: 'binary' }]);
  });

  it('that was not recorded is passed over where misses are allowed', async () => {
    const { url, mocks } = await serving([socketCall(order)], { onMiss: '404' });
    const { socket, hear } = await talk(`${url}/chat`);
    socket.send('what?');
    socket.send(json({ type: 'order', id, amount: 5 }));
    expect([await hear(), mocks.failed(), mocks.misses().length]).toEqual(['taken', false, 1]);
  });

  it('is redacted before it is compared and told', async () => {
    const key = Buffer.alloc(32, 7);
    const redactor = createRedactor({ key });
    const login = (password: string) => json({ type: 'login', password });
    const live = socketCall([
      ['client', login('correct horse battery')],
      ['server', 'in'],
    ]);
    const { exchange, entries } = redactor.redact(live.exchange);
    const { url, mocks } = await serving([{ ...live, exchange, redacted: entries }], { redactor, keyed: true });
    const { socket, hear } = await talk(`${url}/chat`);
    socket.send(login('correct horse battery'));
    expect(await hear()).toBe('in');
    socket.send(json({ type: 'login', password: 'another one entirely', again: 1 }));
    expect(await hear()).toMatch(/^closed 4502/);
    expect(json(mocks.misses())).not.toContain('another one');
  });

  it('of the server with a code that must not be sent closes without one', async () => {
    const { url, mocks } = await serving([socketCall([['server', '', closing(1015, 'no TLS')]])]);
    const { hear } = await talk(`${url}/chat`);
    expect([await hear(), mocks.faults()]).toEqual(['closed 1005', []]);
  });

  it('that is no frame ends that conversation, and no other', async () => {
    const { url, mocks } = await serving([socketCall(tickets)]);
    const bad = await talk(`${url}/chat`);
    await bad.hear();
    (bad.socket as unknown as { _socket: { write(bytes: Buffer): void } })._socket.write(Buffer.alloc(20, 0xff));
    expect(await bad.hear()).toMatch(/^closed 100/);
    expect(await visit(await talk(`${url}/chat`))).toEqual(said);
    expect(mocks.faults()).toEqual([]);
  });
});

describe('a handshake', () => {
  it('that no conversation was recorded of is a miss', async () => {
    const { url, mocks } = await serving([socketCall(tickets)]);
    expect(await openClient(`${url}/other`)).toMatchObject({ refusal: expect.stringMatching(/^502 [\s\S]*MOCK_MISS/) });
    expect(mocks.misses()[0]).toMatchObject({ answeredWith: '502', nearest: [{ exchange: '1' }] });
    expect(mocks.failed()).toBe(true);
  });

  it('that was refused in the recording is refused', async () => {
    const upgrade = [
      ['Upgrade', 'websocket'],
      ['Connection', 'Upgrade'],
    ] as const;
    const refused = calls({ target: '/chat', requestHeaders: upgrade, status: 403, responseBody: 'not you' });
    const { url, mocks } = await serving(refused);
    expect(await openClient(`${url}/chat`)).toEqual({ refusal: '403 not you' });
    expect([mocks.served().exact, mocks.failed()]).toEqual([1, false]);
  });

  it('for another protocol than WebSocket is a request like any other', async () => {
    const { url } = await serving(calls({ target: '/a', responseBody: 'as ever' }));
    const seen = await ask(`${url}/a`, { headers: { Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c' } });
    expect([seen.status, seen.text]).toEqual([200, 'as ever']);
  });

  it('that is none is answered 400', async () => {
    const { url } = await serving([socketCall(tickets)]);
    const seen = await ask(`${url}/chat`, { headers: { Connection: 'Upgrade', Upgrade: 'websocket' } });
    expect(seen.status).toBe(400);
  });
});

it('leaves no conversation open when it is closed', async () => {
  const { url, mocks } = await serving([socketCall(tickets)]);
  const { hear } = await talk(`${url}/chat`);
  await hear();
  await mocks.close();
  expect(await hear()).toBe('closed 1006');
});
