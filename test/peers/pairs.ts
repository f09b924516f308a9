/** The peers: how each is started, and which are put to which. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answer, logTo } from '../../fixtures/apps/peers/node/conversation';
import { freePort } from '../../replayer/launch/free-port';
import {
  apps,
  type Certificate,
  lineFrom,
  type Program,
  repository,
  saidOnStderr,
  start,
  startNginx,
  untilListening,
} from '../support/programs';

export const protocols = ['calls', 'gets', 'events', 'websocket', 'grpc'] as const;
export type PeerProtocol = (typeof protocols)[number];

/** What a server is started with. */
export interface Serving {
  readonly protocol: PeerProtocol;
  readonly tls: Certificate | null;
  readonly log: string;
  /** The build whose channel 17 says another thing. */
  readonly isChanged: boolean;
  /** A folder of its own. */
  readonly folder: string;
}

export interface Server {
  readonly port: number;
  readonly stop: () => Promise<void>;
}

/** What a client is run with, as a command. */
export interface Asking {
  readonly protocol: PeerProtocol;
  readonly url: string;
  readonly log: string;
  readonly count: number;
  /** File of the certificate to trust; null without TLS. */
  readonly ca: string | null;
  readonly folder: string;
}

const missing: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(join(repository, 'build/peers/missing.json'), 'utf8'),
);
const peers = join(apps, 'peers');
export const brought = join(repository, 'build/peers');
const goPeer = join(brought, 'bin/go-peer');
export const classPath = `${join(brought, 'java/classes')}:${join(brought, 'java/lib')}/*`;
const python = join(brought, 'python/bin/python');

/** A program that prints `listening PORT`. */
async function listening(command: string, args: readonly string[], { isChanged }: Serving): Promise<Server> {
  const env = { ...process.env, ...(isChanged ? { PEER_CHANGED: '1' } : {}) };
  const program = start(command, args, { env });
  const [, port] = await lineFrom(program, program.child.stdout, /^listening (\d+)$/);
  return { port: Number(port), stop: () => stopped(program) };
}

/** nginx takes its worker along on SIGTERM only; others wait for their connections then. */
async function stopped(program: Program, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  await program.stop(signal);
}

const secretsOf = ({ tls }: Serving): readonly string[] => (tls === null ? [] : [tls.cert, tls.key]);

export const servers = {
  'Node.js': (given: Serving) =>
    listening(process.execPath, [join(peers, 'node/server.js'), given.protocol, given.log, ...secretsOf(given)], given),
  Go: (given: Serving) => listening(goPeer, ['server', given.protocol, given.log, ...secretsOf(given)], given),
  uvicorn: (given: Serving) => asgi('uvicorn', given),
  hypercorn: (given: Serving) => asgi('hypercorn', given),
  grpcio: (given: Serving) => listening(python, [join(peers, 'python/grpc_server.py'), given.log], given),
  'grpc-java': (given: Serving) => java('grpc', given),
  Netty: (given: Serving) => java('netty', given),
  'Java HttpServer': (given: Serving) => java('httpserver', given),
  nginx: filesOfNginx,
  'nginx before Node.js': (given: Serving) => nginxBefore('Node.js', given),
  'nginx before uvicorn': (given: Serving) => nginxBefore('uvicorn', given),
  'nginx before grpcio': (given: Serving) => nginxBefore('grpcio', given),
  caddy: (given: Serving) => caddy(`root * ${filesFor(given)}\nfile_server`, given, ignored),
  'caddy before hypercorn': (given: Serving) => caddyBefore('hypercorn', given),
  nghttpd,
} satisfies Record<string, (given: Serving) => Promise<Server>>;

function java(name: string, given: Serving): Promise<Server> {
  return listening('java', ['-cp', classPath, 'Server', name, given.protocol, given.log], given);
}

function asgi(name: string, given: Serving): Promise<Server> {
  const script = join(peers, 'python/asgi_server.py');
  return listening(python, [script, name, given.protocol, given.log, ...secretsOf(given)], given);
}

/** Answers to `gets` as files, noted as if each had been asked for once. */
function filesFor({ folder, log, isChanged }: Serving): string {
  const root = join(folder, isChanged ? 'files-changed' : 'files');
  mkdirSync(join(root, 'calls'), { recursive: true });
  const note = logTo(log);
  for (let i = 0; i < 100; i++) {
    const path = `/calls/${i}`;
    note(path, 'client', '');
    writeFileSync(join(root, path), note(path, 'server', answer(path, '', isChanged)));
  }
  return root;
}

async function filesOfNginx(given: Serving): Promise<Server> {
  return nginx(given, `root ${filesFor(given)}; sendfile off;`, ignored);
}

async function nginxBefore(name: 'Node.js' | 'uvicorn' | 'grpcio', given: Serving): Promise<Server> {
  const upstream = await servers[name]({ ...given, tls: null });
  const pass =
    given.protocol === 'grpc'
      ? `grpc_pass grpc://127.0.0.1:${upstream.port};`
      : `proxy_pass http://127.0.0.1:${upstream.port}; proxy_http_version 1.1; proxy_buffering off;
         proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;`;
  return nginx(given, `location / { ${pass} }`, upstream.stop);
}

/** Loopback only; WebSocket needs HTTP/1.1, which the same port speaks by ALPN, and without TLS only where it does not speak HTTP/2. */
async function nginx(given: Serving, places: string, stopUpstream: () => Promise<void>): Promise<Server> {
  const port = await freePort();
  const { tls } = given;
  const folder = join(given.folder, `nginx-${port}`);
  mkdirSync(folder);
  const isHttp2 = given.protocol !== 'websocket' && given.protocol !== 'events';
  const secrets = tls === null ? '' : `ssl_certificate ${tls.cert}; ssl_certificate_key ${tls.key};`;
  const flags = `${tls === null ? '' : ' ssl'}${isHttp2 ? ' http2' : ''}`;
  const program = await startNginx(
    folder,
    `map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
     server { listen 127.0.0.1:${port}${flags}; ${secrets} http2_max_concurrent_streams 128; default_type text/plain; ${places} }`,
  );
  return { port, stop: () => stopped(program, 'SIGTERM').then(stopUpstream) };
}

async function caddyBefore(name: 'hypercorn', given: Serving): Promise<Server> {
  const upstream = await servers[name]({ ...given, tls: null });
  const scheme = given.protocol === 'websocket' ? 'http' : 'h2c';
  return caddy(`reverse_proxy ${scheme}://127.0.0.1:${upstream.port} {\n flush_interval -1\n}`, given, upstream.stop);
}

async function caddy(places: string, given: Serving, stopUpstream: () => Promise<void>): Promise<Server> {
  const port = await freePort();
  const { tls } = given;
  const folder = join(given.folder, `caddy-${port}`);
  mkdirSync(folder);
  const site = `${tls === null ? 'http' : 'https'}://127.0.0.1:${port} {\nbind 127.0.0.1\n`;
  const secrets = tls === null ? '' : `tls ${tls.cert} ${tls.key}\n`;
  const whole = `{\nadmin off\nauto_https off\nservers {\nprotocols h1 h2 h2c\n}\n}\n${site}${secrets}${places}\n}\n`;
  writeFileSync(join(folder, 'Caddyfile'), whole);
  const env = { ...process.env, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder, HOME: folder };
  const program = start('caddy', ['run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile'], { env });
  await saidOnStderr(program, /serving initial configuration/);
  return { port, stop: () => stopped(program).then(stopUpstream) };
}

async function nghttpd(given: Serving): Promise<Server> {
  const port = await freePort();
  const { tls } = given;
  const secrets = tls === null ? [] : [tls.key, tls.cert];
  const flags = [
    '--address=127.0.0.1',
    '-m',
    '128',
    `--htdocs=${filesFor(given)}`,
    ...(tls === null ? ['--no-tls'] : []),
  ];
  const program = start('nghttpd', [...flags, String(port), ...secrets]);
  await untilListening(program, port);
  return { port, stop: () => stopped(program) };
}

async function ignored(): Promise<void> {}

export type ServerName = keyof typeof servers;

function worded({ protocol, url, log, count, ca }: Asking): readonly string[] {
  return [protocol, url, log, String(count), ...(ca === null ? [] : [ca])];
}

export const clients = {
  'Node.js': (given: Asking) => [process.execPath, join(peers, 'node/client.js'), ...worded(given)],
  curl: (given: Asking) => [process.execPath, join(peers, 'curl/client.js'), ...worded(given)],
  Go: (given: Asking) => [goPeer, 'client', ...worded(given)],
  Java: (given: Asking) => ['java', '-cp', classPath, 'Client', ...worded(given)],
  Python: (given: Asking) => [python, join(peers, 'python/client.py'), ...worded(given)],
} satisfies Record<string, (given: Asking) => readonly string[]>;

export type ClientName = keyof typeof clients;

export interface Pair {
  readonly server: ServerName;
  readonly client: ClientName;
  readonly protocol: PeerProtocol;
  readonly isTls: boolean;
}

/** What set-up brings, as scripts/peers/install.js calls it, for each server and client but Node.js, which is there. */
const broughtBy: Readonly<Record<ServerName | ClientName, string | null>> = {
  ...{ 'Node.js': null, Go: 'Go', Python: 'Python', Java: 'Java', curl: 'curl' },
  ...{ uvicorn: 'Python', hypercorn: 'Python', grpcio: 'Python', nghttpd: 'nghttpd' },
  ...{ 'grpc-java': 'Java', Netty: 'Java', 'Java HttpServer': 'Java', caddy: 'caddy', nginx: 'nginx' },
  ...{ 'nginx before Node.js': 'nginx', 'nginx before uvicorn': 'nginx', 'nginx before grpcio': 'nginx' },
  'caddy before hypercorn': 'caddy',
};

/** Why a peer of set-up is not there; null where it is. */
export function whyMissing(name: string): string | null {
  return missing[name] ?? null;
}

/** Why the pair cannot be run here; null where it can. */
export function whyNot({ server, client }: Pair): string | null {
  const needed = [broughtBy[server], broughtBy[client], server.includes('before') ? 'Python' : null];
  const [first] = needed.flatMap((name) => (name === null ? [] : [whyMissing(name)])).filter((why) => why !== null);
  return first ?? null;
}

const [plain, tls] = [false, true];

/** curl 7.88 fails at a hundred calls at once with prior knowledge, recorded or not: here it speaks HTTP/2 over TLS. */
export const pairs: readonly Pair[] = (
  [
    ['nginx', 'curl', 'gets', tls],
    ['nginx before Node.js', 'curl', 'calls', tls],
    ['nginx before uvicorn', 'Python', 'websocket', tls],
    ['nginx before Node.js', 'curl', 'events', tls],
    ['nginx before grpcio', 'Go', 'grpc', tls],
    ['nghttpd', 'Node.js', 'gets', plain],
    ['nghttpd', 'curl', 'gets', tls],
    ['nghttpd', 'Go', 'gets', tls],
    ['caddy', 'curl', 'gets', tls],
    ['caddy before hypercorn', 'Go', 'calls', plain],
    ['caddy before hypercorn', 'Node.js', 'websocket', tls],
    ['caddy before hypercorn', 'Python', 'events', tls],
    ['uvicorn', 'curl', 'events', tls],
    ['uvicorn', 'Node.js', 'events', tls],
    ['uvicorn', 'Node.js', 'websocket', tls],
    ['uvicorn', 'Python', 'websocket', plain],
    ['hypercorn', 'Python', 'gets', plain],
    ['hypercorn', 'Python', 'events', tls],
    ['hypercorn', 'curl', 'calls', tls],
    ['hypercorn', 'Node.js', 'calls', plain],
    ['hypercorn', 'Go', 'websocket', plain],
    ['grpcio', 'Python', 'grpc', plain],
    ['grpcio', 'Go', 'grpc', plain],
    ['Go', 'Go', 'grpc', tls],
    ['Go', 'Node.js', 'grpc', plain],
    ['Go', 'Go', 'websocket', tls],
    ['Go', 'Python', 'websocket', plain],
    ['Go', 'curl', 'calls', tls],
    ['Go', 'Node.js', 'events', tls],
    ['grpc-java', 'Java', 'grpc', plain],
    ['grpc-java', 'Go', 'grpc', plain],
    ['grpcio', 'Java', 'grpc', plain],
    ['Netty', 'Java', 'calls', plain],
    ['Netty', 'Go', 'calls', plain],
    ['Java HttpServer', 'Java', 'events', plain],
    ['Java HttpServer', 'curl', 'events', plain],
    ['hypercorn', 'Java', 'websocket', plain],
    ['Node.js', 'Node.js', 'grpc', tls],
    ['Node.js', 'Python', 'grpc', plain],
    ['Node.js', 'Go', 'grpc', tls],
    ['Node.js', 'Go', 'calls', tls],
    ['Node.js', 'Python', 'events', plain],
    ['Node.js', 'Python', 'websocket', tls],
    ['Node.js', 'Go', 'websocket', plain],
  ] as const
).map(([server, client, protocol, isTls]) => ({ server, client, protocol, isTls }));
