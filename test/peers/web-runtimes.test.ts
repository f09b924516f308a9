/**
 * Deno, whose TLS is a rustls in a program that cannot be unwound, as a server and as a client, byte for byte; and Bun, whose BoringSSL has
 * no names.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import {
  bothVersions,
  echoBody,
  expectApart,
  expectEchoes,
  expectEchoesOver,
  expectNothingMissing,
  startNodeEcho,
  useNodeEcho,
  writeEchoBodies,
} from '../support/echo-traffic';
import {
  apps,
  type Certificate,
  makeCertificate,
  run,
  startServer,
  stopAll,
  temporaryFolder,
} from '../support/programs';
import { bodyHash, recordCommand, recordDuring, sha256 } from '../support/recorder';
import { noteRead } from '../support/tls-read';
import { expectUnharmed } from '../support/unharmed';
import { expectSecondStep, recordInMidConnection } from './mid-connection';
import { brought, whyMissing } from './pairs';

const SIZES = [0, 1, 1024, 16_383, 16_384, 16_385, 100_000, 1 << 20];
const folder = temporaryFolder();
const web = join(apps, 'echo/web.mjs');
const deno = join(brought, 'npm/node_modules/@deno/linux-x64-glibc/deno');
const bun = join(brought, 'npm/node_modules/@oven/bun-linux-x64/bin/bun');
const denoRuns = ['run', '-A', '--no-config', '--unsafely-ignore-certificate-errors', web];
let certificate: Certificate;
let files: readonly string[];

beforeAll(() => {
  certificate = makeCertificate(folder.path);
  files = writeEchoBodies(folder, SIZES);
});
afterEach(stopAll);
afterAll(() => folder.remove());

const missing = whyMissing('programs of npm');
const where = missing === null ? '' : ` [${missing}]`;

(missing === null ? describeE2e : describe.skip)(`Deno${where}`, () => {
  it('has every body whole in both directions, as a server', async () => {
    const server = await startServer(deno, [...denoRuns, 'server', certificate.cert, certificate.key]);
    const recorded = await recordDuring(['--port', String(server.port)], () => useNodeEcho(server.port, files));
    expectEchoes(recorded.exchanges, {
      of: 'Deno',
      sizes: SIZES,
      direction: 'inbound',
      library: 'rustls',
      protocol: 'http1',
    });
    expectNothingMissing(recorded);
  }, 60_000);

  it('and over HTTP/2', async () => {
    const server = await startServer(deno, [...denoRuns, 'server', certificate.cert, certificate.key]);
    const recorded = await recordDuring(['--port', String(server.port)], async () => {
      const what = ['-H', 'Content-Type: application/octet-stream', '--data-binary', `@${files.at(-1)}`];
      await run('curl', [
        '-sSfk',
        '--http2',
        ...what,
        '-o',
        folder.file('answer'),
        `https://127.0.0.1:${server.port}/`,
      ]);
    });
    const hash = sha256(echoBody(1 << 20));
    const seen = recorded.exchanges.map(({ exchange }) => {
      const { request, response } = httpIn(exchange);
      return [exchange.protocol, exchange.problems, bodyHash(request?.body), bodyHash(response?.body)];
    });
    expect(seen).toEqual([['http2', [], hash, hash]]);
    noteRead('Deno', recorded.exchanges);
  }, 60_000);

  it('and as a client, recorded from its first instruction', async () => {
    const server = await startNodeEcho(certificate);
    const recorded = await recordCommand([deno, ...denoRuns, 'client', `https://127.0.0.1:${server.port}`, ...files]);
    expectEchoes(recorded.exchanges, {
      of: 'Deno',
      sizes: SIZES,
      direction: 'outbound',
      library: 'rustls',
      protocol: 'http1',
    });
    expectNothingMissing(recorded);
  }, 60_000);
});

(missing === null ? describeE2e : describe.skip)(`Bun${where}`, () => {
  const of = 'Bun';
  const read = { of, sizes: SIZES, library: 'boringssl', protocol: 'http1' } as const;

  it('has every body whole in both directions, as a server', async () => {
    const { port } = await startServer(bun, [web, 'server', certificate.cert, certificate.key]);
    const recorded = await recordDuring(['--port', String(port)], async () => {
      for (const version of bothVersions) await useNodeEcho(port, files, version);
    });
    expectEchoesOver(bothVersions, recorded.exchanges, { ...read, direction: 'inbound' });
    expectNothingMissing(recorded);
  }, 60_000);

  it.each(bothVersions)(
    'and as a client, recorded from its first instruction (TLS %s)',
    async (version) => {
      const server = await startNodeEcho(certificate, version);
      const recorded = await recordCommand([bun, web, 'client', `https://127.0.0.1:${server.port}`, ...files]);
      expectEchoesOver([version], recorded.exchanges, { ...read, direction: 'outbound' });
      expectNothingMissing(recorded);
    },
    60_000,
  );

  it('and a hundred streams of HTTP/2 at once, at both ends', async () => {
    const said = folder.file('calls.json');
    const command = [bun, join(apps, 'http2/talker.js'), 'tls', '100', said, certificate.cert, certificate.key];
    const recorded = await recordCommand(command);
    const calls = JSON.parse(readFileSync(said, 'utf8')) as readonly Readonly<Record<string, string>>[];
    const lines = calls.map(({ path, request, response }) => `${path} ${request} ${response}`).sort();
    expect(lines).toHaveLength(100);
    for (const direction of ['inbound', 'outbound']) {
      const end = recorded.exchanges.filter(({ exchange }) => exchange.connection.direction === direction);
      const seen = end.map(({ exchange }) => {
        const { request, response } = httpIn(exchange);
        return `${request?.target} ${bodyHash(request?.body)} ${bodyHash(response?.body)}`;
      });
      expect(seen.sort()).toEqual(lines);
      expect(new Set(end.map(({ exchange: { protocol, problems } }) => [protocol, ...problems].join(' ')))).toEqual(
        new Set(['http2']),
      );
    }
    expectNothingMissing(recorded);
    noteRead(of, recorded.exchanges);
  }, 60_000);

  it('keeps thirty connections at once apart, on either side', async () => {
    const many = (port: number) => [join(apps, 'echo/many.js'), String(port), '30', '8'];
    const server = await startServer(bun, [web, 'server', certificate.cert, certificate.key]);
    const inbound = await recordDuring(['--pid', String(server.pid)], () => run(process.execPath, many(server.port)));
    const outbound = await recordCommand([bun, ...many((await startNodeEcho(certificate)).port)]);
    for (const { exchanges } of [inbound, outbound]) expectApart(exchanges, 30, 8);
  }, 60_000);

  it('knows the socket of what a client said and nobody answered', async () => {
    const hangsUp = createServer(
      { cert: readFileSync(certificate.cert), key: readFileSync(certificate.key) },
      (socket) => socket.on('error', () => undefined).once('data', () => socket.destroy()),
    );
    await once(hangsUp.listen(0, '127.0.0.1'), 'listening');
    const { port } = hangsUp.address() as AddressInfo;
    const url = `https://127.0.0.1:${port}/never`;
    const asks = `fetch('${url}', { method: 'POST', body: 'said', tls: { rejectUnauthorized: false } }).catch(() => {})`;
    const { exchanges } = await recordCommand([bun, '-e', asks]);
    hangsUp.close();
    const seen = exchanges.map(({ exchange }) => [httpIn(exchange).request?.target, exchange.connection.remote]);
    expect(new Set(seen.map(String))).toEqual(new Set([`/never,127.0.0.1:${port}`]));
    expect(exchanges.flatMap(({ exchange }) => exchange.problems)).not.toContain('uncertain-connection');
  }, 60_000);

  it('is read in mid-connection', async () => {
    const server = await startServer(bun, [web, 'server', certificate.cert, certificate.key]);
    expectSecondStep(await recordInMidConnection(server), 'boringssl');
  }, 60_000);

  it('is left unharmed by recorders that are killed', async () => {
    const server = await startServer(bun, [web, 'server', certificate.cert, certificate.key]);
    await expectUnharmed([{ library: 'boringssl', port: server.port }], folder);
  }, 120_000);
});
