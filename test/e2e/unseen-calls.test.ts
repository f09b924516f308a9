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
afterAll(() => folder.remove());

/** Says a line to a program, and waits for its answer. */
async function ask(program: Program, line: string): Promise<void> {
  const answer = lineFrom(program, program.child.stdout, new RegExp(`^${line.replace(/[^\w ]/g, '\\$&')}$`));
  program.child.stdin?.write(`${line}\n`);
  await answer;
}

/** A server and a client of it, one of which is recorded. */
interface Scene {
  /** Of what its connections are marked with. */
  readonly name: string;
  readonly serve: () => Promise<{ readonly port: number }>;
  /** Which end is recorded. */
  readonly end: 'server' | 'client';
  /** A connection for each request, instead of eight that stay. */
  readonly fresh: boolean;
}

const serveNode = () => startServer(node, [echo('node.js'), 'server', cert, key]);
const servePython = (script: string) => startServer('python3', [echo(script), 'server', cert, key]);

async function serveNginx(): Promise<{ readonly port: number }> {
  const upstream = await startServer(node, [echo('node.js'), 'server']);
  const port = await freePort();
  await startNginx(
    folder.path,
    `server { listen 127.0.0.1:${port} ssl; ssl_certificate ${cert}; ssl_certificate_key ${key};
     keepalive_requests 10000; location / { proxy_pass http://127.0.0.1:${upstream.port}; } }`,
  );
  return { port };
}

const kept = { end: 'server', fresh: false } as const;
const scenes: Readonly<Record<string, Scene>> = {
  'a server of Node.js': { name: 'node', serve: serveNode, ...kept },
  'a server of Python asyncio': { name: 'asyncio', serve: () => servePython('with_asyncio.py'), ...kept },
  'a server of Python blocking': { name: 'blocking', serve: () => servePython('blocking.py'), ...kept },
  nginx: { name: 'nginx', serve: serveNginx, ...kept },
  'a server, of one request on each connection': {
    ...{ name: 'server', serve: () => servePython('blocking.py'), end: 'server', fresh: true },
  },
  'a client, of one request on each connection': {
    ...{ name: 'client', serve: () => servePython('blocking.py'), end: 'client', fresh: true },
  },
  'a client that keeps its connections': { name: 'keeping', serve: serveNode, end: 'client', fresh: false },
};

interface Cast {
  readonly client: Program;
  /** What of it is recorded. */
  readonly target: readonly string[];
}

async function begin({ name, serve, end, fresh }: Scene): Promise<Cast> {
  const { port } = await serve();
  const words = [echo('steps.js'), String(port), String(CONNECTIONS), name, ...(fresh ? ['new'] : [])];
  const client = start(node, words, { stdio: 'pipe' });
  return { client, target: end === 'server' ? ['--port', String(port)] : ['--pid', String(client.pid)] };
}

/** All scenes in one recording: three steps of requests; in the second one the programs that match are not there. */
async function recordWithout(pattern: string): Promise<readonly Exchange[]> {
  const tape = folder.file(`${pattern.replace(/\W/g, '')}.tape`);
  const recorder = join(repository, 'test/support/programs/recorder-with-a-switch.js');
  const cast = await Promise.all(Object.values(scenes).map(begin));
  const targets = cast.flatMap(({ target }) => target);
  const recording = start(node, [recorder, 'record', '-o', tape, ...targets], { stdio: 'pipe', env: environment });
  await lineFrom(recording, recording.child.stderr, /^recording /);
  const step = async () => {
    for (const { client } of cast) await ask(client, String(REQUESTS));
  };
  await step();
  await ask(recording, `off ${pattern}`);
  await step();
  await ask(recording, 'on');
  await step();
  for (const { client } of cast) {
    client.child.stdin?.end();
    await client.ended;
  }
  await recording.stop('SIGINT');
  return (await readTape(tape)).map(({ exchange }) => exchange);
}

/** By what it asked for; what its bodies are marked with has to be of the same. */
function sceneOf(exchange: Exchange): string | undefined {
  return /^\/([a-z]+)s\dc/.exec(httpIn(exchange).request?.target ?? '')?.[1];
}

function expectHonest(exchanges: readonly Exchange[], { name, end }: Scene): void {
  const direction = end === 'server' ? 'inbound' : 'outbound';
  const complete = exchanges.filter(
    (one) => one.connection.direction === direction && one.problems.length === 0 && sceneOf(one) === name,
  );
  expect(complete.filter((one) => httpIn(one).response === null)).toEqual([]);
  expect(complete.map(markersOf).filter((marker) => marker.startsWith('mixed up'))).toEqual([]);
  const inStep = (step: number) =>
    complete.filter((one) => httpIn(one).request?.target.startsWith(`/${name}s${step}c`)).length;
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

for (const [probe, pattern] of probes) {
  describeE2e(`without ${probe} for a while`, () => {
    let exchanges: readonly Exchange[];
    beforeAll(async () => {
      exchanges = await recordWithout(pattern).finally(stopAll);
    });

    it('calls nothing whole that was not asked', () => {
      const whole = exchanges.filter(({ problems }) => problems.length === 0);
      expect([...new Set(whole.map(sceneOf))].sort()).toEqual(
        Object.values(scenes)
          .map(({ name }) => name)
          .sort(),
      );
    });

    it.each(Object.entries(scenes))('%s is recorded right or not at all', (_, scene) => {
      expectHonest(exchanges, scene);
    });
  });
}
