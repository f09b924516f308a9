/**
 * Generated handlers under the real msw 2 and 3, in Node.js and in a page of Chromium: what was recorded is answered again,
 * in its order, and what was not recorded is left to msw.
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { mswGenerator } from '../../../replayer/generate/msw';
import type { Message } from '../../../tape/model/message';
import { httpOf } from '../../../tape/model/registry';
import type { StoredExchange } from '../../../tape/store/tape';
import { type ExchangeSketch, recordedAtUs, storedExchanges } from '../../support/exchanges';
import { chromium, describeGenerated, generatedPackages, writeFiles } from '../../support/generated';
import { apps } from '../../support/programs';
import { connectionOf, exchangeOf, requestOf, responseOf } from '../../support/tapes';

jest.setTimeout(120_000); // a bundle and a browser take their time on a busy machine

const folder = mkdtempSync(join(tmpdir(), 'wiretape-msw-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ask {
  readonly kind?: 'rewind' | 'talk' | 'wait';
  readonly method?: string;
  readonly url?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string;
  readonly form?: readonly unknown[];
  readonly lines?: readonly { readonly after: number; readonly say: string }[];
  readonly meanwhile?: Ask;
}

const host = 'payments:8080';
const url = (target: string): string => `http://${host}${target}`;
const jsonType = [['Content-Type', 'application/json']] as const;
const base64 = (text: string | Uint8Array): string => Buffer.from(text).toString('base64');
const post = (target: string, body: unknown): Ask => {
  return { method: 'POST', url: url(target), headers: jsonType, body: base64(JSON.stringify(body)) };
};
const answer = (status: number, body: string | Uint8Array, headers: Record<string, string> = {}) => {
  return { status, body: base64(body), headers: expect.objectContaining(headers) };
};
const json = (value: unknown, status = 200) =>
  answer(status, JSON.stringify(value), { 'content-type': 'application/json' });
const unhandled = { error: true };
const filesFor = (exchanges: readonly StoredExchange[]) =>
  mswGenerator.files(exchanges, {
    tapeName: 'shop.tape',
    settings: {},
    noise: null,
    redact: null,
    protoFiles: new Map(),
  });
const large = Array.from({ length: 300 }, (_, i) => ({ id: i, name: `Item number ${i}` }));
const image = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 255, 254, 1]);
const orderA = '0b6a8c7a-7f10-4d2b-9a3e-5f9d4c534d2b';
const orderB = '7d3f1c2e-5a64-4b8e-8c1d-2e3f4a5b6c7d';
const fresh = 'c1c7a9f0-2f6e-4a55-9a3b-0a1b2c3d4e5f';

/** What is recorded, and what is then asked and has to come: one table, so that each case is in sight as a whole. */
const cases: Readonly<
  Record<string, { recorded: readonly ExchangeSketch[]; asks: readonly (readonly [Ask, unknown])[] }>
> = {
  'several answers to one request come in recorded order, the last one for good, until it is rewound': {
    recorded: [
      { target: '/rates?currency=EUR&at=now', responseBody: { rate: 1 } },
      { target: '/rates?at=now&currency=EUR', responseBody: { rate: 2 } },
    ],
    asks: [
      [{ url: url('/rates?at=now&currency=EUR') }, json({ rate: 1 })],
      [{ url: url('/rates?currency=EUR&at=now') }, json({ rate: 2 })],
      [{ url: url('/rates?currency=EUR&at=now') }, json({ rate: 2 })],
      [{ kind: 'rewind' }, null],
      [{ url: url('/rates?currency=EUR&at=now') }, json({ rate: 1 })],
    ],
  },
  'what was not recorded is unhandled: another query, path, case, method or host': {
    recorded: [{ target: '/stock?item=1', responseBody: { left: 3 } }],
    asks: [
      [{ url: url('/stock?item=1') }, json({ left: 3 })],
      [{ url: url('/stock?item=2') }, unhandled],
      [{ url: url('/stock') }, unhandled],
      [{ url: url('/stock?item=1&more=1') }, unhandled],
      [{ url: url('/stock/?item=1') }, unhandled],
      [{ url: url('/Stock?item=1') }, unhandled],
      [{ url: url('/stock?item=1'), method: 'DELETE' }, unhandled],
      [{ url: 'http://elsewhere:8080/stock?item=1' }, unhandled],
    ],
  },
  'bodies decide where recorded ones differ, members in any order': {
    recorded: [
      {
        method: 'POST',
        target: '/charges',
        requestBody: { amount: 1, to: 'a' },
        status: 201,
        responseBody: { id: 'one' },
      },
      {
        method: 'POST',
        target: '/charges',
        requestBody: { amount: 2, to: 'a' },
        status: 402,
        responseBody: { id: 'two' },
      },
    ],
    asks: [
      [post('/charges', { to: 'a', amount: 2 }), json({ id: 'two' }, 402)],
      [post('/charges', { to: 'a', amount: 1 }), json({ id: 'one' }, 201)],
      [post('/charges', { amount: 3, to: 'a' }), unhandled],
      [post('/charges', { amount: 1, to: 'a', more: 1 }), unhandled],
    ],
  },
  'fields that choose an answer decide where recorded ones differ in them': {
    recorded: [
      { target: '/film', requestHeaders: [['Range', 'bytes=0-1']], status: 206, responseBody: { part: 1 } },
      { target: '/film', requestHeaders: [['Range', 'bytes=2-3']], status: 206, responseBody: { part: 2 } },
      { target: '/film', responseBody: { part: 0 } },
    ],
    asks: [
      [{ url: url('/film'), headers: [['Range', 'bytes=2-3']] }, json({ part: 2 }, 206)],
      [{ url: url('/film') }, json({ part: 0 })],
      [{ url: url('/film'), headers: [['Range', 'bytes=0-1']] }, json({ part: 1 }, 206)],
      [{ url: url('/film'), headers: [['Range', 'bytes=4-5']] }, unhandled],
    ],
  },
  'bodies do not decide where recorded ones are one': {
    recorded: [{ method: 'PUT', target: '/profile', requestBody: { name: 'Ada' }, status: 204 }],
    asks: [[{ ...post('/profile', { name: 'Grace' }), method: 'PUT' }, answer(204, '')]],
  },
  'times and identifiers made anew decide nothing, those that an answer gave do': {
    recorded: [
      { target: '/orders', responseBody: [{ id: orderA }, { id: orderB }] },
      ...[orderA, orderB].map((order, i) => ({
        method: 'POST',
        target: '/pay',
        requestBody: { order, request: `${i}${fresh.slice(1)}`, at: `2026-11-20T10:00:0${i}.000Z` },
        responseBody: { paid: i, request: `${i}${fresh.slice(1)}` },
      })),
    ],
    asks: [
      [
        post('/pay', { order: orderB, request: fresh, at: '2027-01-01T00:00:00.000Z' }),
        json({ paid: 1, request: `1${fresh.slice(1)}` }),
      ],
      [
        post('/pay', { order: orderA, request: fresh, at: '2027-01-01T00:00:00.000Z' }),
        json({ paid: 0, request: `0${fresh.slice(1)}` }),
      ],
      [post('/pay', { order: fresh, request: fresh, at: '2027-01-01T00:00:00.000Z' }), unhandled],
    ],
  },
  'redacted values stand for any': {
    recorded: ['ann', 'bob'].map((name) => ({
      method: 'POST',
      target: '/login?api_key=zzkkqq&v=1',
      requestBody: { name, password: 'xwvuts' },
      responseBody: { hello: name },
      redacted: [
        { in: 'request' as const, path: 'query.api_key', rule: 'query-secret', placeholder: 'zzkkqq' },
        { in: 'request' as const, path: 'body.password', rule: 'password', placeholder: 'xwvuts' },
      ],
    })),
    asks: [
      [post('/login?v=1&api_key=live-key', { name: 'bob', password: 'hunter2' }), json({ hello: 'bob' })],
      [post('/login?v=1&api_key=live-key', { name: 'ann', password: '' }), json({ hello: 'ann' })],
      [post('/login?v=2&api_key=live-key', { name: 'ann', password: '' }), unhandled],
      [post('/login?v=1&api_key=live-key', { name: 'ann', password: 7 }), unhandled],
    ],
  },
  'operations of GraphQL are told by name and, where they differ, by variables': {
    recorded: [
      { query: 'query Orders { orders { id } }', responds: 'orders' },
      {
        query: 'query One($id: ID!) { order(id: $id) { id } }',
        operationName: 'One',
        variables: { id: 1 },
        responds: '1',
      },
      {
        query: 'query One($id: ID!) { order(id: $id) { id } }',
        operationName: 'One',
        variables: { id: 2 },
        responds: '2',
      },
      { query: '{ viewer { name } }', responds: 'viewer' },
    ].map(({ responds, ...requestBody }) => {
      return { method: 'POST', target: '/graphql', requestBody, responseBody: { data: responds } };
    }),
    asks: [
      [
        post('/graphql', { query: 'query One { order }', operationName: 'One', variables: { id: 2 } }),
        json({ data: '2' }),
      ],
      [post('/graphql', { query: '{\n  viewer {\n    name\n  }\n}' }), json({ data: 'viewer' })],
      [post('/graphql', { query: 'query Orders { orders { id total } }' }), json({ data: 'orders' })],
      [post('/graphql', { query: 'query One { order }', operationName: 'One', variables: { id: 3 } }), unhandled],
      [post('/graphql', { query: 'mutation Pay { pay }', operationName: 'Pay' }), unhandled],
    ],
  },
  'forms, files and bytes decide, whatever the boundary': {
    recorded: [
      ...['a=1&b=2', 'a=2&b=2'].map((requestBody) => ({
        method: 'POST',
        target: '/form',
        requestHeaders: [['Content-Type', 'application/x-www-form-urlencoded']] as const,
        requestBody,
        responseBody: { form: requestBody },
      })),
      ...['one', 'two'].map((text) => ({
        method: 'POST',
        target: '/upload',
        requestHeaders: [['Content-Type', 'multipart/form-data; boundary=x']] as const,
        requestBody: `--x\r\nContent-Disposition: form-data; name="kind"\r\n\r\nnote\r\n--x\r\nContent-Disposition: form-data; name="file"; filename="n.txt"\r\nContent-Type: text/plain\r\n\r\n${text}\r\n--x--\r\n`,
        responseBody: { file: text },
      })),
      ...[image, Buffer.concat([image, image])].map((requestBody, i) => ({
        method: 'POST',
        target: '/image',
        requestHeaders: [['Content-Type', 'image/png']] as const,
        requestBody,
        responseBody: { image: i },
      })),
    ],
    asks: [
      [
        {
          method: 'POST',
          url: url('/form'),
          headers: [['content-type', 'application/x-www-form-urlencoded']],
          body: base64('b=2&a=2'),
        },
        json({ form: 'a=2&b=2' }),
      ],
      [
        {
          method: 'POST',
          url: url('/upload'),
          form: [
            ['kind', 'note'],
            ['file', { text: 'two', filename: 'n.txt', type: 'text/plain' }],
          ],
        },
        json({ file: 'two' }),
      ],
      [
        {
          method: 'POST',
          url: url('/upload'),
          form: [
            ['kind', 'note'],
            ['file', { text: 'six', filename: 'n.txt', type: 'text/plain' }],
          ],
        },
        unhandled,
      ],
      [
        {
          method: 'POST',
          url: url('/image'),
          headers: [['content-type', 'image/png']],
          body: base64(Buffer.concat([image, image])),
        },
        json({ image: 1 }),
      ],
    ],
  },
  'answers keep status, fields and bytes: coded, binary, large, empty': {
    recorded: [
      {
        target: '/coded',
        responseHeaders: [
          ['Content-Encoding', 'gzip'],
          ['Content-Type', 'text/plain; charset=utf-8'],
          ['ETag', '"7"'],
        ],
        responseBody: gzipSync('grüße\n'),
      },
      { target: '/logo.png', responseHeaders: [['Content-Type', 'image/png']], responseBody: image },
      { target: '/items', responseBody: large },
      {
        target: '/moved',
        status: 404,
        responseHeaders: [
          ['Location', '/elsewhere'],
          ['Link', '<a>'],
          ['Link', '<b>'],
        ],
      },
      {
        target: '/exact',
        responseHeaders: [['Content-Type', 'application/json']],
        responseBody: '{"big":12345678901234567890}',
      },
      {
        method: 'HEAD',
        target: '/items',
        responseHeaders: [
          ['X-Total', '300'],
          ['Content-Length', '9000'],
        ],
      },
    ],
    asks: [
      [{ url: url('/coded') }, answer(200, 'grüße\n', { etag: '"7"', 'content-type': 'text/plain; charset=utf-8' })],
      [{ url: url('/logo.png') }, answer(200, image, { 'content-type': 'image/png' })],
      [{ url: url('/items') }, json(large)],
      [{ url: url('/moved') }, answer(404, '', { location: '/elsewhere', link: '<a>, <b>' })],
      [{ url: url('/exact') }, answer(200, '{"big":12345678901234567890}')],
      [{ method: 'HEAD', url: url('/items') }, answer(200, '', { 'x-total': '300' })],
    ],
  },
  'characters that patterns are made of stand for themselves': {
    recorded: [
      { target: '/v1/a:run(1)*?q=[x]', responseBody: { found: 1 } },
      { target: '/v1/a%2Fb/c', responseBody: { found: 2 } },
      { method: 'PROPFIND', target: '/files', status: 207, responseBody: { found: 3 } },
    ],
    asks: [
      [{ url: url('/v1/a:run(1)*?q=[x]') }, json({ found: 1 })],
      [{ url: url('/v1/a:stop(1)*?q=[x]') }, unhandled],
      [{ url: url('/v1/a%2fb/c') }, json({ found: 2 })],
      [{ url: url('/v1/a/b/c') }, unhandled],
      [{ method: 'PROPFIND', url: url('/files') }, json({ found: 3 }, 207)],
      [{ url: url('/files') }, unhandled],
    ],
  },
  'connections that broke are errors, and one without an answer is silence': {
    recorded: [
      { target: '/broken', response: 'none', outcome: 'reset', problems: ['no-response'] },
      { target: '/broken', responseBody: { up: true } },
      { target: '/slow', response: 'none', outcome: 'timeout', problems: ['no-response'] },
    ],
    asks: [
      [{ url: url('/broken') }, { error: true }],
      [{ url: url('/broken') }, json({ up: true })],
      [{ kind: 'wait', url: url('/slow'), meanwhile: { url: url('/broken') } }, { answered: false }],
    ],
  },
  'event streams are streams': {
    recorded: [
      {
        target: '/events',
        responseHeaders: [['Content-Type', 'text/event-stream']],
        responseBody: 'id: 1\ndata: a\n\n: note\n\ndata: b\ndata: c\n\n',
      },
    ],
    asks: [
      [
        { url: url('/events') },
        answer(200, 'id: 1\ndata: a\n\n: note\n\ndata: b\ndata: c\n\n', { 'content-type': 'text/event-stream' }),
      ],
    ],
  },
};

/** A WebSocket, as its recording tells it: the handshake, and messages with an end by the server. */
function socket(
  target: string,
  messages: readonly (readonly [Message['from'], string, string | Uint8Array])[],
): StoredExchange {
  const upgrade = [
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
  ] as const;
  const [stored] = storedExchanges({
    direction: 'outbound',
    host,
    target,
    status: 101,
    requestHeaders: upgrade,
    responseHeaders: upgrade,
  });
  if (stored === undefined) throw new Error('one sketch makes one exchange');
  const facts = (kind: string, content: string | Uint8Array) =>
    kind === 'close' ? { code: 1000, reason: String(content) } : {};
  const told = messages.map(([from, kind, content], i): Message => {
    const bytes = kind === 'close' ? new Uint8Array(0) : Buffer.from(content);
    const at = recordedAtUs + i;
    return {
      from,
      kind,
      startedAtUs: at,
      endedAtUs: at,
      facts: facts(kind, content),
      body: { bytes, codings: [], wireSize: bytes.length },
    };
  });
  const { request = null, response = null } = httpOf(stored.exchange) ?? {};
  const content = { request, response, requestSize: 0, responseSize: 0 };
  const exchange = { ...stored.exchange, protocol: 'websocket' as const, content, messages: told };
  return { ...stored, id: `ws-${target.length}-${messages.length}`, exchange };
}

const sockets = [
  socket('/chat?room=1', [
    ['server', 'text', 'welcome'],
    ['client', 'text', 'hi'],
    ['client', 'ping', ''],
    ['server', 'text', 'hi "yourself"'],
    ['server', 'binary', Uint8Array.of(0, 255)],
    ['client', 'text', 'bye'],
    ['server', 'close', 'done'],
  ]),
  socket('/chat?room=1', [
    ['server', 'text', 'welcome back'],
    ['server', 'close', 'full'],
  ]),
];
const talks: readonly (readonly [Ask, unknown])[] = [
  [
    {
      kind: 'talk',
      url: `ws://${host}/chat?room=1`,
      lines: [
        { after: 1, say: 'hi' },
        { after: 3, say: 'bye' },
      ],
    },
    { heard: ['welcome', 'hi "yourself"', [0, 255]], code: 1000, reason: 'done' },
  ],
  [
    { kind: 'talk', url: `ws://${host}/chat?room=1`, lines: [] },
    { heard: ['welcome back'], code: 1000, reason: 'full' },
  ],
];

const sketches = Object.values(cases).flatMap(({ recorded }) => recorded);
const exchanges = [
  ...storedExchanges(...sketches.map((sketch) => ({ direction: 'outbound' as const, host, ...sketch }))),
  ...sockets,
];
const named: readonly (readonly [string, readonly (readonly [Ask, unknown])[]])[] = [
  ...Object.entries(cases).map(([name, { asks }]) => [name, asks] as const),
  ['a WebSocket is told again, one recorded connection after another', talks],
];
const asks = named.flatMap(([, all]) => all.map(([ask]) => ask));

const places = {
  'msw 2 in Node.js': { version: 'msw2', program: 'node.mjs' },
  'msw 3 in Node.js': { version: 'msw3', program: 'node.mjs' },
  'msw 2 in a page': { version: 'msw2', program: 'browser.mjs' },
  'msw 3 in a page': { version: 'msw3', program: 'browser.mjs' },
} as const;

it('takes what was recorded over HTTP/2 as well, and says of what is not HTTP that it is left out', () => {
  const [stored] = storedExchanges({ direction: 'outbound', host });
  if (stored === undefined) throw new Error('one sketch makes one exchange');
  const made = (exchange: StoredExchange['exchange']) => filesFor([{ ...stored, exchange }]);
  const connection = connectionOf({ direction: 'outbound' });
  const request = requestOf({ version: '2', headers: [], authority: host, target: '/rates' });
  const second = made(exchangeOf({ connection, request, response: responseOf({ version: '2', reason: '' }) }));
  const source = second.files.find(({ path }) => path === 'handlers.js')?.bytes ?? [];
  expect(Buffer.from(source).toString()).toContain("asks('http://payments:8080/rates')");
  expect(made(exchangeOf({ protocol: 'raw', connection }))).toMatchObject({
    counts: [{ count: 0 }, { count: 0 }],
    leftOut: [{ id: stored.id, reason: 'raw' }],
  });
});

it('tells a WebSocket that was recorded over HTTP/2', () => {
  const [told] = sockets;
  if (told === undefined) throw new Error('there is no recorded WebSocket');
  const connect = { version: '2', method: 'CONNECT', target: '/chat', authority: host, protocol: 'websocket' } as const;
  const content = {
    request: requestOf({ ...connect, headers: [] }),
    response: responseOf({ version: '2', headers: [] }),
    requestSize: 0,
    responseSize: 0,
  };
  const stored = { ...told, exchange: { ...told.exchange, content } as typeof told.exchange };
  const made = filesFor([stored]);
  expect(made.leftOut).toEqual([]);
  const source = made.files.map(({ bytes }) => Buffer.from(bytes).toString()).join('\n');
  expect(source).toContain(`ws://${host}/chat`);
  expect(source).toContain('welcome');
});

it('takes event streams that were recorded event by event, and leaves out a WebSocket of which something is missing', () => {
  const made = (stored: StoredExchange) => filesFor([stored]);
  const headers = [['Content-Type', 'text/event-stream']] as const;
  const [stored] = storedExchanges({ direction: 'outbound', host, target: '/events', responseHeaders: headers });
  const [told] = sockets;
  if (stored === undefined || told === undefined) throw new Error('one sketch makes one exchange');
  const said = (text: string): Message => ({
    from: 'server',
    kind: 'event',
    startedAtUs: recordedAtUs,
    endedAtUs: recordedAtUs,
    facts: {},
    body: { bytes: Buffer.from(text), codings: [], wireSize: text.length },
  });
  const events = {
    ...stored,
    exchange: { ...stored.exchange, messages: [said('a'), said('b')] } as typeof stored.exchange,
  };
  const source = made(events).files.find(({ path }) => path === 'handlers.js')?.bytes ?? [];
  expect(Buffer.from(source).toString()).toMatch(/stream\(\s*'data: a\\n\\n',\s*'data: b\\n\\n',\s*\)/);
  const holed = { ...told, exchange: { ...told.exchange, problems: ['lost-bytes'] as const } as typeof told.exchange };
  expect(made(holed)).toMatchObject({
    counts: [{ count: 0 }, { count: 0 }],
    leftOut: [{ id: told.id, reason: 'lost-bytes' }],
  });
});

it('leaves out nothing of it', () => {
  const made = filesFor(exchanges);
  expect(made.leftOut).toEqual([]);
});

describe.each(Object.entries(places))('%s', (place, { version, program }) => {
  const needs = program === 'browser.mjs' ? [version, 'playwright-core', chromium] : [version];

  describeGenerated('answers as recorded', needs, () => {
    const seen: unknown[] = [];

    beforeAll(async () => {
      const project = makeProject(place.replace(/\W/g, '-'), version);
      const run = promisify(execFile);
      const env = { ...process.env, CHROMIUM: chromium };
      const { stdout } = await run(process.execPath, [program], { cwd: project, env, maxBuffer: 64 * 1024 * 1024 });
      seen.push(...JSON.parse(stdout));
    });

    let before = 0;
    for (const [name, all] of named) {
      const expected = all.filter(([ask]) => ask.kind !== 'rewind').map(([, what]) => what);
      const from = before;
      before += expected.length;
      it(name, () => expect(seen.slice(from, from + expected.length)).toEqual(expected));
    }
  });
});

function makeProject(name: string, version: string): string {
  const project = join(folder, name);
  mkdirSync(join(project, 'node_modules'), { recursive: true });
  writeFiles(join(project, 'mocks'), filesFor(exchanges).files);
  cpSync(join(apps, 'msw'), project, { recursive: true });
  symlinkSync(join(generatedPackages, version), join(project, 'node_modules/msw'));
  for (const library of ['playwright-core', 'rolldown']) {
    symlinkSync(join(generatedPackages, library), join(project, 'node_modules', library));
  }
  writeFileSync(join(project, 'asks.json'), JSON.stringify(asks));
  return project;
}
