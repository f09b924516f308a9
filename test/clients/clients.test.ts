/**
 * The HTTP clients people use on Node.js 22, 24 and 26, over TLS: a thousand calls by sixteen workers, each with a path
 * and bodies of its own, on a new connection each and on kept ones. Both ends are recorded at once, the client as a
 * command and the server by its port; every call is on both tapes, once, whole, and under its own answer.
 */
import { join } from 'node:path';
import { callOf } from '../../fixtures/apps/clients/conversation';
import { freePort } from '../../replayer/launch/free-port';
import type { Direction, Exchange } from '../../tape/model/exchange';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import {
  apps,
  makeCertificate,
  repository,
  startNginx,
  startServer,
  stopAll,
  temporaryFolder,
} from '../support/programs';
import { bodyHash, recordCommand, recordDuring, sha256 } from '../support/recorder';

const CALLS = 1000;
const WORKERS = 16;
/** Clients end a kept connection after a HEAD (undici), or where an answer overtakes the end of its request (got: up to half of them). */
const MOST_ENDED = 0.9;
const packages = join(repository, 'build/clients');
const app = (name: string) => join(apps, 'clients', name);
const folder = temporaryFolder();
const { cert, key } = { cert: folder.file('cert.pem'), key: folder.file('key.pem') };

type Mode = 'new' | 'kept';

/** Each gives the port it listens on; `new` ends a connection after its answer. */
const servers = {
  'Node.js': async (mode: Mode) => (await startServer(process.execPath, [app('server.js'), mode, cert, key])).port,
  Python: async (mode: Mode) => (await startServer('python3', [app('server.py'), mode, cert, key])).port,
  nginx: startProxy,
};

async function startProxy(mode: Mode): Promise<number> {
  const upstream = await startServer(process.execPath, [app('server.js'), 'kept']);
  const port = await freePort();
  await startNginx(
    folder.path,
    `server { listen 127.0.0.1:${port} ssl; ssl_certificate ${cert}; ssl_certificate_key ${key};
       keepalive_requests 100000; ${mode === 'new' ? 'keepalive_timeout 0;' : ''}
       location / { proxy_pass http://127.0.0.1:${upstream.port}; proxy_http_version 1.1;
         proxy_buffering off; proxy_request_buffering off; proxy_set_header Connection ""; } }`,
  );
  return port;
}

const releases = ['node22', 'node24', 'node26'] as const;
const clients = ['fetch', 'pool', 'pipelining', 'ky', 'got', 'axios', 'https'] as const;
const serverNames = ['Node.js', 'Python', 'nginx'] as const;

interface Case {
  readonly release: string;
  readonly client: string;
  readonly mode: Mode;
  readonly server: keyof typeof servers;
}

/** Every client on every release, in both modes; over the releases, each client meets each server in each mode. */
const cases: readonly Case[] = releases.flatMap((release, r) =>
  clients.flatMap((client, c) =>
    (['new', 'kept'] as const)
      .filter((mode) => client !== 'pipelining' || mode === 'kept') // which is about what follows on a connection
      .map((mode, m) => ({ release, client, mode, server: serverNames[(r + c + m) % 3] ?? 'nginx' })),
  ),
);

interface Seen {
  readonly client: readonly Exchange[];
  readonly server: readonly Exchange[];
}

async function record({ release, client, mode, server }: Case): Promise<Seen> {
  const port = await servers[server](mode);
  const node = join(packages, 'node_modules', release, 'bin/node');
  const command = [node, app('calls.js'), client, mode, ...[port, CALLS, WORKERS].map(String), packages];
  let seenByClient: readonly Exchange[] = [];
  const atServer = await recordDuring(['--port', String(port)], async () => {
    const recorded = await recordCommand(command, [], { NODE_EXTRA_CA_CERTS: cert });
    if (recorded.status !== 0) throw new Error(`the client ended with ${recorded.status}:\n${recorded.summary}`);
    seenByClient = recorded.exchanges.map(({ exchange }) => exchange);
  });
  return { client: seenByClient, server: atServer.exchanges.map(({ exchange }) => exchange) };
}

/** What was said under a target, as one line; equal lines are equal calls, to the last byte of both bodies. */
const expected = new Map(
  Array.from({ length: CALLS }, (_, number) => {
    const { method, target, body, answer } = callOf(number);
    return [target, `${method} ${target} ${sha256(body)} -> 200 ${sha256(answer)}`] as const;
  }),
);

function lineOf(exchange: Exchange): string {
  const { request, response } = httpIn(exchange);
  const asked = `${request?.method} ${request?.target} ${bodyHash(request?.body)}`;
  return `${asked} -> ${response?.status} ${bodyHash(response?.body)}`;
}

interface Faults {
  readonly missing: readonly string[];
  readonly twice: readonly string[];
  readonly wrong: readonly string[];
  readonly marked: readonly string[];
}

const none: Faults = { missing: [], twice: [], wrong: [], marked: [] };

/** What of the thousand calls is not on the tape as it was, by target. */
function faultsOf(exchanges: readonly Exchange[]): Faults {
  const targets = exchanges.map((one) => httpIn(one).request?.target ?? 'no request');
  const places = new Map(targets.map((target, i) => [target, i]));
  const wrong = exchanges.filter((one) => lineOf(one) !== expected.get(httpIn(one).request?.target ?? ''));
  const marked = exchanges.filter(({ problems }) => problems.length > 0);
  return {
    missing: [...expected.keys()].filter((target) => !places.has(target)),
    twice: targets.filter((target, i) => places.get(target) !== i),
    wrong: wrong.map((one) => `${lineOf(one)} ${one.problems.join(' ')}`),
    marked: marked.map((one) => `${httpIn(one).request?.target}: ${one.problems.join(' ')}`),
  };
}

function going(direction: Direction, exchanges: readonly Exchange[]): readonly Exchange[] {
  return exchanges.filter(({ connection }) => connection.direction === direction);
}

function connectionsOf(exchanges: readonly Exchange[]): number {
  return new Set(exchanges.map(({ connection }) => connection.key)).size;
}

/** Requests that began before the answer to the one before them on their connection had ended. */
function sentAhead(exchanges: readonly Exchange[]): number {
  const last = new Map<number, Exchange>();
  const inOrder = [...exchanges].sort(
    (a, b) => (httpIn(a).request?.startedAtUs ?? 0) - (httpIn(b).request?.startedAtUs ?? 0),
  );
  return inOrder.filter((one) => {
    const before = last.get(one.connection.key);
    last.set(one.connection.key, one);
    return (httpIn(before).response?.endedAtUs ?? 0) > (httpIn(one).request?.startedAtUs ?? 0);
  }).length;
}

beforeAll(() => {
  makeCertificate(folder.path);
});
afterEach(stopAll);
afterAll(() => folder.remove());

describeE2e('a thousand calls by sixteen workers over TLS', () => {
  it.each(cases)(
    '$release $client on $mode connections to $server, as seen from both ends',
    async (given) => {
      const seen = await record(given);
      const outbound = going('outbound', seen.client);
      expect(faultsOf(outbound)).toEqual(none);
      expect(faultsOf(going('inbound', seen.server))).toEqual(none);
      expect(going('unknown', [...seen.client, ...seen.server])).toEqual([]);
      // nginx asks its upstream; the others call nobody
      if (given.server === 'nginx') expect(faultsOf(going('outbound', seen.server))).toEqual(none);
      else expect(going('outbound', seen.server)).toEqual([]);
      if (given.mode === 'new') expect(connectionsOf(outbound)).toBe(CALLS);
      else expect(connectionsOf(outbound)).toBeLessThan(CALLS * MOST_ENDED);
      if (given.client === 'pipelining') expect(sentAhead(outbound)).toBeGreaterThan(CALLS / 4);
    },
    120_000,
  );
});
