/**
 * GnuTLS, NSS, Mbed TLS, wolfSSL and a shared BoringSSL, byte for byte: an echo by each as server and as client, in the ways that each has of reading and
 * writing, and the programs that the distribution packages.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../../replayer/launch/free-port';
import type { StoredExchange } from '../../tape/store/tape';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import {
  echoBody,
  expectApart,
  expectEchoesOver,
  expectNothingMissing,
  startHttp2Echo,
  startNodeEcho,
  type TlsVersion,
  useNodeEcho,
  writeEchoBodies,
} from '../support/echo-traffic';
import {
  apps,
  type Certificate,
  lineFrom,
  makeCertificate,
  run,
  start,
  startServer,
  stopAll,
  temporaryFolder,
} from '../support/programs';
import { bodyHash, type Recorded, recordCommand, recordDuring, sha256 } from '../support/recorder';
import {
  type BuiltLibrary,
  buildEcho,
  builtLibraries,
  describeWithPackage,
  makeNssDatabase,
} from '../support/tls-libraries';
import { noteRead } from '../support/tls-read';

const SIZES = [0, 1, 1024, 16_383, 16_384, 16_385, 100_000, 1 << 20];
const folder = temporaryFolder();
let certificate: Certificate;
let database: readonly string[] = [];
let files: readonly string[];

beforeAll(() => {
  certificate = makeCertificate(folder.path);
  files = writeEchoBodies(folder, SIZES);
});
afterEach(stopAll);
afterAll(() => folder.remove());

function expectAllRead(recorded: Recorded): void {
  expect(recorded.status).toBe(0);
  expectNothingMissing(recorded);
}

const startNode = (version?: TlsVersion) => startNodeEcho(certificate, version);

describeE2e('a TLS library of C', () => {
  for (const library of builtLibraries) {
    const { name, header: file, ways, versions } = library;
    describeWithPackage(name, { file, package: library.package }, () => {
      const program = folder.file(`echo-${name}`);
      beforeAll(() => {
        buildEcho(library, program);
      });

      const expectWhole = (
        spoken: readonly TlsVersion[],
        exchanges: readonly StoredExchange[],
        direction: 'inbound' | 'outbound',
      ) => {
        const known = { of: 'a program of C', sizes: SIZES, direction, library: name, protocol: 'http1' };
        expectEchoesOver(spoken, exchanges, known);
      };

      it(`has every body whole in both directions, as a server (plain, ${ways.join(', ')})`, async () => {
        const servers = await Promise.all(['', ...ways].map((way) => startEcho(library, program, way)));
        const ports = servers.flatMap(({ port }) => ['--port', String(port)]);
        const recorded = await recordDuring(ports, async () => {
          for (const version of versions) for (const { port } of servers) await useNodeEcho(port, files, version);
        });
        expectAllRead(recorded);
        const byServer = Map.groupBy(recorded.exchanges, ({ exchange }) => exchange.connection.process?.pid);
        expect([...byServer.keys()]).toEqual(servers.map(({ pid }) => pid));
        for (const exchanges of byServer.values()) expectWhole(versions, exchanges, 'inbound');
      });

      it.each(versions)('and as a client, recorded from its first instruction (TLS %s)', async (version) => {
        const server = await startNode(version);
        const recorded = await recordCommand([program, 'client', String(server.port), '', ...files]);
        expectAllRead(recorded);
        expectWhole([version], recorded.exchanges, 'outbound');
        // Their programs ask what was agreed on; the others offer nothing.
        const isAsked = name === 'wolfssl' || name === 'mbedtls';
        expect(agreedIn(recorded.exchanges)).toEqual([isAsked ? 'http/1.1' : null]);
      });

      if (ways.length > 0) {
        const inTurn = ways.join(', ');
        it.each(versions)(
          `and as clients that a shell starts one after another (TLS %s, ${inTurn})`,
          async (version) => {
            const server = await startNode(version);
            const each = `for way in ${ways.join(' ')}; do '${program}' client ${server.port} $way ${files.join(' ')} || exit; done`;
            const recorded = await recordCommand(['sh', '-c', each]);
            expectAllRead(recorded);
            const byClient = Map.groupBy(recorded.exchanges, ({ exchange }) => exchange.connection.process?.pid);
            expect(byClient.size).toBe(ways.length);
            for (const exchanges of byClient.values()) expectWhole([version], exchanges, 'outbound');
          },
        );
      }

      it('keeps thirty connections at once apart, on either side', async () => {
        const [connections, rounds] = [30, 8];
        const server = await startEcho(library, program, '');
        const work = ['many', String(server.port), '', String(connections), String(rounds)];
        const inbound = await recordDuring(['--pid', String(server.pid)], () => run(program, work));
        const outbound = await recordCommand([program, ...work]);
        for (const { exchanges } of [inbound, outbound]) {
          expectApart(exchanges, connections, rounds);
        }
      });
    });
  }
});

function startEcho({ name }: BuiltLibrary, program: string, way: string) {
  const [cert = '', key = ''] = name === 'nss' ? nssDatabase() : [certificate.cert, certificate.key];
  return startServer(program, ['server', cert, key, way]);
}

/** Made once: it takes a second. */
function nssDatabase(): readonly string[] {
  const path = folder.file('database');
  if (database.length === 0) {
    mkdirSync(path);
    database = makeNssDatabase(path, certificate);
  }
  return database;
}

/** What a client asked for by itself, told by its target and library. */
const asked = ({ exchange }: StoredExchange) => [
  httpIn(exchange).request?.target,
  exchange.connection.tls?.library,
  exchange.problems,
];

/** What was agreed to be spoken within TLS. */
const agreedIn = (exchanges: readonly StoredExchange[]) => [
  ...new Set(exchanges.map(({ exchange }) => exchange.connection.handshake?.agreed)),
];

describeE2e('programs of the distribution', () => {
  describeWithPackage('gnutls-serv and gnutls-cli', { file: '/usr/bin/gnutls-serv', package: 'gnutls-bin' }, () => {
    it('are read, each page right by its hash', async () => {
      const port = await freePort();
      const keys = ['--x509certfile', certificate.cert, '--x509keyfile', certificate.key];
      const server = start('gnutls-serv', ['--http', '--port', String(port), ...keys]);
      await lineFrom(server, server.child.stderr, /listening on IPv4/);
      const page = folder.file('page');
      const recorded = await recordDuring(['--pid', String(server.pid)], async () => {
        await run('curl', ['-sSk', '-o', page, `https://127.0.0.1:${port}/page`]);
        await untilLeft(port);
      });
      expect(recorded.exchanges.map(asked)).toEqual([['/page', 'gnutls', []]]);
      const [first] = recorded.exchanges;
      expect(first && bodyHash(httpIn(first.exchange).response?.body)).toBe(sha256(readFileSync(page)));
      noteRead('gnutls-serv, gnutls-cli', recorded.exchanges);
    });

    it('are read as a client', async () => {
      const server = await startNode();
      const request = folder.write('request', 'GET /by-cli HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
      const client = `gnutls-cli --insecure --port ${server.port} 127.0.0.1 < '${request}'`;
      const { exchanges } = await recordCommand(['sh', '-c', client]);
      expect(exchanges.map(asked)).toEqual([['/by-cli', 'gnutls', []]]);
      noteRead('gnutls-serv, gnutls-cli', exchanges);
    });
  });

  describeWithPackage('wget', { file: '/usr/bin/wget', package: 'wget' }, () => {
    it('posts a file, whole in both directions', async () => {
      const server = await startNode();
      // By itself wget calls it a form, in which any `PW=` of random bytes names a secret.
      const type = '--header=Content-Type: application/octet-stream';
      const options = [
        '-q',
        '--no-check-certificate',
        type,
        '-O',
        folder.file('answer'),
        '--post-file',
        files.at(-1) ?? '',
      ];
      const { exchanges } = await recordCommand(['wget', ...options, `https://127.0.0.1:${server.port}/by-wget`]);
      expect(exchanges.map(asked)).toEqual([['/by-wget', 'gnutls', []]]);
      const hash = sha256(readFileSync(files.at(-1) ?? ''));
      expect(exchanges.map(({ exchange }) => bodyHash(httpIn(exchange).response?.body))).toEqual([hash]);
      noteRead('wget', exchanges);
    });
  });

  describe.each([
    ['gnutls', 'libcurl3-gnutls'],
    ['nss', 'libcurl3-nss'],
  ])('libcurl with %s', (library, name) => {
    const file = `/usr/lib/x86_64-linux-gnu/libcurl-${library}.so.4`;
    describeWithPackage('from Python', { file, package: name, isGone: library === 'nss' }, () => {
      it.each(['http1', 'http2'] as const)('posts a file, whole in both directions (%s)', (protocol) =>
        expectCurl(file, library, protocol),
      );
    });
  });

  describeWithPackage('selfserv and tstclnt', { file: '/usr/bin/selfserv', package: 'libnss3-tools' }, () => {
    it('are read, each page right by its hash', async () => {
      const port = await freePort();
      const [path = '', name = ''] = nssDatabase();
      const server = start('selfserv', ['-d', path, '-n', name, '-p', String(port), '-v'], { stdio: 'pipe' });
      await untilItListens(port);
      const page = folder.file('nss-page');
      const recorded = await recordDuring(['--pid', String(server.pid)], async () => {
        await run('curl', ['-sSk', '-o', page, `https://127.0.0.1:${port}/`]);
        await untilLeft(port);
      });
      const seen = recorded.exchanges.map(({ exchange }) => [exchange.connection.tls?.library, exchange.problems]);
      expect(seen).toEqual([['nss', []]]);
      const [first] = recorded.exchanges;
      expect(first && bodyHash(httpIn(first.exchange).response?.body)).toBe(sha256(readFileSync(page)));
      noteRead('selfserv, tstclnt', recorded.exchanges);
    });

    it('are read as a client', async () => {
      const server = await startNode();
      const [path] = nssDatabase();
      const request = folder.write('request', 'GET /by-nss HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
      const client = `tstclnt -o -h 127.0.0.1 -p ${server.port} -d ${path} < '${request}'`;
      const { exchanges } = await recordCommand(['sh', '-c', client]);
      expect(exchanges.map(asked)).toEqual([['/by-nss', 'nss', []]]);
      noteRead('selfserv, tstclnt', exchanges);
    });
  });
});

describeE2e('a shared BoringSSL', () => {
  describeWithPackage('by its own tool', { file: '/usr/bin/bssl-tool', package: 'android-boringssl' }, () => {
    it('has a body whole in both directions, as a server and as a client', async () => {
      const body = echoBody(1 << 20);
      const lines = `Host: localhost\r\nContent-Length: ${body.length}\r\n\r\n`;
      const texts = [`POST /by-bssl HTTP/1.1\r\n${lines}`, `HTTP/1.1 200 OK\r\n${lines}`].map((head, i) =>
        folder.write(`bssl-${i}`, Buffer.concat([Buffer.from(head), body])),
      );
      const talk = join(apps, 'boringssl/talk.py');
      const command = ['unshare', '-n', 'python3', talk, certificate.cert, certificate.key, ...texts];
      // Its libraries lie where only its own file says, and a child may have finished before that was read.
      const recorded = await recordCommand(command, [], { LD_LIBRARY_PATH: '/usr/lib/x86_64-linux-gnu/android' });
      expectAllRead(recorded);
      const { exchanges } = recorded;
      const directions = exchanges.map(({ exchange }) => exchange.connection.direction);
      expect(directions.toSorted()).toEqual(['inbound', 'outbound']);
      for (const one of exchanges) {
        expect(asked(one)).toEqual(['/by-bssl', 'openssl', []]);
        const { request, response } = httpIn(one.exchange);
        expect([bodyHash(request?.body), bodyHash(response?.body)]).toEqual([sha256(body), sha256(body)]);
        expect(one.exchange.connection.handshake).toMatchObject({ offered: ['h2', 'http/1.1'], agreed: null });
      }
      noteRead("a shared BoringSSL, by Android's tool", exchanges);
    });
  });
});

/** libcurl by its C interface: CURLOPT_URL, _POSTFIELDSIZE, _POSTFIELDS, _HTTPHEADER, _SSL_VERIFYPEER, _SSL_VERIFYHOST, _HTTP_VERSION (2: 1.1, 4: 2 over TLS). */
const curlScript = `import ctypes, sys
curl = ctypes.CDLL(sys.argv[1])
curl.curl_easy_init.restype = curl.curl_slist_append.restype = ctypes.c_void_p
body = open(sys.argv[3], 'rb').read()
easy = ctypes.c_void_p(curl.curl_easy_init())
fields = ctypes.c_void_p(curl.curl_slist_append(None, b'Content-Type: application/octet-stream'))
for option, value in ((10002, sys.argv[2].encode()), (60, ctypes.c_long(len(body))), (10015, body), (10023, fields), (64, ctypes.c_long(0)), (81, ctypes.c_long(0)), (84, ctypes.c_long(int(sys.argv[4])))):
    curl.curl_easy_setopt(easy, option, value)
sys.exit(curl.curl_easy_perform(easy))`;

async function expectCurl(file: string, library: string, protocol: 'http1' | 'http2'): Promise<void> {
  const server = await (protocol === 'http1' ? startNode() : startHttp2Echo(certificate));
  const body = files.at(-1) ?? '';
  const { exchanges } = await recordCommand([
    ...[
      'python3',
      '-c',
      curlScript,
      file,
      `https://127.0.0.1:${server.port}/by-curl`,
      body,
      protocol === 'http1' ? '2' : '4',
    ],
  ]);
  expect(exchanges.map(asked)).toEqual([['/by-curl', library, []]]);
  expect(exchanges.map(({ exchange }) => exchange.protocol)).toEqual([protocol]);
  // The functions of NSS that tell are not probed.
  const agreed = protocol === 'http1' ? 'http/1.1' : 'h2';
  expect(agreedIn(exchanges)).toEqual([library === 'nss' ? null : agreed]);
  const hash = sha256(readFileSync(body));
  expect(exchanges.map(({ exchange }) => bodyHash(httpIn(exchange).request?.body))).toEqual([hash]);
  expect(exchanges.map(({ exchange }) => bodyHash(httpIn(exchange).response?.body))).toEqual([hash]);
  noteRead('libcurl', exchanges);
}

/**
 * Until the server has ended its side of every connection: where the end of an answer is the end of its connection, its
 * client may be done before, by a TLS alert.
 */
async function untilLeft(port: number): Promise<void> {
  const open = ['-Htn', 'state', 'established', 'state', 'close-wait', `sport = :${port}`];
  while (execFileSync('ss', open, { encoding: 'utf8' }) !== '') await pause(20);
}

/** selfserv says nothing when it listens. */
async function untilItListens(port: number): Promise<void> {
  const listening = ['-Hltn', `sport = :${port}`];
  while (execFileSync('ss', listening, { encoding: 'utf8' }) === '') await pause(20);
}
