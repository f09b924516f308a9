/** What clients of the mock server see, over real sockets, for each way to name an upstream. */
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { mocksFrom } from '../../../replayer/mocks/mock';
import { type MockServer, type MockServerOptions, startMocks } from '../../../replayer/mocks/server';
import type { HeaderList } from '../../../tape/model/body';
import type { SketchBody } from '../../support/exchanges';
import { ask, askHost, type CallSketch, calls } from '../../support/mocks';

let server: MockServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function serving(sketches: readonly CallSketch[], options: MockServerOptions = {}): Promise<MockServer> {
  server = await startMocks(mocksFrom(calls(...sketches)), { mark: true, ...options });
  return server;
}

const charge: CallSketch = {
  method: 'POST',
  target: '/charge',
  requestBody: { amount: 1299, currency: 'EUR' },
  status: 201,
  responseHeaders: [
    ['X-Trace', 'A'],
    ['x-trace', 'b'],
    ['Date', 'Fri, 20 Nov 2026 10:00:00 GMT'],
    ['Connection', 'keep-alive'],
  ],
  responseBody: { id: 'ch_1' },
};
const json = { 'Content-Type': 'application/json' };

it('dates answers by the clock of a build that was moved, and otherwise as they were recorded', async () => {
  const shiftMs = Date.UTC(2021, 5, 1) - Date.now();
  const seen = async (options: MockServerOptions): Promise<string | undefined> => {
    const mocks = await serving([charge], options);
    const asked = { method: 'POST', headers: json, body: JSON.stringify(charge.requestBody) };
    const { headers } = await ask(`${mocks.urls.get('payments:8080')}/charge`, asked);
    await mocks.close();
    return headers.date;
  };
  expect(await seen({ shiftMs })).toMatch(/^Tue, 01 Jun 2021 00:0/);
  expect(await seen({})).toBe('Fri, 20 Nov 2026 10:00:00 GMT');
});

describe('calls of JSON-RPC', () => {
  const call = (id: unknown, method = 'add') => ({ jsonrpc: '2.0', id, method, params: [1, 2] });
  const rpc = (asks: object, answers: object | string, more: Partial<CallSketch> = {}): CallSketch => {
    const requestBody = asks as SketchBody;
    return {
      method: 'POST',
      target: '/rpc',
      requestBody,
      responseBody: answers as SketchBody,
      ...more,
    };
  };
  const posted = async (mocks: MockServer, body: unknown) =>
    ask(`${mocks.urls.get('payments:8080')}/rpc`, { method: 'POST', headers: json, body: JSON.stringify(body) });

  it('are answered under the id of the live call, time and again', async () => {
    const mocks = await serving([rpc(call(1), { jsonrpc: '2.0', id: 1, result: 3 })]);
    for (const id of [1, 7, 'x', 7]) {
      const seen = await posted(mocks, call(id));
      expect(JSON.parse(seen.text)).toEqual({ jsonrpc: '2.0', id, result: 3 });
      expect(seen.headers['wiretape-mock']).toBe('exact; exchange=1');
    }
  });

  it('are told apart by method and parameters', async () => {
    const mocks = await serving([
      rpc(call(1), { jsonrpc: '2.0', id: 1, result: 3 }),
      rpc(call(1, 'sub'), { jsonrpc: '2.0', id: 1, error: { code: -32601, message: 'no' } }),
    ]);
    expect(JSON.parse((await posted(mocks, call(2, 'sub'))).text)).toMatchObject({ id: 2, error: { code: -32601 } });
    expect((await posted(mocks, call(3, 'mul'))).status).toBe(502);
  });

  it('are answered as a batch in any order of answers, and a compressed answer is read', async () => {
    const answers = gzipSync(
      JSON.stringify([
        { jsonrpc: '2.0', id: 2, result: 'b' },
        { jsonrpc: '2.0', id: 1, result: 'a' },
      ]),
    );
    const headers = [
      ['Content-Type', 'application/json'],
      ['Content-Encoding', 'gzip'],
    ] as const;
    const asks = [call(1), { jsonrpc: '2.0', method: 'log' }, call(2, 'sub')];
    const mocks = await serving([rpc(asks, '', { responseBody: answers, responseHeaders: headers })]);
    const seen = await posted(mocks, [call(11), { jsonrpc: '2.0', method: 'log' }, call(12, 'sub')]);
    expect(JSON.parse(seen.text)).toMatchObject([
      { id: 12, result: 'b' },
      { id: 11, result: 'a' },
    ]);
  });

  it('are answered by events, too', async () => {
    const headers = [['Content-Type', 'text/event-stream']] as const;
    const events =
      'event: message\ndata: {"jsonrpc":"2.0","method":"progress"}\n\ndata: {"jsonrpc":"2.0","id":1,"result":3}\n\n';
    const mocks = await serving([rpc(call(1), events, { responseHeaders: headers })]);
    expect((await posted(mocks, call(9))).text).toBe(events.replace('"id":1', '"id":9'));
  });
});

describe('naming an upstream', () => {
  it('answers by Host header on the one port', async () => {
    const { url } = await serving([charge]);
    const seen = await askHost(url, 'payments:8080', '/charge', {
      method: 'POST',
      headers: json,
      body: '{"currency":"EUR","amount":1299}',
    });
    expect([seen.status, seen.text]).toEqual([201, '{"id":"ch_1"}']);
    expect(seen.headers['wiretape-mock']).toBe('exact; exchange=1');
  });

  it('answers on the port of the upstream whatever the Host says', async () => {
    const { urls } = await serving([{ target: '/rates', responseBody: 'ok' }]);
    expect((await ask(`${urls.get('payments:8080')}/rates`)).text).toBe('ok');
  });

  it('answers a proxy request with an absolute-form target', async () => {
    const mocks = await serving([
      { target: '/a', host: 'one:80', responseBody: '1' },
      { target: '/a', host: 'two', responseBody: '2' },
    ]);
    const lines = await raw(mocks, 'GET http://two/a HTTP/1.1\r\nHost: one\r\nConnection: close\r\n\r\n');
    expect(lines).toMatch(/^HTTP\/1.1 200 OK\r\n[\s\S]*\r\n\r\n2$/);
  });

  it('keeps upstreams apart that share a path', async () => {
    const { url } = await serving([
      { target: '/a', host: 'one:9000', responseBody: '1' },
      { target: '/a', host: 'two:9000', responseBody: '2' },
    ]);
    const seen = await Promise.all(['one:9000', 'two:9000'].map((host) => askHost(url, host, '/a')));
    expect(seen.map(({ text }) => text)).toEqual(['1', '2']);
  });

  it('takes a Host that names our own port for the recorded host of that name', async () => {
    const { url } = await serving([{ target: '/a', host: 'one:9000', responseBody: '1' }]);
    expect((await askHost(url, `one:${new URL(url).port}`, '/a')).text).toBe('1');
    expect((await ask(`${url}/a`)).text).toBe('1');
  });

  it('speaks TLS on every port, with a certificate of its CA for the name asked for', async () => {
    const { url, urls, ca } = await serving([{ target: '/a', host: 'secure.test', tls: true, responseBody: 'tls' }]);
    expect(urls.get('secure.test:443')).toMatch(/^https:/);
    expect((await ask(`${urls.get('secure.test:443')}/a`, { ca })).text).toBe('tls');
    const byName = await ask(`${url.replace('http:', 'https:')}/a`, {
      ca,
      servername: 'secure.test',
      headers: { Host: 'secure.test' },
    });
    expect(byName.text).toBe('tls');
  });

  it('refuses a client that does not trust its CA', async () => {
    const { urls } = await serving([{ target: '/a', host: 'secure.test', tls: true }]);
    await expect(ask(`${urls.get('secure.test:443')}/a`)).rejects.toThrow(/self-signed|unable to verify|issuer/);
  });
});

describe('the mark of an answer', () => {
  const asked: CallSketch = {
    target: '/me',
    requestHeaders: [
      ['Authorization', 'Bearer kqzmwv'],
      ['X-Tenant', 'north'],
    ],
    responseHeaders: [['Wiretape-Mock', 'exact; exchange=77']],
  };

  it('names the fields in which the request is another than the recorded one, and those alone', async () => {
    const { url } = await serving([asked]);
    const ask = async (headers: Readonly<Record<string, string>>) =>
      (await askHost(url, 'payments:8080', '/me', { headers })).headers['wiretape-mock'];
    const same = { Authorization: 'Bearer kqzmwv', 'X-Tenant': 'north' };
    expect(await ask(same)).toBe('exact; exchange=1');
    expect(await ask({ ...same, 'X-Tenant': 'south', 'X-New': '1' })).toBe(
      'exact; exchange=1; differs="x-tenant, x-new"',
    );
    expect(await ask({ 'X-Tenant': 'north' })).toBe('exact; exchange=1; differs="authorization"');
    expect(await ask(same)).toBe('exact; exchange=1');
  });
});

describe('fields that a recorded answer names in Vary', () => {
  const page = (destination: string): CallSketch => ({
    target: '/page',
    requestHeaders: [['Sec-Fetch-Dest', destination]],
    responseHeaders: [['Vary', 'Sec-Fetch-Dest']],
    responseBody: destination,
  });

  it('decide though they are of a kind that each request has of its own', async () => {
    const { url } = await serving([page('document'), page('empty')]);
    const ask = (destination: string) =>
      askHost(url, 'payments:8080', '/page', { headers: { 'Sec-Fetch-Dest': destination } });
    const seen = [await ask('empty'), await ask('document'), await ask('empty'), await ask('image')];
    expect(seen.map(({ status, text }) => (status === 200 ? text : status))).toEqual([
      'empty',
      'document',
      'empty',
      502,
    ]);
  });
});

describe('an answer', () => {
  it('has the recorded status line and header fields in order, case and repeats kept, without hop-by-hop ones', async () => {
    const { url } = await serving([charge], { mark: false });
    const body = '{"amount":1299,"currency":"EUR"}';
    const seen = await askHost(url, 'payments:8080', '/charge', { method: 'POST', headers: json, body });
    expect(seen.rawHeaders.slice(0, 10)).toEqual([
      ...['X-Trace', 'A', 'x-trace', 'b', 'Date', 'Fri, 20 Nov 2026 10:00:00 GMT'],
      ...['Content-Type', 'application/json', 'Content-Length', '13'],
    ]);
    expect(seen.headers['wiretape-mock']).toBeUndefined();
  });

  const zipped: CallSketch = {
    target: '/z',
    responseHeaders: [['Content-Encoding', 'gzip']],
    responseBody: gzipSync('plain'),
  };

  it.each<[string, HeaderList, Readonly<Record<string, string>>]>([
    ['a client said nothing of codings, as now', [], {}],
    ['a client said the same as now', [['Accept-Encoding', 'identity']], { 'Accept-Encoding': 'identity' }],
    ['the server did not look at what a client takes', [['Accept-Encoding', 'br']], {}],
  ])('keeps its content coding where it was sent so though %s', async (_, requestHeaders, headers) => {
    const { url } = await serving([{ ...zipped, requestHeaders }]);
    const seen = await askHost(url, 'payments:8080', '/z', { headers });
    expect([seen.headers['content-encoding'], seen.bytes]).toEqual(['gzip', gzipSync('plain')]);
  });

  it('loses its content coding for a client that refuses it where none was asked', async () => {
    const { url } = await serving([zipped]);
    const seen = await askHost(url, 'payments:8080', '/z', { headers: { 'Accept-Encoding': 'identity' } });
    expect([seen.headers['content-encoding'], seen.text]).toEqual([undefined, 'plain']);
  });

  it('keeps its content coding for a client that accepts it, and loses it for one that does not', async () => {
    const { url } = await serving([{ ...zipped, requestHeaders: [['Accept-Encoding', 'gzip']] }]);
    const coded = await askHost(url, 'payments:8080', '/z', { headers: { 'Accept-Encoding': 'gzip, br' } });
    const plain = await askHost(url, 'payments:8080', '/z');
    expect([coded.headers['content-encoding'], coded.bytes]).toEqual(['gzip', gzipSync('plain')]);
    expect([plain.headers['content-encoding'], plain.text, plain.headers['content-length']]).toEqual([
      undefined,
      'plain',
      '5',
    ]);
  });

  it.each([
    ['HEAD', 200, [['Content-Length', '512']], '512'],
    ['GET', 304, [['Content-Length', '512']], '512'],
    ['GET', 204, [], undefined],
  ] as const)('to %s with status %i has no body and keeps the length it describes', async (...given) => {
    const [method, status, responseHeaders, length] = given;
    const { url } = await serving([{ method, target: '/x', status, responseHeaders }]);
    const seen = await askHost(url, 'payments:8080', '/x', { method });
    expect([seen.status, seen.text, seen.headers['content-length']]).toEqual([status, '', length]);
  });

  it('carries trailers', async () => {
    const { url } = await serving([
      {
        target: '/t',
        responseHeaders: [['Transfer-Encoding', 'chunked']],
        responseBody: 'x',
        responseTrailers: [['X-Sum', '9']],
      },
    ]);
    expect((await askHost(url, 'payments:8080', '/t')).trailers).toEqual({ 'x-sum': '9' });
  });

  it('waits as long as the upstream did only when asked to', async () => {
    const { url } = await serving([{ target: '/slow', durationUs: 5_000, responseBody: 'late' }], {
      latency: 'recorded',
    });
    expect((await askHost(url, 'payments:8080', '/slow')).text).toBe('late');
  });

  it('matches the body of a GET', async () => {
    const { url } = await serving([
      { target: '/_search', requestBody: { q: 1 }, responseBody: 'one' },
      { target: '/_search', requestBody: { q: 2 }, responseBody: 'two' },
    ]);
    const seen = await askHost(url, 'payments:8080', '/_search', { headers: json, body: '{"q":2}' });
    expect(seen.text).toBe('two');
  });

  it('comes for a request with more header than Node takes by default', async () => {
    const { url } = await serving([{ target: '/a', responseBody: 'read' }]);
    expect((await askHost(url, 'payments:8080', '/a', { headers: { Cookie: 'c'.repeat(100_000) } })).text).toBe('read');
  });

  it('comes for a request that waits for 100 Continue', async () => {
    const mocks = await serving([{ method: 'PUT', target: '/up', requestBody: 'data', responseBody: 'taken' }]);
    const head =
      'PUT /up HTTP/1.1\r\nHost: payments:8080\r\nExpect: 100-continue\r\nContent-Length: 4\r\nConnection: close\r\n\r\n';
    expect(await raw(mocks, head, 'data')).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK[\s\S]*taken$/);
  });
});

describe('the recorded sequence', () => {
  it('answers one identity in order and then with the last answer again', async () => {
    const { url } = await serving(['a', 'b', 'c'].map((responseBody) => ({ target: '/s', responseBody })));
    const seen: string[] = [];
    for (let i = 0; i < 5; i++) seen.push((await askHost(url, 'payments:8080', '/s')).text);
    expect(seen).toEqual(['a', 'b', 'c', 'c', 'c']);
  });

  it('is shared out among 100 parallel identical requests, each recorded answer once and the last to all others', async () => {
    const { url } = await serving(['a', 'b', 'c'].map((responseBody) => ({ target: '/s', responseBody })));
    const seen = await Promise.all(Array.from({ length: 100 }, () => askHost(url, 'payments:8080', '/s')));
    expect(seen.map(({ text }) => text).sort()).toEqual(['a', 'b', ...Array<string>(98).fill('c')]);
  });
});

describe('outcomes other than a response', () => {
  it('resets a connection where the upstream did', async () => {
    const { url, urls } = await serving([
      { target: '/r', outcome: 'reset', response: 'none', problems: ['no-response'] },
      { target: '/r', host: 'secure.test', tls: true, outcome: 'reset', response: 'none', problems: ['no-response'] },
    ]);
    await expect(askHost(url, 'payments:8080', '/r')).rejects.toThrow('ECONNRESET');
    await expect(ask(`${urls.get('secure.test:443')}/r`, { ca: server?.ca ?? '' })).rejects.toThrow(
      /ECONNRESET|socket hang up/,
    );
  });

  it('closes a connection where the upstream did', async () => {
    const { url } = await serving([{ target: '/r', outcome: 'closed', response: 'none', problems: ['no-response'] }]);
    await expect(askHost(url, 'payments:8080', '/r')).rejects.toThrow('socket hang up');
  });

  it('never answers where the upstream never did', async () => {
    const mocks = await serving([{ target: '/r', outcome: 'timeout', response: 'none', problems: ['no-response'] }]);
    const answered: string[] = [];
    const socket = connect(Number(new URL(mocks.url).port), '127.0.0.1');
    socket.on('data', (data) => answered.push(data.toString()));
    socket.write('GET /r HTTP/1.1\r\nHost: payments:8080\r\n\r\n');
    while (mocks.served().exact === 0) await new Promise((next) => setImmediate(next));
    const ended = new Promise((done) => socket.once('close', done));
    await mocks.close();
    await ended;
    expect(answered).toEqual([]);
  });

  it('refuses connects where the upstream did, between the answers it gave', async () => {
    const { urls } = await serving([
      { request: 'none', response: 'none', outcome: 'refused', problems: ['no-response'] },
      { target: '/up', responseBody: 'up' },
      { request: 'none', response: 'none', outcome: 'refused', problems: ['no-response'] },
    ]);
    const up = `${urls.get('payments:8080')}/up`;
    await expect(ask(up)).rejects.toThrow('ECONNRESET');
    expect((await ask(up)).text).toBe('up');
    await expect(ask(up)).rejects.toThrow('ECONNRESET');
    await expect(ask(up)).rejects.toThrow('ECONNRESET');
    expect(server?.served()).toEqual({ exact: 1, noise: 0, moment: 0, refused: 3, missed: 0 });
  });

  it('refuses a tunnel to an upstream that refused', async () => {
    const mocks = await serving([{ request: 'none', response: 'none', outcome: 'refused', remote: '10.0.0.9:443' }]);
    await expect(raw(mocks, 'CONNECT 10.0.0.9:443 HTTP/1.1\r\nHost: 10.0.0.9:443\r\n\r\n')).rejects.toThrow(
      'ECONNRESET',
    );
  });
});

describe('a miss', () => {
  it('is 502 with an explanation, counted, and makes the run fail', async () => {
    const mocks = await serving([charge]);
    const seen = await askHost(mocks.url, 'payments:8080', '/charge', {
      method: 'POST',
      headers: json,
      body: '{"amount":1399,"currency":"EUR"}',
    });
    expect(seen.status).toBe(502);
    expect(JSON.parse(seen.text)).toMatchObject({
      error: 'MOCK_MISS',
      nearest: [{ exchange: '1', differences: [{ path: 'body.amount', expected: 1299, actual: 1399 }] }],
    });
    expect([mocks.failed(), mocks.served().missed, mocks.misses().length]).toEqual([true, 1, 1]);
    expect(mocks.unused().mocks.map(({ id }) => id)).toEqual(['1']);
  });

  it('is 404 and no failure under that policy', async () => {
    const mocks = await serving([charge], { onMiss: '404' });
    expect((await askHost(mocks.url, 'payments:8080', '/nothing')).status).toBe(404);
    expect([mocks.failed(), mocks.served().missed]).toEqual([false, 1]);
  });

  it('is passed on to a recorded upstream under passthrough, and to no other', async () => {
    const upstream = await startMocks(
      mocksFrom(calls({ target: '/new?x=1', host: 'real:1', responseBody: 'from upstream' })),
    );
    const host = `127.0.0.1:${new URL(upstream.urls.get('real:1') ?? '').port}`;
    try {
      const mocks = await serving([{ target: '/old', host }], { onMiss: 'passthrough' });
      const passed = await askHost(mocks.url, host, '/new?x=1');
      const never = await askHost(mocks.url, new URL(upstream.url).host, '/new?x=1');
      expect([passed.status, passed.text]).toEqual([200, 'from upstream']);
      expect([never.status, JSON.parse(never.text).why]).toEqual([502, 'unknown-upstream']);
      expect(mocks.misses().map(({ answeredWith }) => answeredWith)).toEqual(['upstream', '502']);
      expect(upstream.served()).toMatchObject({ exact: 1, missed: 0 });
    } finally {
      await upstream.close();
    }
  });

  it('is passed on without chunks where it has no body, whatever its method', async () => {
    const upstream = createServer((request, response) => response.end(JSON.stringify(request.rawHeaders)));
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    try {
      const host = `127.0.0.1:${(upstream.address() as AddressInfo).port}`;
      const mocks = await serving([{ target: '/old', host }], { onMiss: 'passthrough' });
      const { port } = new URL(mocks.urls.get(host) ?? '');
      const socket = connect(Number(port), '127.0.0.1');
      socket.write(`PURGE /page HTTP/1.1\r\nHost: ${host}\r\nX-A: 1\r\nConnection: close\r\n\r\n`);
      const seen = Buffer.concat(await Array.fromAsync(socket as AsyncIterable<Buffer>)).toString('utf8');
      expect(seen).toContain(
        JSON.stringify(['Host', host, 'X-A', '1', 'Content-Length', '0', 'Connection', 'keep-alive']),
      );
    } finally {
      upstream.closeAllConnections();
      await new Promise((resolve) => upstream.close(resolve));
    }
  });

  it('says so when the upstream cannot be reached', async () => {
    const gone = await startMocks(mocksFrom([]));
    const host = new URL(gone.url).host;
    await gone.close();
    const mocks = await serving([{ target: '/old', host }], { onMiss: 'passthrough' });
    const seen = await askHost(mocks.url, host, '/new');
    expect([seen.status, JSON.parse(seen.text).error]).toEqual([502, 'PASSTHROUGH_FAILED']);
  });
});

describe('hostile input', () => {
  const openings: readonly (readonly [string, string | Buffer])[] = [
    ['bytes that are no protocol', Buffer.from([0, 1, 2, 3, 255, 254])],
    ['a TLS record that is none', Buffer.from([0x16, 3, 1, 0, 4, 9, 9, 9, 9])],
    ['half a request line', 'GET /'],
    ['a target that is no URL', 'GET %zz%00 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
    ['an absolute target without a host', 'GET http:// HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
    ['a Host that is none', 'GET / HTTP/1.1\r\nHost: a b/@:99999\r\nConnection: close\r\n\r\n'],
    ['no Host', 'GET / HTTP/1.0\r\n\r\n'],
    ['a tunnel to nowhere', 'CONNECT :::: HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a tunnel with bytes that are no protocol', 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n\x00\x01\x02'],
    ['a broken chunk', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
    [
      'a broken content type',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Type: ;;;\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx',
    ],
    [
      'JSON that is none',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1\r\nConnection: close\r\n\r\n{',
    ],
    [
      'a damaged gzip body',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc',
    ],
  ];

  it.each(openings)('%s does not end the server', async (_, bytes) => {
    const mocks = await serving([{ target: '/a', responseBody: 'still here' }]);
    await raw(mocks, bytes).catch(() => '');
    expect((await askHost(mocks.url, 'payments:8080', '/a')).text).toBe('still here');
    expect(mocks.faults()).toEqual([]);
  });
});

describe('starting', () => {
  it('says which port is taken and what to do', async () => {
    const { url } = await serving([]);
    const port = Number(new URL(url).port);
    await expect(startMocks(mocksFrom([]), { port })).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      message: `Cannot listen on 127.0.0.1:${port}: the port is taken`,
    });
  });

  it('refuses a path for the CA file that cannot be written', async () => {
    await expect(startMocks(mocksFrom([]), { caFile: '/nonexistent/ca.pem' })).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
    });
  });
});

/** Sends bytes as they are, ends after the last part, and gives what came back; rejects with the connection's error. */
function raw(mocks: MockServer, ...parts: readonly (string | Buffer)[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(Number(new URL(mocks.url).port), '127.0.0.1');
    let text = '';
    const [first = '', ...rest] = parts;
    socket.on('error', reject);
    socket.on('data', (data) => {
      text += data.toString('latin1');
      const next = rest.shift();
      if (next !== undefined) socket.write(next);
    });
    socket.on('close', () => resolve(text));
    socket.write(first);
    if (rest.length === 0 && !/^CONNECT|100-continue/.test(String(first))) socket.end();
  });
}
