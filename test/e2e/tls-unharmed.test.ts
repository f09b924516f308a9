/**
 * Servers of every TLS library that is built here, all under load at once, while recorders of them are killed one after the other: nobody's
 * answer is wrong or missing, nothing stays in the kernel, and the recorder that comes last reads them all.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describeE2e } from '../support/e2e';
import { startNginxBeforeEcho } from '../support/echo-traffic';
import { programIdsOf, untilFreed } from '../support/kernel-programs';
import { apps, asDer, makeCertificate, saidOnStderr, startServer, stopAll, temporaryFolder } from '../support/programs';
import { readTape, startRecording } from '../support/recorder';
import { buildRust, describeWithRust } from '../support/rust';
import { buildEcho, builtLibraries, makeNssDatabase } from '../support/tls-libraries';

const ROUNDS = 4;
/** Between two requests on a connection: it is about when recorders die, not about how much is said. */
const PAUSE_MS = 3;
const BUILD_MS = 600_000;
const folder = temporaryFolder();
afterEach(stopAll);
afterAll(() => folder.remove());

interface Loaded {
  /** The word on the tape. */
  readonly library: string;
  readonly port: number;
}

/** Servers of OpenSSL in nginx and in Node.js, and of each library of C. */
async function startServers(): Promise<readonly Loaded[]> {
  const certificate = makeCertificate(folder.path);
  const { cert, key } = certificate;
  const node = await startServer(process.execPath, [join(apps, 'echo/node.js'), 'server', cert, key]);
  const ofC = builtLibraries
    .filter(({ header }) => existsSync(header))
    .map(async (library) => {
      const program = buildEcho(library, folder.file(`echo-${library.name}`));
      const files = library.name === 'nss' ? makeNssDatabase(nssFolder(), certificate) : [cert, key];
      const { port } = await startServer(program, ['server', ...files, '']);
      return { library: library.name, port };
    });
  return [
    { library: 'openssl', port: await startNginxBeforeEcho(folder.path, certificate) },
    { library: 'openssl', port: node.port },
    ...(await Promise.all(ofC)),
  ];
}

function nssFolder(): string {
  const path = folder.file('database');
  mkdirSync(path);
  return path;
}

interface Load {
  /** Ends it: how many answers were right, and what was said of the others. */
  end(): Promise<{ readonly right: number; readonly faults: readonly string[] }>;
}

/** One connection to a server, on which it asks again and again. */
function startLoad({ port }: Loaded): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
  const seen = { right: 0, faults: [] as string[], isOver: false };
  const running = (async () => {
    while (!seen.isOver && seen.faults.length === 0) {
      const body = `${port} ${seen.right} ${'x'.repeat(seen.right % 3000)}`;
      const answer = await echoed(agent, port, body).catch((error: Error) => error.message);
      if (answer === body) seen.right += 1;
      else seen.faults.push(answer);
      await pause(PAUSE_MS);
    }
    agent.destroy();
  })();
  const end = async () => {
    seen.isOver = true;
    await running;
    return seen;
  };
  return { end };
}

function echoed(agent: Agent, port: number, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { agent, port, host: '127.0.0.1', path: `/${port}`, method: 'POST' };
    const headers = { 'content-length': Buffer.byteLength(body) };
    request({ ...options, headers }, async (response) => {
      resolve(Buffer.concat(await response.toArray()).toString());
    })
      .on('error', reject)
      .end(body);
  });
}

async function expectUnharmed(servers: readonly Loaded[]): Promise<void> {
  const targets = servers.flatMap(({ port }) => ['--port', String(port)]);
  const loads = servers.map(startLoad);
  for (let round = 0; round < ROUNDS; round++) {
    const recording = await startRecording(folder.file(`killed-${round}.tape`), ['-v', ...targets]);
    // Before its probes are in place, and after.
    if (round % 2 === 0) await saidOnStderr(recording.program, /probes complete/);
    const loaded = programIdsOf(recording.program.pid);
    await recording.program.stop('SIGKILL');
    await untilFreed(loaded, folder);
  }
  const last = await startRecording(folder.file('last.tape'), targets);
  while (!areAllOf(servers, await librariesOn(last.tape))) await pause(50);
  expect(await last.end()).toBe(0);
  const ended = await Promise.all(loads.map((load) => load.end()));
  expect(ended.map(({ faults }) => faults)).toEqual(servers.map(() => []));
  for (const { right } of ended) expect(right).toBeGreaterThan(ROUNDS);
}

function areAllOf(servers: readonly Loaded[], read: ReadonlySet<string | undefined>): boolean {
  return servers.every(({ library }) => read.has(library));
}

/** Of exchanges that are whole. */
async function librariesOn(tape: string): Promise<ReadonlySet<string | undefined>> {
  const whole = (await readTape(tape)).filter(({ exchange }) => exchange.problems.length === 0);
  return new Set(whole.map(({ exchange }) => exchange.connection.tls?.library));
}

describeE2e('recorders that are killed under load leave unharmed', () => {
  it('OpenSSL, in nginx and in Node.js, and libraries of C', async () => {
    await expectUnharmed(await startServers());
  });

  describeWithRust('in a program of Rust', 'rustls-echo', () => {
    describeWithRust('linked in', 's2n-echo', () => {
      beforeAll(() => {
        buildRust('rustls-echo', folder.file('rustls'), ['ring']);
        buildRust('s2n-echo', folder.file('s2n'), ['linked']);
      }, BUILD_MS);

      it('rustls and s2n-tls', async () => {
        const certificate = makeCertificate(folder.path);
        const binary = asDer(certificate, folder.path);
        const rustls = await startServer(folder.file('rustls'), ['server', binary.cert, binary.key]);
        const s2n = await startServer(folder.file('s2n'), ['server', certificate.cert, certificate.key, '']);
        await expectUnharmed([
          { library: 'rustls', port: rustls.port },
          { library: 's2n', port: s2n.port },
        ]);
      });
    });
  });
});
