/**
 * TLS, byte for byte: real servers on the distribution's OpenSSL (nginx, Python blocking and asyncio) and on Node's own
 * copy, real clients of each, bodies from nothing to 4 MiB. Nothing is configured: the recorder finds the libraries.
 */
import { join } from 'node:path';
import { freePort } from '../../replayer/launch/free-port';
import type { StoredExchange } from '../../tape/store/tape';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import { bothVersions, curlPosts, startNodeEcho } from '../support/echo-traffic';
import {
  apps,
  type Certificate,
  makeCertificate,
  run,
  seededBytes,
  startNginx,
  startServer,
  stopAll,
  temporaryFolder,
} from '../support/programs';
import { bodyHash, type Recorded, recordCommand, recordDuring, sha256 } from '../support/recorder';
import { noteRead } from '../support/tls-read';

const SIZES = [0, 1, 1024, 16_383, 16_384, 16_385, 100_000, 1 << 20, 4 << 20];
const node = process.execPath;
/** In the words of README's table. */
const programs: Readonly<Record<string, string>> = { node: 'Node.js', python3: 'Python' };
const echo = (name: string) => join(apps, 'echo', name);

const folder = temporaryFolder();
let certificate: Certificate;
let files: readonly string[];

function writeBodies(): readonly string[] {
  return SIZES.map((size) => folder.write(`body-${size}`, seededBytes(size, size + 1)));
}

const expected = SIZES.map((size) => ({ target: `/${size}`, hash: sha256(seededBytes(size, size + 1)) }));

/** Each size was exchanged whole, both ways, on connections in this direction; several clients may have done so. */
function expectWhole(exchanges: readonly StoredExchange[], direction: 'inbound' | 'outbound', times: number): void {
  const seen = exchanges.filter(
    ({ exchange }) => exchange.connection.direction === direction && exchange.connection.tls !== null,
  );
  for (const { target, hash } of expected) {
    const same = seen.filter(({ exchange }) => httpIn(exchange).request?.target === target);
    const facts = same.map(({ exchange }) => ({
      problems: exchange.problems,
      request: bodyHash(httpIn(exchange).request?.body),
      response: bodyHash(httpIn(exchange).response?.body),
    }));
    expect({ target, facts }).toEqual({
      target,
      facts: Array(times).fill({ problems: [], request: hash, response: hash }),
    });
  }
}

async function useEveryClient(port: number): Promise<void> {
  await run('python3', [echo('blocking.py'), 'client', String(port), ...files]);
  await run('python3', [echo('with_asyncio.py'), 'client', String(port), ...files]);
  await run(node, [echo('node.js'), 'client', `https://127.0.0.1:${port}`, ...files]);
  await run('curl', curlPosts(port, files, ['--tls-max', '1.2']));
}

/** curl is held to the older version of TLS, the others take the newest. */
function expectBothVersions(exchanges: readonly StoredExchange[]): void {
  const versions = exchanges.map(({ exchange }) => exchange.connection.handshake?.version ?? null);
  expect([...new Set(versions)].sort()).toEqual(bothVersions);
}

beforeAll(() => {
  certificate = makeCertificate(folder.path);
  files = writeBodies();
});

afterEach(stopAll);
afterAll(() => folder.remove());

describeE2e('servers over TLS, recorded by their port', () => {
  it.each([
    ['Node.js', () => [node, echo('node.js')] as const],
    ['Python blocking', () => ['python3', echo('blocking.py')] as const],
    ['Python asyncio', () => ['python3', echo('with_asyncio.py')] as const],
  ])('%s: every body whole in both directions, from four kinds of client', async (_name, command) => {
    const [program, script] = command();
    const server = await startServer(program, [script, 'server', certificate.cert, certificate.key]);
    const { exchanges, status } = await recordDuring(['--port', String(server.port)], () =>
      useEveryClient(server.port),
    );
    expect(status).toBe(0);
    expectWhole(exchanges, 'inbound', 4);
    expectBothVersions(exchanges);
    noteRead(program === node ? 'Node.js' : 'Python', exchanges);
  });

  it('nginx: every body whole, inbound over TLS and outbound to its upstream', async () => {
    const upstream = await startServer(node, [echo('node.js'), 'server']);
    const port = await freePort();
    await startNginx(
      folder.path,
      `server { listen 127.0.0.1:${port} ssl; ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate ${certificate.cert}; ssl_certificate_key ${certificate.key};
         location / { proxy_pass http://127.0.0.1:${upstream.port}; proxy_buffering off; proxy_request_buffering off; proxy_http_version 1.1; proxy_set_header Connection ""; } }`,
    );
    const { exchanges } = await recordDuring(['--port', String(port)], () => useEveryClient(port));
    expectWhole(exchanges, 'inbound', 4);
    expectBothVersions(exchanges.filter(({ exchange }) => exchange.connection.direction === 'inbound'));
    const outbound = exchanges.filter(({ exchange }) => exchange.connection.direction === 'outbound');
    expect(outbound).toHaveLength(4 * SIZES.length);
    expect(outbound.filter(({ exchange }) => exchange.problems.length > 0)).toEqual([]);
    expect(outbound.map(({ exchange }) => exchange.connection.tls)).toEqual(Array(outbound.length).fill(null));
    noteRead('nginx', exchanges);
  });
});

describeE2e('clients over TLS, recorded as a command', () => {
  it('nothing is missing whatever the lengths of tickets, which may differ on one connection', async () => {
    const script = join(apps, 'processes', 'ticket-lengths.py');
    const { exchanges } = await recordCommand(['python3', script, certificate.cert, certificate.key]);
    expect(exchanges.map(({ exchange }) => exchange.problems)).toEqual(Array(2 * 96).fill([]));
  });

  let recorded: Recorded;

  beforeAll(async () => {
    const servers = await Promise.all(bothVersions.map((version) => startNodeEcho(certificate, version)));
    const commands = servers.flatMap(({ port }) => [
      ['python3', echo('blocking.py'), 'client', String(port), ...files],
      ['python3', echo('with_asyncio.py'), 'client', String(port), ...files],
      [node, echo('node.js'), 'client', `https://127.0.0.1:${port}`, ...files],
      ['curl', ...curlPosts(port, files)],
    ]);
    const lines = commands.map((words) => words.map((word) => `'${word}'`).join(' '));
    recorded = await recordCommand(['sh', folder.write('clients.sh', `set -e\n${lines.join('\n')}\n`)]);
    await stopAll();
  });

  it('every body whole in both directions, for curl, Node.js, Python blocking and asyncio', () => {
    expect(recorded.status).toBe(0);
    expectWhole(recorded.exchanges, 'outbound', 4 * bothVersions.length);
    expectBothVersions(recorded.exchanges);
    const byName = Map.groupBy(recorded.exchanges, ({ exchange }) => exchange.connection.process?.name ?? '');
    for (const [name, exchanges] of byName) noteRead(programs[name] ?? name, exchanges);
  });

  it('under the name of the program that made them', () => {
    const names = new Set(recorded.exchanges.map(({ exchange }) => exchange.connection.process?.name));
    expect([...names].sort()).toEqual(['curl', 'node', 'python3']);
  });
});
