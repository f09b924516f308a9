/** Servers under load while recorders of them are killed: what has to be so of them, whichever TLS they have. */
import { Agent, request } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import { programIdsOf, untilFreed } from './kernel-programs';
import { saidOnStderr, type TemporaryFolder } from './programs';
import { readTape, startRecording } from './recorder';

const ROUNDS = 4;
/** Between two requests on a connection: it is about when recorders die, not about how much is said. */
const PAUSE_MS = 3;

export interface Loaded {
  /** The word on the tape. */
  readonly library: string;
  readonly port: number;
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

/** Nobody's answer is wrong or missing, nothing stays in the kernel, and the recorder that comes last reads them all. */
export async function expectUnharmed(servers: readonly Loaded[], folder: TemporaryFolder): Promise<void> {
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
