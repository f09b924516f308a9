/** TLS of the OpenSSL in Node.js, its bytes taken on their way over loopback and put into packets, read with the keys it logged. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, createServer as createTlsServer, type SecureVersion } from 'node:tls';
import { eventsOf, exchangesIn, streamOf } from '../../../support/captured';
import { httpIn, rawIn } from '../../../support/contents';
import { captureOf, conversation } from '../../../support/packets';

interface Taken {
  readonly pieces: { from: 'client' | 'server'; data: Buffer }[];
  readonly keyLog: string;
}

let folder: string;
let identity: { key: Buffer; cert: Buffer };
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wiretape-tls-'));
  const files = { key: join(folder, 'key.pem'), cert: join(folder, 'cert.pem') };
  const names = ['-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost', '-keyout', files.key, '-out', files.cert];
  execFileSync('openssl', ['req', '-x509', '-days', '2', ...names], { stdio: 'ignore' });
  identity = { key: readFileSync(files.key), cert: readFileSync(files.cert) };
});
afterAll(() => rmSync(folder, { recursive: true }));

const body = 'b'.repeat(50_000);
const request = `POST /orders HTTP/1.1\r\nHost: shop.test\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const response = `HTTP/1.1 201 Created\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

/** One request and its answer over TLS, through a relay that takes the bytes. */
async function take(version: SecureVersion, ciphers: string, offers: readonly string[] = []): Promise<Taken> {
  const agreeing = offers.length === 0 ? {} : { ALPNProtocols: [...offers].reverse() };
  const pieces: Taken['pieces'] = [];
  const lines: string[] = [];
  const suite = version === 'TLSv1.3' ? { ciphers } : { ciphers, honorCipherOrder: true };
  const server = createTlsServer(
    { ...identity, ...suite, ...agreeing, minVersion: version, maxVersion: version },
    (socket) => {
      let length = 0;
      socket.on('data', (data: Buffer) => {
        length += data.length;
        if (length === request.length) socket.end(response);
      });
    },
  );
  const target = await listening(server);
  const relay = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    near.on('data', (data) => {
      pieces.push({ from: 'client', data });
      far.write(data);
    });
    far.on('data', (data) => {
      pieces.push({ from: 'server', data });
      near.write(data);
    });
    near.on('end', () => far.end());
    far.on('end', () => near.end());
  });
  const port = await listening(relay);
  await new Promise<void>((resolve, reject) => {
    const offering = offers.length === 0 ? {} : { ALPNProtocols: [...offers] };
    const to = { port, host: '127.0.0.1', ca: identity.cert, servername: 'localhost', ciphers };
    const client = connectTls({ ...to, ...offering });
    client.on('keylog', (line: Buffer) => lines.push(line.toString()));
    client.on('secureConnect', () => client.write(request));
    client
      .on('error', reject)
      .on('close', () => resolve())
      .resume();
  });
  await Promise.all([server, relay].map((each) => new Promise((resolve) => each.close(resolve))));
  return { pieces, keyLog: lines.join('') };
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));
}

describe.each([
  ['TLSv1.3', 'TLS_AES_128_GCM_SHA256'],
  ['TLSv1.3', 'TLS_AES_256_GCM_SHA384'],
  ['TLSv1.3', 'TLS_CHACHA20_POLY1305_SHA256'],
  ['TLSv1.2', 'ECDHE-RSA-AES128-GCM-SHA256'],
  ['TLSv1.2', 'ECDHE-RSA-AES256-GCM-SHA384'],
  ['TLSv1.2', 'ECDHE-RSA-CHACHA20-POLY1305'],
  ['TLSv1.2', 'AES256-GCM-SHA384'],
] as const)('%s with %s', (version, ciphers) => {
  let taken: Taken;
  beforeAll(async () => {
    taken = await take(version, ciphers);
  });

  it('is read with its keys, whatever packets it came in', () => {
    const small = taken.pieces.flatMap(({ from, data }) => {
      const parts: Taken['pieces'] = [];
      for (let at = 0; at < data.length; at += 777) parts.push({ from, data: data.subarray(at, at + 777) });
      return parts;
    });
    for (const pieces of [taken.pieces, small]) {
      const { events } = eventsOf(captureOf(conversation(pieces)), taken.keyLog);
      expect([streamOf(events, 'received'), streamOf(events, 'sent')]).toEqual([request, response]);
    }
    const { exchanges } = exchangesIn(captureOf(conversation(taken.pieces)), taken.keyLog);
    expect(exchanges).toMatchObject([{ problems: [], connection: { tls: { library: 'unknown library' } } }]);
    expect(httpIn(exchanges[0]).response?.body.bytes.length).toBe(body.length);
  });

  it('is read with keys that lie in the file', () => {
    const capture = captureOf(conversation(taken.pieces), { format: 'pcapng', keyLog: taken.keyLog });
    expect(streamOf(eventsOf(capture).events, 'sent')).toBe(response);
  });

  it.each([
    ['without keys', ''],
    ['with those of others', `CLIENT_RANDOM ${'0'.repeat(64)} ${'0'.repeat(96)}`],
  ])('is counted %s', (_, keyLog) => {
    const { exchanges } = exchangesIn(captureOf(conversation(taken.pieces)), keyLog);
    const sizes = (from: string) =>
      taken.pieces.filter((piece) => piece.from === from).reduce((sum, { data }) => sum + data.length, 0);
    expect(exchanges).toMatchObject([
      {
        protocol: 'raw',
        problems: ['encrypted'],
        connection: { unreadTls: { reason: 'no-key' } },
        content: { requestSize: sizes('client'), responseSize: sizes('server') },
      },
    ]);
  });

  it('tells nothing that it did not read behind a packet that is missing', () => {
    const sketches = conversation(
      taken.pieces.flatMap(({ from, data }) => {
        const parts: Taken['pieces'] = [];
        for (let at = 0; at < data.length; at += 1400) parts.push({ from, data: data.subarray(at, at + 1400) });
        return parts;
      }),
    );
    const last = sketches.findLastIndex(({ from, data }) => from === 'server' && (data?.length ?? 0) === 1400);
    const { events } = eventsOf(captureOf(sketches.filter((_, i) => i !== last - 5)), taken.keyLog);
    const read = streamOf(events, 'sent').split('<')[0] ?? '';
    expect(read.length).toBeGreaterThan(0);
    expect(response.startsWith(read)).toBe(true);
    expect(streamOf(events, 'received')).toBe(request);
    const { exchanges } = exchangesIn(captureOf(sketches.filter((_, i) => i !== last - 5)), taken.keyLog);
    expect(exchanges.map(({ problems }) => problems)).toEqual([expect.arrayContaining(['lost-bytes'])]);
  });
});

describe('what both sides agreed to speak', () => {
  const suites = { 'TLSv1.3': 'TLS_AES_128_GCM_SHA256', 'TLSv1.2': 'ECDHE-RSA-AES128-GCM-SHA256' } as const;

  it.each<[SecureVersion & keyof typeof suites, readonly string[], string | null, string | null]>([
    ['TLSv1.3', ['http/1.1', 'x-own'], 'x-own', null],
    ['TLSv1.3', ['http/1.1'], 'http/1.1', 'HTTP/1.1'],
    ['TLSv1.2', ['http/1.1', 'x-own'], 'x-own', 'x-own'],
    ['TLSv1.3', [], null, null],
  ])(
    'in %s out of %j is read with its keys, and without them where it shows',
    async (version, offers, agreed, shown) => {
      const { pieces, keyLog } = await take(version, suites[version], offers);
      const capture = captureOf(conversation(pieces));
      const told = eventsOf(capture, keyLog).events.filter(({ kind }) => kind === 'tls');
      expect(told).toMatchObject([{ agreed }]);
      expect(rawIn(exchangesIn(capture).exchanges[0])?.protocol).toBe(shown);
    },
  );
});
