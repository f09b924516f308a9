/** The driver against real servers: what arrives there, what comes back, and every way a target can misbehave. */
import * as http from 'node:http';
import * as https from 'node:https';
import { createServer, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { DriverOptions } from '../../replayer/drive/driver';
import type { OutgoingRequest } from '../../replayer/drive/outgoing';
import { answerIn, get, makeCertificate, Stage, textIn } from '../support/driving';

const stage = new Stage();
afterEach(() => stage.close());
const drive = stage.drive.bind(stage);

/** A server that speaks bytes; `serve` gets each connection. */
function bytes(serve: (socket: Socket) => void): Promise<string> {
  return stage.serve(createServer(serve));
}

function web(handler: http.RequestListener): Promise<string> {
  return stage.serve(http.createServer(handler));
}

interface Seen {
  readonly line: string;
  readonly headers: readonly string[];
  readonly body: string;
}

/** Answers with what arrived, headers as they were on the wire. */
const mirror: http.RequestListener = (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks).toString('latin1');
    response.end(JSON.stringify({ line: `${request.method} ${request.url}`, headers: request.rawHeaders, body }));
  });
};

async function mirrored(url: string, request: OutgoingRequest, options: Partial<DriverOptions> = {}): Promise<Seen> {
  return JSON.parse(textIn(await drive(url, options).send(request, '1')));
}

it('sends method, path, header case and order, and the bytes of the body', async () => {
  const url = await web(mirror);
  const body = Buffer.from([0, 1, 2, 254, 255]);
  const headers = [
    ['X-Second', 'b'],
    ['x-first', 'a'],
    ['X-Latin', 'caf\u00e9'],
  ] as const;
  const seen = await mirrored(`${url}/base/`, get('/a%20b?x=1&y', { method: 'PURGE', headers, body }));
  expect(seen.line).toBe('PURGE /base/a%20b?x=1&y');
  expect(seen.headers.join()).toContain('X-Second,b,x-first,a,X-Latin,caf\u00e9');
  expect(seen.body).toBe(body.toString('latin1'));
});

it('counts the body anew, and sends chunks where the recording had them', async () => {
  const url = await web(mirror);
  const body = Buffer.from('hello');
  const counted = await mirrored(url, get('/', { method: 'POST', headers: [['Content-Length', '999']], body }));
  expect(counted.headers.join()).toMatch(/content-length,5/i);
  const chunked = await mirrored(url, get('/', { method: 'POST', headers: [['Transfer-Encoding', 'chunked']], body }));
  expect(chunked.headers.join()).toMatch(/transfer-encoding,chunked/i);
  expect(chunked.body).toBe('hello');
});

it('keeps informational answers beside the final one', async () => {
  const url = await web((request, response) => {
    response.writeEarlyHints({ link: '</a>; rel=preload' });
    mirror(request, response);
  });
  const sent = await drive(url).send(get('/'), '1');
  expect(answerIn(sent).informational).toEqual([{ status: 103, headers: [['Link', '</a>; rel=preload']] }]);
});

const hasIpv6 = Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => address === '::1'));
(hasIpv6 ? it : it.skip)('reaches a target by its IPv6 address', async () => {
  const url = await stage.serve(http.createServer(mirror), 'http', '::1');
  expect((await mirrored(url, get('/'))).headers.join()).toContain(new URL(url).host);
});

it('asks under the host it is told', async () => {
  const url = await web(mirror);
  expect((await mirrored(url, get('/'))).headers.join()).toContain(new URL(url).host);
  expect((await mirrored(url, get('/'), { hostHeader: 'shop.test' })).headers.join()).toMatch(/host,shop\.test/i);
});

it('keeps header case, repeats and trailers of the answer, and does not decode it', async () => {
  const url = await bytes((socket) => {
    socket.end(
      'HTTP/1.1 200 Fine\r\nX-One: 1\r\nset-cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Encoding: GZIP, br\r\n' +
        'Transfer-Encoding: chunked\r\n\r\n3\r\n\u0001\u0002\u0003\r\n0\r\nX-Sum: 9\r\n\r\n',
    );
  });
  const sent = await drive(url).send(get('/'), '1');
  expect(sent).toMatchObject({
    kind: 'answer',
    response: {
      status: 200,
      reason: 'Fine',
      headers: [
        ['X-One', '1'],
        ['set-cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
        ['Content-Encoding', 'GZIP, br'],
        ['Transfer-Encoding', 'chunked'],
      ],
      body: { codings: ['gzip', 'br'], wireSize: 3 },
      trailers: [['X-Sum', '9']],
    },
  });
});

it('uses one connection for each recorded connection, HEAD and failures of others notwithstanding', async () => {
  const ports: (number | undefined)[] = [];
  const url = await web((request, response) => {
    ports.push(request.socket.remotePort);
    response.end('x');
  });
  const driver = drive(url);
  await driver.send(get('/1'), 'a');
  await driver.send(get('/2', { method: 'HEAD' }), 'a');
  await driver.send(get('/3'), 'b');
  await driver.send(get('/4'), 'a');
  const [first, second, other, last] = ports;
  expect([second, last]).toEqual([first, first]);
  expect(other).not.toBe(first);
});

it('closes the connection after a request whose client did', async () => {
  const ports: (number | undefined)[] = [];
  const url = await web((request, response) => {
    ports.push(request.socket.remotePort);
    response.end(request.headers.connection);
  });
  const driver = drive(url);
  const sent = await driver.send(get('/', { headers: [['Connection', 'close']] }), 'a');
  expect(sent).toMatchObject({ response: { body: { bytes: Buffer.from('close') } } });
  await driver.send(get('/'), 'a');
  expect(ports[1]).not.toBe(ports[0]);
});

describe('a target that', () => {
  it('refuses is unreachable', async () => {
    const url = await web(mirror);
    await stage.closeLast();
    expect(await drive(url).send(get('/'), '1')).toMatchObject({
      kind: 'failed',
      reason: 'refused',
      unreachable: true,
    });
  });

  it('has no address is unreachable', async () => {
    const sent = await drive('http://nowhere.invalid').send(get('/'), '1');
    expect(sent).toMatchObject({ reason: 'no-such-host', unreachable: true });
  });

  it('hangs is given up in time, and the next case gets a connection of its own', async () => {
    let asked = 0;
    const url = await web((_request, response) => {
      if (asked++ > 0) response.end('now');
    });
    const driver = drive(url, { timeoutMs: 50 });
    expect(await driver.send(get('/'), '1')).toMatchObject({
      reason: 'timeout',
      detail: 'no complete answer after 50 ms',
    });
    expect(await driver.send(get('/'), '1')).toMatchObject({ kind: 'answer' });
  });

  it('stops in the middle of its answer is given up in time', async () => {
    const url = await bytes((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhal'));
    expect(await drive(url, { timeoutMs: 50 }).send(get('/'), '1')).toMatchObject({ reason: 'timeout' });
  });

  it.each([
    ['closes without an answer', '', 'closed'],
    ['closes in the middle of its answer', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf', 'closed'],
    ['answers in no protocol we know', 'SSH-2.0-OpenSSH_9.2\r\n', 'bad-answer'],
    ['answers with a header that is none', 'HTTP/1.1 200 OK\r\nbad header\r\n\r\n', 'bad-answer'],
    [
      'switches protocols unasked',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
      'bad-answer',
    ],
  ])('%s is an error', async (_what, answer, reason) => {
    const url = await bytes((socket) => socket.once('data', () => socket.end(answer)));
    expect(await drive(url).send(get('/'), '1')).toMatchObject({ kind: 'failed', reason, unreachable: false });
  });

  it('cannot be sent what HTTP has no words for', async () => {
    const url = await web(mirror);
    const sent = await drive(url).send(get('/', { headers: [['X-Bad', 'a\u0001b']] }), '1');
    expect(sent).toMatchObject({ reason: 'unsendable', unreachable: false });
  });
});

describe('TLS', () => {
  const certificate = makeCertificate();

  function secure(): Promise<string> {
    return stage.serve(https.createServer({ ...certificate }, mirror), 'https');
  }

  it('is checked, with the certificates given', async () => {
    const url = await secure();
    expect(await drive(url).send(get('/'), '1')).toMatchObject({ reason: 'tls', unreachable: true });
    expect(await drive(url, { ca: certificate.cert }).send(get('/'), '1')).toMatchObject({ kind: 'answer' });
    expect(await drive(url, { insecure: true }).send(get('/'), '1')).toMatchObject({ kind: 'answer' });
  });

  it('is missed where the target speaks plain HTTP', async () => {
    const url = await web(mirror);
    const sent = await drive(url.replace('http:', 'https:')).send(get('/'), '1');
    expect(sent).toMatchObject({ reason: 'tls', unreachable: true });
  });
});
