/** What clients of HTTP/2 see of the mock server, and that a mock answers clients of either version as its own. */
import { once } from 'node:events';
import { connect as connectHttp2, createServer } from 'node:http2';
import { type AddressInfo, connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { mocksFrom } from '../../../replayer/mocks/mock';
import { type MockServer, type MockServerOptions, startMocks } from '../../../replayer/mocks/server';
import { type Http2Client, openHttp2, seenOn } from '../../support/http2-client';
import { ask, askHost, type CallSketch, calls } from '../../support/mocks';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serving(sketches: readonly CallSketch[], options: MockServerOptions = {}): Promise<MockServer> {
  const server = await startMocks(mocksFrom(calls(...sketches)), options);
  closing.push(() => server.close());
  return server;
}

function client(url: string, ca?: string): Http2Client {
  const opened = openHttp2(url, ca === undefined ? {} : { ca });
  closing.push(() => opened.session.destroy());
  return opened;
}

const plainPort = (mocks: MockServer) => mocks.urls.get('payments:8080') ?? '';

describe('a mock recorded over either version', () => {
  const charge: CallSketch = {
    method: 'POST',
    target: '/charge?x=1',
    requestBody: { n: 1 },
    status: 201,
    responseHeaders: [
      ['X-Trace', 'A'],
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
    ],
    responseBody: 'paid',
    responseTrailers: [['X-Sum', '9']],
    early: [{ status: 103, headers: [['link', '</style.css>']] }],
  };
  const versions = [
    ['HTTP/1.1', charge],
    ['HTTP/2', { ...charge, version: '2' }],
  ] as const;

  it.each(versions)('(%s) answers a client of HTTP/2', async (_, sketch) => {
    const mocks = await serving([sketch]);
    const json = { ':path': '/charge?x=1', ':method': 'POST', 'content-type': 'application/json' };
    const seen = await client(plainPort(mocks)).ask(json, { body: '{"n": 1}' });
    expect(seen).toMatchObject({
      status: 201,
      early: [103],
      text: 'paid',
      fields: ['x-trace', 'A', 'set-cookie', 'a=1', 'set-cookie', 'b=2'],
      trailers: ['x-sum', '9'],
      code: 0,
    });
    expect(mocks.served()).toMatchObject({ exact: 1, missed: 0 });
  });

  it.each(versions)('(%s) answers a client of HTTP/1.1', async (_, sketch) => {
    const mocks = await serving([sketch]);
    const headers = { 'Content-Type': 'application/json' };
    const seen = await ask(`${plainPort(mocks)}/charge?x=1`, { method: 'POST', headers, body: '{"n": 1}' });
    expect([seen.status, seen.text, seen.trailers]).toEqual([201, 'paid', { 'x-sum': '9' }]);
    expect([seen.headers['x-trace'], seen.headers['set-cookie']]).toEqual(['A', ['a=1', 'b=2']]);
    expect(mocks.served()).toMatchObject({ exact: 1, missed: 0 });
  });

  it('(HTTP/2) has a reason and a length for a client of HTTP/1.1, and neither for one of HTTP/2', async () => {
    const headers = [['content-type', 'text/plain']] as const;
    const mocks = await serving([{ target: '/a', version: '2', status: 404, responseHeaders: headers }]);
    const old = await ask(`${plainPort(mocks)}/a`);
    const recent = await client(plainPort(mocks)).ask({ ':path': '/a' });
    expect([old.reason, old.headers['content-length']]).toEqual(['Not Found', '0']);
    expect(recent.fields).toEqual(['content-type', 'text/plain']);
  });

  it('(HTTP/1.1) leaves its connection behind: framing and hop-by-hop fields', async () => {
    const responseHeaders = [
      ['Connection', 'keep-alive, X-Hop'],
      ['X-Hop', '1'],
      ['Keep-Alive', 'timeout=5'],
      ['Transfer-Encoding', 'chunked'],
      ['ETag', 'one'],
      ['ETag', 'two'],
    ] as const;
    const mocks = await serving([{ target: '/a', responseHeaders, responseBody: 'x' }]);
    expect(await client(plainPort(mocks)).ask({ ':path': '/a' })).toMatchObject({
      fields: ['etag', 'one, two'],
      text: 'x',
    });
  });

  it('is decoded for a client that does not take its coding', async () => {
    const responseHeaders = [['content-encoding', 'gzip']] as const;
    const requestHeaders = [['accept-encoding', 'gzip']] as const;
    const zipped = {
      target: '/z',
      version: '2',
      requestHeaders,
      responseHeaders,
      responseBody: gzipSync('plain'),
    } as const;
    const mocks = await serving([zipped]);
    const { ask } = client(plainPort(mocks));
    expect(await ask({ ':path': '/z' })).toMatchObject({ text: 'plain', fields: ['content-length', '5'] });
    expect((await ask({ ':path': '/z', 'accept-encoding': 'gzip' })).bytes).toEqual(gzipSync('plain'));
  });

  it.each([
    ['HEAD', 200],
    ['GET', 304],
    ['GET', 204],
  ])('to %s with status %i has no body', async (method, status) => {
    const mocks = await serving([{ method, target: '/x', status, version: '2' }]);
    expect(await client(plainPort(mocks)).ask({ ':path': '/x', ':method': method })).toMatchObject({
      status,
      text: '',
      code: 0,
    });
  });
});

it('an answer that is nothing but a head ends with it, as gRPC has its failures', async () => {
  const responseHeaders = [
    ['content-type', 'application/grpc'],
    ['grpc-status', '5'],
    ['grpc-message', 'no such order'],
  ] as const;
  const mocks = await serving([
    {
      method: 'POST',
      target: '/shop.Orders/Get',
      requestHeaders: [['content-type', 'application/grpc']],
      requestBody: Buffer.of(0, 0, 0, 0, 0),
      version: '2',
      responseHeaders,
    },
  ]);
  const { session } = client(plainPort(mocks));
  const stream = session.request({
    ':path': '/shop.Orders/Get',
    ':method': 'POST',
    te: 'trailers',
    'content-type': 'application/grpc',
  });
  const flags = once(stream, 'response').then(([, all]) => all);
  const seen = seenOn(stream);
  stream.end(Buffer.of(0, 0, 0, 0, 0));
  expect(await seen).toMatchObject({ status: 200, fields: responseHeaders.flat(), trailers: [], text: '' });
  expect((await flags) & 1).toBe(1);
});

describe('naming an upstream', () => {
  it('goes by :authority and :scheme on the one port', async () => {
    const mocks = await serving([
      { target: '/a', host: 'one.test', tls: true, version: '2', responseBody: 'secure' },
      { target: '/a', host: 'one.test', responseBody: 'plain' },
    ]);
    const { ask } = client(mocks.url);
    const authority = { ':path': '/a', ':authority': 'one.test' };
    expect((await ask({ ...authority, ':scheme': 'https' })).text).toBe('secure');
    expect((await ask({ ...authority, ':scheme': 'http' })).text).toBe('plain');
  });

  it('works by ALPN on the port of a TLS upstream, and for a client that knows without ALPN', async () => {
    const mocks = await serving([{ target: '/a', host: 'secure.test', tls: true, responseBody: 'tls' }]);
    const url = mocks.urls.get('secure.test:443') ?? '';
    const { session, ask } = client(url, mocks.ca);
    expect((await ask({ ':path': '/a' })).text).toBe('tls');
    expect(session.alpnProtocol).toBe('h2');
    const socket = connectTls({ port: Number(new URL(url).port), host: '127.0.0.1', ca: mocks.ca });
    await once(socket, 'secureConnect');
    expect(socket.alpnProtocol).toBe(false);
    const knowing = connectHttp2('http://secure.test', { createConnection: () => socket });
    closing.push(() => knowing.destroy());
    expect((await seenOn(knowing.request({ ':path': '/a' }))).text).toBe('tls');
  });

  it.each(['h2', 'http/1.1'])('works through a tunnel of the proxy port, by ALPN %s', async (protocol) => {
    const mocks = await serving([{ target: '/a', host: 'secure.test', tls: true, responseBody: 'tunnelled' }]);
    const socket = connect(Number(new URL(mocks.url).port), '127.0.0.1');
    closing.push(() => socket.destroy());
    socket.write('CONNECT secure.test:443 HTTP/1.1\r\nHost: secure.test:443\r\n\r\n');
    expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1.1 200 /);
    const tls = connectTls({ socket, servername: 'secure.test', ca: mocks.ca, ALPNProtocols: [protocol] });
    await once(tls, 'secureConnect');
    expect(tls.alpnProtocol).toBe(protocol);
    if (protocol === 'h2') {
      const session = connectHttp2('https://secure.test', { createConnection: () => tls });
      expect((await seenOn(session.request({ ':path': '/a' }))).text).toBe('tunnelled');
    } else {
      tls.write('GET /a HTTP/1.1\r\nHost: secure.test\r\n\r\n');
      expect(String((await once(tls, 'data'))[0])).toMatch(/tunnelled$/);
    }
  });

  it('works through a tunnel on a stream of HTTP/2, beside other streams', async () => {
    const mocks = await serving([{ target: '/a', responseBody: 'within' }]);
    const { session, ask } = client(mocks.url);
    const stream = session.request({ ':method': 'CONNECT', ':authority': 'payments:8080' }, { endStream: false });
    const [head] = await once(stream, 'response');
    expect(head[':status']).toBe(200);
    stream.write('GET /a HTTP/1.1\r\nHost: payments:8080\r\nConnection: close\r\n\r\n');
    const other = await ask({ ':path': '/a', ':authority': 'payments:8080' });
    let text = '';
    stream.on('data', (data) => {
      text += String(data);
    });
    await once(stream, 'end');
    expect([other.text, text.endsWith('within')]).toEqual(['within', true]);
  });

  it('takes the preface in pieces', async () => {
    const mocks = await serving([{ target: '/a', responseBody: 'slow' }]);
    const socket = connect(Number(new URL(plainPort(mocks)).port), '127.0.0.1');
    closing.push(() => socket.destroy());
    socket.setNoDelay(true);
    const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
    for (const byte of preface.slice(0, 20)) await new Promise((sent) => socket.write(byte, sent));
    socket.write(Buffer.concat([Buffer.from(preface.slice(20)), Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])]));
    const [settings] = await once(socket, 'data');
    expect((settings as Buffer)[3]).toBe(4);
  });

  it('answers as HTTP/1.1 where a client offers the upgrade to HTTP/2 without TLS, which is not served', async () => {
    const mocks = await serving([{ target: '/a', responseBody: 'as before' }]);
    const headers = { Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABk' };
    expect(await ask(`${plainPort(mocks)}/a`, { headers })).toMatchObject({ status: 200, text: 'as before' });
  });
});

describe('many streams', () => {
  it('on one connection get each its own answer', async () => {
    const count = 100;
    const sketches = Array.from({ length: count }, (_, i) => ({
      method: 'POST',
      target: `/items/${i}`,
      requestBody: { i },
      responseBody: `${i} `.repeat(1 + i * 500),
    }));
    const mocks = await serving(sketches);
    const { ask } = client(plainPort(mocks));
    const seen = await Promise.all(
      sketches.map(({ target }, i) =>
        ask({ ':path': target, ':method': 'POST', 'content-type': 'application/json' }, { body: `{"i":${i}}` }),
      ),
    );
    expect(seen.map(({ text }) => text)).toEqual(sketches.map(({ responseBody }) => responseBody));
    expect(mocks.served()).toMatchObject({ exact: count, missed: 0 });
  });

  it('share out the answers of one sequence', async () => {
    const mocks = await serving(['a', 'b', 'c'].map((responseBody) => ({ target: '/s', responseBody })));
    const { ask } = client(plainPort(mocks));
    const seen = await Promise.all(Array.from({ length: 20 }, () => ask({ ':path': '/s' })));
    expect(seen.map(({ text }) => text).sort()).toEqual(['a', 'b', ...Array<string>(18).fill('c')]);
  });
});

describe('a request', () => {
  it('comes to redaction with its cookie in one piece and its trailers', async () => {
    const heard: unknown[] = [];
    const redactor: MockServerOptions['redactor'] = {
      redactRequest(request) {
        const cookies = request.headers.filter(([name]) => name === 'cookie');
        heard.push([request.version, cookies, request.trailers]);
        return { request, entries: [] };
      },
    };
    const mocks = await serving([{ method: 'POST', target: '/a', requestBody: 'x', responseBody: 'ok' }], { redactor });
    const headers = { ':path': '/a', ':method': 'POST', 'content-type': 'text/plain', cookie: ['a=1', 'b=2'] };
    const seen = await client(plainPort(mocks)).ask(headers, { body: 'x', trailers: { 'x-sum': '7' } });
    expect(seen.text).toBe('ok');
    const recorded = ['1.1', [], []]; // by the rules of now, as what is asked is
    expect(heard).toEqual([recorded, ['2', [['cookie', 'a=1; b=2']], [['x-sum', '7']]]]);
  });

  it('that waits for 100 Continue is told to go on', async () => {
    const mocks = await serving([{ method: 'PUT', target: '/up', requestBody: 'data', responseBody: 'taken' }]);
    const { session } = client(plainPort(mocks));
    const stream = session.request({
      ':path': '/up',
      ':method': 'PUT',
      'content-type': 'text/plain',
      expect: '100-continue',
    });
    const seen = seenOn(stream);
    await once(stream, 'continue');
    stream.end('data');
    expect((await seen).text).toBe('taken');
  });

  it('that nothing matches is told what was recorded', async () => {
    const mocks = await serving([{ target: '/a', version: '2' }]);
    const seen = await client(plainPort(mocks)).ask({ ':path': '/b' });
    expect(seen.status).toBe(502);
    expect(JSON.parse(seen.text)).toMatchObject({ error: 'MOCK_MISS', nearest: [{ exchange: '1' }] });
    expect(mocks.failed()).toBe(true);
  });
});

describe('outcomes other than a response', () => {
  const without = { response: 'none', problems: ['no-response'] } as const;

  it.each([
    ['reset', 2],
    ['closed', 8],
    ['refused', 7],
  ] as const)('%s ends the stream alone, with code %i', async (outcome, code) => {
    const mocks = await serving([
      { target: '/r', version: '2', outcome, ...without },
      { target: '/a', responseBody: 'on' },
    ]);
    const { ask } = client(plainPort(mocks));
    expect(await ask({ ':path': '/r' })).toMatchObject({ status: 0, code });
    expect((await ask({ ':path': '/a' })).text).toBe('on');
  });

  it('refused of a stream is a reset connection for a client of HTTP/1.1', async () => {
    const mocks = await serving([{ target: '/r', version: '2', outcome: 'refused', ...without }]);
    await expect(ask(`${plainPort(mocks)}/r`)).rejects.toThrow('ECONNRESET');
  });

  it('timeout is silence on its stream, and the others go on', async () => {
    const mocks = await serving([
      { target: '/r', outcome: 'timeout', ...without },
      { target: '/a', responseBody: 'on' },
    ]);
    const { session, ask } = client(plainPort(mocks));
    const silent = session.request({ ':path': '/r' });
    const seen = seenOn(silent);
    expect((await ask({ ':path': '/a' })).text).toBe('on');
    silent.close();
    expect(await seen).toMatchObject({ status: 0, text: '' });
    expect(mocks.served().exact).toBe(2);
  });

  it('a refused connect ends the connection on the one port', async () => {
    const mocks = await serving([{ request: 'none', outcome: 'refused', ...without }, { target: '/a' }]);
    const { session, ask } = client(mocks.url);
    const closed = once(session, 'close');
    expect((await ask({ ':path': '/a', ':authority': 'payments:8080' })).status).toBe(0);
    await closed;
  });
});

describe('recorded latency of an event stream', () => {
  const hour = 3_600_000_000;
  const stream = (events: CallSketch['events'], version?: '2'): CallSketch => ({
    target: '/events',
    responseHeaders: [['Content-Type', 'text/event-stream']],
    durationUs: 0,
    ...(events === undefined ? {} : { events }),
    ...(version === undefined ? {} : { version }),
  });
  const later = stream([
    [0, 'one'],
    [hour, 'two'],
  ]);

  it.each(['http1', 'http2'])('sends each event when it was recorded (%s)', async (version) => {
    const mocks = await serving([later], { latency: 'recorded' });
    const url = plainPort(mocks);
    if (version === 'http2') {
      const request = client(url).session.request({ ':path': '/events' });
      expect(String((await once(request, 'data'))[0])).toBe('data: one\n\n');
      request.close();
    } else {
      const socket = connect(Number(new URL(url).port), '127.0.0.1');
      closing.push(() => socket.destroy());
      socket.write('GET /events HTTP/1.1\r\nHost: payments:8080\r\n\r\n');
      let text = '';
      while (!text.includes('one')) text += String((await once(socket, 'data'))[0]);
      expect(text).not.toContain('two');
    }
  });

  it('comes to its end, over both versions', async () => {
    const soon = stream(
      [
        [0, 'one'],
        [2000, 'two'],
        [4000, 'three'],
      ],
      '2',
    );
    const mocks = await serving([soon], { latency: 'recorded' });
    const whole = 'data: one\n\ndata: two\n\ndata: three\n\n';
    expect((await client(plainPort(mocks)).ask({ ':path': '/events' })).text).toBe(whole);
    expect((await ask(`${plainPort(mocks)}/events`)).text).toBe(whole);
  });

  it('is at once without it', async () => {
    const mocks = await serving([later]);
    expect((await client(plainPort(mocks)).ask({ ':path': '/events' })).text).toBe('data: one\n\ndata: two\n\n');
    expect((await ask(`${plainPort(mocks)}/events`)).text).toBe('data: one\n\ndata: two\n\n');
  });
});

describe('passthrough', () => {
  async function plainUpstream() {
    const server = createServer();
    server.on('stream', (stream, headers) => {
      stream.on('trailers', (trailers) => {
        stream.respond(
          { ':status': 200, 'x-got': `${headers.cookie} ${trailers['x-sum']}` },
          { waitForTrailers: true },
        );
        stream.once('wantTrailers', () => stream.sendTrailers({ 'x-end': '1' }));
        stream.pipe(stream);
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    closing.push(() => new Promise((done) => server.close(done)));
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it('goes on over HTTP/2 to an upstream that spoke it without TLS, trailers both ways', async () => {
    const host = await plainUpstream();
    const mocks = await serving([{ target: '/old', host, version: '2' }], { onMiss: 'passthrough' });
    const headers = { ':path': '/new', ':method': 'POST', ':authority': host, cookie: ['a=1', 'b=2'] };
    const seen = await client(mocks.url).ask(headers, { body: 'there and back', trailers: { 'x-sum': '7' } });
    expect(seen).toMatchObject({ status: 200, text: 'there and back', trailers: ['x-end', '1'] });
    expect(seen.fields).toEqual(expect.arrayContaining(['x-got', 'a=1; b=2 7']));
    await mocks.close();
  });

  it('goes on over HTTP/1.1 to one that did not', async () => {
    const upstream = await serving([{ target: '/new', host: 'real:1', responseBody: 'from upstream' }]);
    const host = `127.0.0.1:${new URL(upstream.urls.get('real:1') ?? '').port}`;
    const mocks = await serving([{ target: '/old', host }], { onMiss: 'passthrough' });
    const seen = await client(mocks.url).ask({ ':path': '/new', ':authority': host });
    expect([seen.status, seen.text]).toEqual([200, 'from upstream']);
  });

  it('says so when the certificate of a TLS upstream is not trusted: nothing is sent', async () => {
    const upstream = await serving([{ target: '/new', host: 'real.test', tls: true }]);
    const host = `127.0.0.1:${new URL(upstream.urls.get('real.test:443') ?? '').port}`;
    const mocks = await serving([{ target: '/old', host, tls: true }], { onMiss: 'passthrough' });
    const seen = await client(mocks.url).ask({ ':path': '/new', ':authority': host, ':scheme': 'https' });
    expect([seen.status, JSON.parse(seen.text).error]).toEqual([502, 'PASSTHROUGH_FAILED']);
    expect(upstream.served()).toMatchObject({ exact: 0, missed: 0 });
  });
});

it('a client of HTTP/1.1 sees interim answers before the answer', async () => {
  const mocks = await serving([
    { target: '/a', responseBody: 'x', early: [{ status: 103, headers: [['Link', '</s.css>']] }] },
  ]);
  const socket = connect(Number(new URL(plainPort(mocks)).port), '127.0.0.1');
  closing.push(() => socket.destroy());
  socket.write('GET /a HTTP/1.1\r\nHost: payments:8080\r\nConnection: close\r\n\r\n');
  let text = '';
  for await (const data of socket) text += String(data);
  expect(text).toMatch(/^HTTP\/1.1 103 Early Hints\r\nLink: <\/s.css>\r\n\r\nHTTP\/1.1 200 OK\r\n/);
  expect((await askHost(mocks.url, 'payments:8080', '/a')).text).toBe('x');
});
