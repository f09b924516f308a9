/**
 * Services in several runtimes that call an upstream for each request, and what a recording says of the request that each call was
 * made for: for the tests, and for the bench, which prints how many are found.
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { StoredExchange } from '../../tape/store/tape';
import { httpIn } from './contents';
import { buildGo } from './go';
import { newestJdk } from './java';
import { apps, startServer, type TemporaryFolder } from './programs';
import { recordDuring } from './recorder';

export const REQUESTS = 48;
export const levels: readonly number[] = [1, 4, 16];

type Headers = (i: number) => Record<string, string>;

/** What a request carries, by the word in its path; `i` is its own in the recording. */
export const kinds = {
  trace: (i) => ({ traceparent: `00-${i.toString(16).padStart(32, 'a')}-${i.toString(16).padStart(16, 'b')}-01` }),
  'request-id': (i) => ({ 'x-request-id': `6d1f0a52-0000-4000-8000-${String(i).padStart(12, '0')}` }),
  nothing: () => ({}),
} satisfies Readonly<Record<string, Headers>>;

export type Kind = keyof typeof kinds;

export interface Runtime {
  readonly name: string;
  /** The command of its service, built into the folder where it has to be. Throws where the machine lacks the runtime. */
  command(upstream: string, folder: TemporaryFolder): readonly [command: string, ...args: string[]];
}

const services = join(apps, 'passing-on');

export const runtimes: readonly Runtime[] = [
  { name: 'Node.js', command: (upstream) => [process.execPath, join(services, 'service.js'), upstream] },
  { name: 'Python with threads', command: (upstream) => ['python3', ...python('threads', upstream)] },
  { name: 'Python with asyncio', command: (upstream) => ['python3', ...python('asyncio', upstream)] },
  {
    name: 'Go',
    command: (upstream, folder) => [buildGo('passing-on/go', folder.file('passing-on'), 'stripped'), upstream],
  },
  { name: 'Java', command: (upstream) => [newestJdk().java, join(services, 'Service.java'), upstream] },
];

function python(kind: string, upstream: string): readonly string[] {
  const { hostname, port } = new URL(upstream);
  return [join(services, 'service.py'), kind, hostname, port];
}

/** Calls of requests of one kind, so many under way at a time. */
export interface CausesFound {
  readonly kind: Kind;
  readonly atOnce: number;
  readonly calls: number;
  /** Those that have a cause on the tape. */
  readonly found: number;
  /** Those that have another one than their own: each call and its cause, by their paths. */
  readonly wrong: readonly (readonly [call: string, cause: string])[];
}

/** One recording of a service of that runtime, with every kind at every level, one after the other. */
export async function recordCauses(runtime: Runtime, folder: TemporaryFolder): Promise<readonly CausesFound[]> {
  const upstream = await startUpstream();
  try {
    const [command, ...args] = runtime.command(upstream.url, folder);
    const server = await startServer(command, args);
    const rounds = levels.flatMap((atOnce) => kindNames.map((kind) => ({ kind, atOnce })));
    const { exchanges } = await recordDuring(['--port', String(server.port)], async () => {
      for (const [round, { kind, atOnce }] of rounds.entries())
        await ask(server.port, { kind, atOnce, from: (round + 1) * 1000 });
    });
    await server.stop();
    const causes = causesOf(exchanges);
    return rounds.map((round) => tally(round, causes));
  } finally {
    upstream.close();
  }
}

const kindNames = Object.keys(kinds) as Kind[];

/** Answers in another order than it is asked in. */
async function startUpstream(): Promise<{ readonly url: string; close(): void }> {
  const server = http.createServer(({ url }, response) => {
    const body = `for ${url}`;
    const moment = (Number(url?.split('/').pop()) * 7) % 23;
    setTimeout(() => response.writeHead(200, { 'content-length': body.length }).end(body), moment);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

interface Asking {
  readonly kind: Kind;
  readonly atOnce: number;
  /** Numbers of requests begin with it; no two rounds share one, as ids are made of them. */
  readonly from: number;
}

/** So many requests at any time, on as many connections. */
async function ask(port: number, { kind, atOnce, from }: Asking): Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: atOnce });
  const numbers = Array.from({ length: REQUESTS }, (_, i) => from + i);
  await Promise.all(
    numbers.map((i) => get(`http://127.0.0.1:${port}${prefixOf({ kind, atOnce })}${i}`, agent, kinds[kind](i))),
  );
  agent.destroy();
}

function prefixOf({ kind, atOnce }: { readonly kind: Kind; readonly atOnce: number }): string {
  return `/${kind}/${atOnce}/`;
}

function get(url: string, agent: http.Agent, headers: Record<string, string>): Promise<void> {
  return new Promise((resolve, reject) => {
    const asking = http.get(url, { agent, headers }, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`${url} was answered ${answer.statusCode}`));
      answer.resume().on('end', resolve);
    });
    asking.on('error', reject);
  });
}

type CauseOf = readonly [call: string, cause: string | null];

/** The paths of each call and of what it is said to be for. */
function causesOf(exchanges: readonly StoredExchange[]): readonly CauseOf[] {
  const paths = new Map(exchanges.map((stored) => [stored.id, httpIn(stored.exchange).request?.target ?? '']));
  return exchanges
    .filter(({ exchange }) => exchange.connection.direction === 'outbound')
    .map(({ id, causeId }) => [paths.get(id) ?? '', causeId === null ? null : (paths.get(causeId) ?? '')]);
}

function tally(round: { readonly kind: Kind; readonly atOnce: number }, causes: readonly CauseOf[]): CausesFound {
  const calls = causes.filter(([call]) => call.startsWith(prefixOf(round)));
  const found = calls.flatMap(([call, cause]) => (cause === null ? [] : [[call, cause] as const]));
  return { ...round, calls: calls.length, found: found.length, wrong: found.filter(([call, cause]) => call !== cause) };
}
