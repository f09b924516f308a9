/** What both lines of the driver owe: the same requests to the same services, over HTTP/1.1 and HTTP/2. */
import * as http from 'node:http';
import * as http2 from 'node:http2';
import * as https from 'node:https';
import { createServer, type Server } from 'node:net';
import type { Driver, DriverOptions } from '../../replayer/drive/driver';
import type { AnswerLimits } from '../../replayer/drive/gathering';
import type { OutgoingRequest } from '../../replayer/drive/outgoing';
import { answerIn, get, makeCertificate, Stage, textIn } from '../support/driving';

const certificate = makeCertificate();
const stage = new Stage();
afterEach(() => stage.close());

type Listener = (request: http.IncomingMessage, response: http.ServerResponse) => void;

interface Line {
  readonly scheme: 'http' | 'https';
  readonly version: '1.1' | '2';
  readonly http2: OutgoingRequest['http2'];
  readonly server: (listener: Listener) => Server;
}

/** Node's servers of HTTP/2 take the same listeners. */
const lines: Record<string, Line> = {
  'HTTP/1.1': { scheme: 'http', version: '1.1', http2: null, server: (listener) => http.createServer(listener) },
  'HTTP/1.1 in TLS': {
    scheme: 'https',
    version: '1.1',
    http2: null,
    server: (listener) => https.createServer(certificate, listener),
  },
  'HTTP/2 with prior knowledge': {
    scheme: 'http',
    version: '2',
    http2: 'plaintext',
    server: (listener) => http2.createServer(listener as never),
  },
  'HTTP/2 by ALPN': {
    scheme: 'https',
    version: '2',
    http2: 'tls',
    server: (listener) => http2.createSecureServer(certificate, listener as never),
  },
  'HTTP/2 by ALPN, of a server that has both': {
    scheme: 'https',
    version: '2',
    http2: 'tls',
    server: (listener) => http2.createSecureServer({ ...certificate, allowHTTP1: true }, listener as never),
  },
  'HTTP/1.1, as the server has no HTTP/2': {
    scheme: 'https',
    version: '1.1',
    http2: 'tls',
    server: (listener) => https.createServer(certificate, listener),
  },
};

const echo: Listener = (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { method, url, rawHeaders } = request;
    response.end(JSON.stringify({ method, url, rawHeaders, body: Buffer.concat(chunks).toString('latin1') }));
  });
};

describe.each(Object.entries(lines))('over %s', (_name, line) => {
  const serve = (listener: Listener) => stage.serve(line.server(listener), line.scheme);
  const drive = (url: string, options: Partial<DriverOptions> = {}, limits?: AnswerLimits): Driver =>
    stage.drive(url, { ca: line.scheme === 'https' ? certificate.cert : null, ...options }, limits);
  const ask = (path: string, more: Partial<OutgoingRequest> = {}) => get(path, { http2: line.http2, ...more });

  it('sends method, path, fields in their order, and the bytes of the body', async () => {
    const url = await serve(echo);
    const body = Buffer.from([0, 1, 2, 254, 255]);
    const headers = [
      ['x-second', 'b'],
      ['x-first', 'a'],
      ['x-second', 'caf\u00e9'],
    ] as const;
    const sent = await drive(`${url}/base/`).send(ask('/a%20b?x=1&y', { method: 'PURGE', headers, body }), '1');
    const seen = JSON.parse(textIn(sent));
    expect(answerIn(sent).version).toBe(line.version);
    expect([seen.method, seen.url, seen.body]).toEqual(['PURGE', '/base/a%20b?x=1&y', body.toString('latin1')]);
    expect(seen.rawHeaders.join()).toContain('x-second,b,x-first,a,x-second,caf\u00e9');
  });

  it('asks under the host of the target, and under the one it is told', async () => {
    const url = await serve(echo);
    const named = line.version === '2' ? ':authority' : 'host';
    const hostIn = (text: string) => {
      const { rawHeaders } = JSON.parse(text);
      const at = rawHeaders.findIndex((each: string) => each.toLowerCase() === named);
      return rawHeaders[at + 1];
    };
    expect(hostIn(textIn(await drive(url).send(ask('/'), '1')))).toBe(new URL(url).host);
    const trust = line.scheme === 'https' ? { ca: null, insecure: true } : {};
    const driver = drive(url, { hostHeader: 'shop.test', ...trust });
    expect(hostIn(textIn(await driver.send(ask('/'), '1')))).toBe('shop.test');
  });

  it('keeps the order and the repeats of fields, codings, trailers and informational answers', async () => {
    const url = await serve((_request, response) => {
      response.writeEarlyHints({ link: '</a>; rel=preload' });
      const fields = { 'x-one': '1', 'set-cookie': ['a=1', 'b=2'], 'content-encoding': 'gzip', trailer: 'x-sum' };
      response.writeHead(201, fields);
      response.write(Buffer.from([1, 2]));
      response.addTrailers({ 'x-sum': '9' });
      response.end(Buffer.from([3]));
    });
    const { headers, ...response } = answerIn(await drive(url).send(ask('/'), '1'));
    const told = headers.filter(([name]) => /^(x-one|set-cookie|content-encoding)$/.test(name));
    expect(told).toEqual([
      ['x-one', '1'],
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
      ['content-encoding', 'gzip'],
    ]);
    expect(response).toMatchObject({
      status: 201,
      body: { bytes: Buffer.from([1, 2, 3]), codings: ['gzip'], wireSize: 3 },
      trailers: [['x-sum', '9']],
      informational: [{ status: 103 }],
    });
  });

  it('uses one connection for each recorded connection, HEAD and answers without a body notwithstanding', async () => {
    const ports: (number | undefined)[] = [];
    const url = await serve((request, response) => {
      ports.push(request.socket.remotePort);
      if (request.url === '/2') response.statusCode = 204;
      response.end();
    });
    const driver = drive(url);
    for (const [path, connection] of [
      ['/1', 'a'],
      ['/2', 'a'],
      ['/3', 'b'],
      ['/4', 'a'],
    ] as const) {
      expect(await driver.send(ask(path, { method: 'HEAD' }), connection)).toMatchObject({ kind: 'answer' });
    }
    expect(new Set(ports).size).toBe(2);
    expect([ports[1], ports[3]]).toEqual([ports[0], ports[0]]);
  });

  it('opens another connection once one was released', async () => {
    const ports: (number | undefined)[] = [];
    const url = await serve((request, response) => {
      ports.push(request.socket.remotePort);
      response.end();
    });
    const driver = drive(url);
    await driver.send(ask('/'), 'a');
    driver.release('a');
    await driver.send(ask('/'), 'a');
    expect(ports[1]).not.toBe(ports[0]);
  });

  it('takes large bodies both ways', async () => {
    const url = await serve((request, response) => request.pipe(response));
    const body = Buffer.alloc(5_000_000, 'abcdefg');
    const { body: back } = answerIn(await drive(url).send(ask('/', { method: 'POST', body }), '1'));
    expect(Buffer.compare(back.bytes, body)).toBe(0);
  });

  it('gives up an answer that is too large, and goes on', async () => {
    const url = await serve((request, response) => response.end(Buffer.alloc(request.url === '/' ? 2000 : 1000)));
    const driver = drive(url, {}, { bodyBytes: 1000, headBytes: 65_536 });
    expect(await driver.send(ask('/'), '1')).toMatchObject({ kind: 'failed', reason: 'too-large' });
    expect(answerIn(await driver.send(ask('/small'), '1')).body.wireSize).toBe(1000);
  });

  it('refuses a head that is too large', async () => {
    const url = await serve((_request, response) => {
      response.setHeader('x', 'a'.repeat(10_000));
      response.end();
    });
    const driver = drive(url, {}, { bodyBytes: 1000, headBytes: 5000 });
    const sent = await driver.send(ask('/'), '1');
    expect(sent).toMatchObject({ kind: 'failed', reason: 'bad-answer', unreachable: false });
  });

  it('gives up a target that hangs in time, and the next case is answered', async () => {
    let asked = 0;
    const url = await serve((_request, response) => {
      if (asked++ > 0) response.end('now');
    });
    const driver = drive(url, { timeoutMs: 300 });
    expect(await driver.send(ask('/'), '1')).toMatchObject({
      reason: 'timeout',
      detail: 'no complete answer after 300 ms',
    });
    expect(textIn(await driver.send(ask('/'), '1'))).toBe('now');
  });

  it('gives up a target that stops in the middle of its answer in time', async () => {
    const url = await serve((_request, response) => {
      response.write('half');
    });
    expect(await drive(url, { timeoutMs: 300 }).send(ask('/'), '1')).toMatchObject({ reason: 'timeout' });
  });

  it.each(['/before', '/within'])('says that the target closed the connection %s its answer', async (path) => {
    const url = await serve((request, response) => {
      if (request.url === '/before') stage.cut();
      else response.write('half', () => setImmediate(() => stage.cut()));
    });
    expect(await drive(url).send(ask(path), '1')).toMatchObject({ reason: 'closed', unreachable: false });
  });

  it('sends nothing that HTTP has no words for', async () => {
    const url = await serve(echo);
    const sent = await drive(url).send(ask('/', { headers: [['x-bad', 'a\u0001b']] }), '1');
    expect(sent).toMatchObject({ reason: 'unsendable', unreachable: false });
  });

  it('finds nobody where nobody listens', async () => {
    const url = await serve(echo);
    await stage.closeLast();
    expect(await drive(url).send(ask('/'), '1')).toMatchObject({ reason: 'refused', unreachable: true });
  });

  it('finds no host that has no address', async () => {
    const driver = drive(`${line.scheme}://nowhere.invalid`);
    expect(await driver.send(ask('/'), '1')).toMatchObject({ reason: 'no-such-host', unreachable: true });
  });

  it('ends what is under way when it is closed', async () => {
    let asked = (): void => {};
    const isAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const url = await serve(() => asked());
    const driver = drive(url);
    const sent = driver.send(ask('/'), '1');
    await isAsked;
    await driver.close();
    expect(await sent).toMatchObject({ kind: 'failed', reason: 'closed' });
  });
});

describe.each(Object.entries(lines).filter(([, { scheme }]) => scheme === 'https'))('over %s', (_name, line) => {
  it('checks the certificate', async () => {
    const url = await stage.serve(line.server(echo), 'https');
    const request = get('/', { http2: line.http2 });
    expect(await stage.drive(url).send(request, '1')).toMatchObject({ reason: 'tls', unreachable: true });
    const named = stage.drive(url, { ca: certificate.cert, hostHeader: 'shop.test' });
    expect(await named.send(request, '1')).toMatchObject({ reason: 'tls', unreachable: true });
    expect(await stage.drive(url, { insecure: true }).send(request, '1')).toMatchObject({ kind: 'answer' });
  });

  it('says that the target speaks no TLS', async () => {
    const url = await stage.serve(
      createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
      'https',
    );
    const sent = await stage.drive(url).send(get('/', { http2: line.http2 }), '1');
    expect(sent).toMatchObject({ reason: 'tls', unreachable: true });
  });
});
