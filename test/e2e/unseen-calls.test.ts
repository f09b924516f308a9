/**
 * Plaintext that passes unseen: one probe of a TLS library is taken away while connections talk, and put back. What was
 * touched may be missing; nothing that is wrong may be called complete.
 */
import { join } from 'node:path';
import { freePort } from '../../replayer/launch/free-port';
import type { Exchange } from '../../tape/model/exchange';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import { markersOf } from '../support/markers';
import {
  apps,
  lineFrom,
  makeCertificate,
  type Program,
  repository,
  start,
  startNginx,
  startServer,
  stopAll,
  temporaryFolder,
} from '../support/programs';
import { environment, readTape } from '../support/recorder';

const CONNECTIONS = 8;
const REQUESTS = 20;
const STEPS = 3;
const node = process.execPath;
const echo = (name: string) => join(apps, 'echo', name);
const folder = temporaryFolder();
const { cert, key } = { cert: folder.file('cert.pem'), key: folder.file('key.pem') };

beforeAll(() => {
  makeCertificate(folder.path);
});
afterEach(stopAll);
afterAll(() => folder.remove());

/** Says a line to a program, and waits for its answer. */
async function ask(program: Program, line: string): Promise<void> {
  const answer = lineFrom(program, program.child.stdout, new RegExp(`^${line.replace(/[^\w ]/g, '\\$&')}$`));
  program.child.stdin?.write(`${line}\n`);
  await answer;
}

interface Scene {
  readonly port: number;
  /** Which end is recorded. */
  readonly end: 'server' | 'client';
  /** A connection for each request, instead of eight that stay. */
  readonly fresh?: boolean;
}

/** Three steps of requests; in the second one the programs that match are not there. */
async function recordWithout(pattern: string, { port, end, fresh }: Scene): Promise<readonly Exchange[]> {
  const tape = folder.file(`${pattern.replace(/\W/g, '')}-${port}.tape`);
  const recorder = join(repository, 'test/support/programs/recorder-with-a-switch.js');
  const piped = { stdio: 'pipe', env: environment } as const;
  const client = start(
    node,
    [echo('steps.js'), String(port), String(CONNECTIONS), ...(fresh === true ? ['new'] : [])],
    piped,
  );
  const targets = end === 'server' ? ['--port', String(port)] : ['--pid', String(client.pid)];
  const recording = start(node, [recorder, 'record', '-o', tape, ...targets], piped);
  await lineFrom(recording, recording.child.stderr, /^recording /);
  await ask(client, String(REQUESTS));
  await ask(recording, `off ${pattern}`);
  await ask(client, String(REQUESTS));
  await ask(recording, 'on');
  await ask(client, String(REQUESTS));
  client.child.stdin?.end();
  await client.ended;
  await recording.stop('SIGINT');
  return (await readTape(tape)).map(({ exchange }) => exchange);
}

function expectHonest(exchanges: readonly Exchange[], direction: 'inbound' | 'outbound'): void {
  const mine = exchanges.filter(({ connection }) => connection.direction === direction);
  const complete = mine.filter(({ problems }) => problems.length === 0);
  expect(complete.filter((one) => httpIn(one).response === null)).toEqual([]);
  expect(complete.map(markersOf).filter((marker) => marker.startsWith('mixed up'))).toEqual([]);
  const inStep = (step: number) =>
    complete.filter((one) => httpIn(one).request?.target.startsWith(`/s${step}c`)).length;
  // Before, all is well; while the probe is away nothing can be whole; afterwards it is again, but for the first of a connection.
  expect(inStep(0)).toBe(CONNECTIONS * REQUESTS);
  expect(inStep(1)).toBeLessThan(CONNECTIONS * REQUESTS);
  expect(inStep(STEPS - 1)).toBeGreaterThanOrEqual(CONNECTIONS * (REQUESTS - 2));
}

const probes = [
  ['the return of reads', '^wt_ssl_rdx?_out'],
  ['the entry of reads', '^wt_ssl_rdx?_in'],
  ['the return of writes', '^wt_ssl_wrx?_out'],
  ['the entry of writes', '^wt_ssl_wrx?2?_in'],
] as const;

for (const [name, pattern] of probes) {
  describeE2e(`without ${name} for a while`, () => {
    it.each([
      ['Node.js', node, 'node.js'],
      ['Python asyncio', 'python3', 'with_asyncio.py'],
      ['Python blocking', 'python3', 'blocking.py'],
    ])(
      'a server of %s is recorded right or not at all',
      async (_server, program, script) => {
        const server = await startServer(program, [echo(script), 'server', cert, key]);
        expectHonest(await recordWithout(pattern, { port: server.port, end: 'server' }), 'inbound');
      },
      120_000,
    );

    it('nginx is recorded right or not at all', async () => {
      const upstream = await startServer(node, [echo('node.js'), 'server']);
      const port = await freePort();
      await startNginx(
        folder.path,
        `server { listen 127.0.0.1:${port} ssl; ssl_certificate ${cert}; ssl_certificate_key ${key};
         keepalive_requests 10000; location / { proxy_pass http://127.0.0.1:${upstream.port}; } }`,
      );
      expectHonest(await recordWithout(pattern, { port, end: 'server' }), 'inbound');
    }, 120_000);

    it.each(['server', 'client'] as const)(
      'connections of one request each, seen from the %s, are recorded right or not at all',
      async (end) => {
        const server = await startServer('python3', [echo('blocking.py'), 'server', cert, key]);
        const seen = await recordWithout(pattern, { port: server.port, end, fresh: true });
        expectHonest(seen, end === 'server' ? 'inbound' : 'outbound');
      },
      120_000,
    );

    it('a client that keeps its connections is recorded right or not at all', async () => {
      const server = await startServer(node, [echo('node.js'), 'server', cert, key]);
      expectHonest(await recordWithout(pattern, { port: server.port, end: 'client' }), 'outbound');
    }, 120_000);
  });
}
