/**
 * HTTP/2 of real servers and clients, over TLS and without: a hundred streams at a time without a mix-up, every body by
 * SHA-256 at both ends, and what a server or a client says otherwise.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../replayer/launch/free-port';
import type { StoredExchange } from '../../tape/store/tape';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import {
  apps,
  type Certificate,
  lineFrom,
  makeCertificate,
  run,
  seededBytes,
  start,
  startNginx,
  stopAll,
  temporaryFolder,
} from '../support/programs';
import { bodyHash, type Recorded, recordCommand, recordDuring, sha256 } from '../support/recorder';

const node = process.execPath;
const talker = join(apps, 'http2/talker.js');
const folder = temporaryFolder();
let certificate: Certificate;

beforeAll(() => {
  certificate = makeCertificate(folder.path);
});
afterEach(stopAll);
afterAll(() => folder.remove());

/** What the program says of its calls: path, and hashes of both bodies. */
interface Call {
  readonly path: string;
  readonly request: string;
  readonly response: string;
}

function ends({ exchanges }: Recorded): Record<'inbound' | 'outbound', readonly StoredExchange[]> {
  const of = (direction: string) => exchanges.filter(({ exchange }) => exchange.connection.direction === direction);
  return { inbound: of('inbound'), outbound: of('outbound') };
}

function callOf({ exchange }: StoredExchange): Call {
  const { request, response } = httpIn(exchange);
  return {
    path: request?.target ?? '',
    request: bodyHash(request?.body) ?? '',
    response: bodyHash(response?.body) ?? '',
  };
}

function byPath(calls: readonly Call[]): readonly Call[] {
  return [...calls].sort((a, b) => a.path.localeCompare(b.path));
}

describeE2e('a hundred streams at a time', () => {
  it.each(['plain', 'tls'])('are told apart, and whole at both ends: %s', async (how) => {
    const said = folder.file(`calls-${how}.json`);
    const recorded = await recordCommand([node, talker, how, '100', said, certificate.cert, certificate.key]);
    expect(recorded.status).toBe(0);
    const calls = JSON.parse(readFileSync(said, 'utf8')) as Call[];
    expect(calls).toHaveLength(100);
    for (const end of Object.values(ends(recorded))) {
      expect(end.map(({ exchange }) => exchange.problems).filter(({ length }) => length > 0)).toEqual([]);
      expect(byPath(end.map(callOf))).toEqual(byPath(calls));
      expect(new Set(end.map(({ exchange }) => exchange.channel)).size).toBe(100);
      expect(new Set(end.map(({ exchange }) => exchange.protocol))).toEqual(new Set(['http2']));
    }
    expect(recorded.summary).toMatch(/^ {2}missing {4}nothing$/m);
  });
});

describeE2e('nginx and curl', () => {
  async function nginx(): Promise<{ port: number; tlsPort: number; body: Buffer }> {
    const body = seededBytes(300_000, 3);
    folder.write('file.bin', body);
    const [port, tlsPort] = await Promise.all([freePort(), freePort()]);
    const tls = `ssl_certificate ${certificate.cert}; ssl_certificate_key ${certificate.key};`;
    const places = `root ${folder.path}; location = /empty { return 204; } location = /said { return 200 "said"; }`;
    await startNginx(
      folder.path,
      `sendfile off; server { listen 127.0.0.1:${port} http2; ${places} }
       server { listen 127.0.0.1:${tlsPort} ssl http2; ${tls} ${places} }`,
    );
    return { port, tlsPort, body };
  }

  it('speak it over TLS and with prior knowledge', async () => {
    const { port, tlsPort, body } = await nginx();
    const recorded = await recordDuring(['--port', String(port), '--port', String(tlsPort)], async () => {
      const out = ['-o', '/dev/null'];
      const get = (...args: string[]) => run('curl', ['-sSk', ...args]);
      await get(
        ...out,
        '--http2',
        `https://127.0.0.1:${tlsPort}/file.bin`,
        ...out,
        `https://127.0.0.1:${tlsPort}/said`,
      );
      for (const path of ['file.bin', 'empty'])
        await get(...out, '--http2-prior-knowledge', `http://127.0.0.1:${port}/${path}`);
    });
    const seen = recorded.exchanges.map(({ exchange }) => {
      const { request, response } = httpIn(exchange);
      const size = response?.body.bytes.length;
      return [
        exchange.protocol,
        exchange.connection.tls !== null,
        request?.target,
        response?.status,
        size,
        exchange.problems,
      ];
    });
    expect(seen).toEqual([
      ['http2', true, '/file.bin', 200, body.length, []],
      ['http2', true, '/said', 200, 4, []],
      ['http2', false, '/file.bin', 200, body.length, []],
      ['http2', false, '/empty', 204, 0, []],
    ]);
    for (const { exchange } of recorded.exchanges.filter(
      ({ exchange: one }) => httpIn(one).request?.target === '/file.bin',
    ))
      expect(bodyHash(httpIn(exchange).response?.body)).toBe(sha256(body));
  });
});

describeE2e('a connection', () => {
  it('that is upgraded from HTTP/1.1 goes on as HTTP/2', async () => {
    const server = start(node, [talker, 'upgrading']);
    const [, port] = await lineFrom(server, server.child.stdout, /^listening (\d+)$/);
    const recorded = await recordDuring(['--port', String(port)], () =>
      run('curl', ['-sS', '-o', '/dev/null', '--http2', `http://127.0.0.1:${port}/first`]),
    );
    expect(
      recorded.exchanges.map(({ exchange }) => {
        const { request, response } = httpIn(exchange);
        return [exchange.protocol, exchange.channel, request?.target, response?.status, exchange.problems];
      }),
    ).toEqual([
      ['http1', null, '/first', 101, []],
      ['http2', 1, '/first', 200, []],
    ]);
  });
});

describeE2e('tunnels in streams of HTTP/2', () => {
  const tunnel = join(apps, 'http2/tunnel.js');

  it('show what they carry, four at a time, at both ends', async () => {
    const program = start(node, [tunnel, 'proxy'], { stdio: 'pipe' });
    const [, port = ''] = await lineFrom(program, program.child.stdout, /^listening (\d+)$/);
    const client = [tunnel, 'client', port];
    const inbound = await recordDuring(['--port', port], () => run(node, client));
    const outbound = await recordCommand([node, ...client]);
    for (const { exchanges } of [inbound, outbound]) {
      const inStreams = exchanges.filter(({ exchange }) => exchange.channel !== null); // and not what the proxy says behind it
      const told = inStreams.map(({ exchange }) => {
        const { request, response } = httpIn(exchange);
        const body = Buffer.from(response?.body.bytes ?? []).toString();
        return [exchange.channel, exchange.protocol, request?.method, request?.target, body, exchange.problems];
      });
      const expected = [1, 3, 5, 7].flatMap((channel, i) => [
        [channel, 'http1', 'GET', `/${i + 1}`, `behind /${i + 1}`, []],
        [channel, 'http2', 'CONNECT', 'shop.test:80', '', []],
      ]);
      expect(told.sort((a, b) => Number(a[0]) - Number(b[0]) || String(a[1]).localeCompare(String(b[1])))).toEqual(
        expected,
      );
    }
  });
});
