/** The services that are recorded, or not: each answers every request with the same JSON, a kilobyte of it unless told otherwise. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../replayer/launch/free-port';
import { buildGo } from '../test/support/go';
import { ask } from '../test/support/mocks';
import { lineFrom, makeCertificate, start, startNginx, stopAll, temporaryFolder } from '../test/support/programs';
import { familyOf } from './cpu-time';

export interface Service {
  readonly name: string;
  readonly port: number;
  readonly url: string;
  readonly pids: readonly number[];
  /** Requests to `port` since it started, by its own count. Not to be asked while its traffic is recorded. */
  served(): Promise<number>;
}

export type ServiceName = 'nginx plain' | 'nginx TLS' | 'Node HTTPS' | 'Go plain' | 'Java plain';

const path = '/answer.json';

/**
 * JSON of that many bytes as APIs send it: ids, times, links, names and numbers, nothing twice. Nothing in it is a secret, so
 * it reaches the tape as it is.
 */
export function jsonOf(bytes: number): Buffer {
  const text = (orders: readonly string[], note: string) =>
    `{"orders":[${orders.join(',')}],"next":"/orders?page=2","note":"${note}"}`;
  const orders: string[] = [];
  let left = bytes - text([], '').length;
  for (let order = orderOf(0); order.length < left; order = orderOf(orders.length)) {
    left -= order.length + (orders.length > 0 ? 1 : 0);
    orders.push(order);
  }
  return Buffer.from(text(orders, wordsOf(left)));
}

function orderOf(number: number): string {
  const hex = createHash('sha256').update(String(number)).digest('hex');
  const id = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
  return JSON.stringify({
    id,
    href: `/orders/${4711 + number}`,
    createdAt: `2026-11-${String(1 + (number % 28)).padStart(2, '0')}T10:00:${String(number % 60).padStart(2, '0')}.123Z`,
    status: number % 3 === 0 ? 'shipped' : 'open',
    customer: `customer number ${number}`,
    quantity: 1 + (number % 7),
    price: 12.5 * (1 + (number % 9)),
    tags: ['new', 'small'],
  });
}

/** Of exactly that length. */
function wordsOf(length: number): string {
  return 'to be left with the neighbours on the ground floor, '.repeat(Math.ceil(length / 52)).slice(0, length);
}

export const kilobyte: Buffer = jsonOf(1024);

/** Starts the service for the time of `work`; with it ends everything that was started since. */
export async function withService<T>(
  name: ServiceName,
  work: (service: Service) => Promise<T>,
  body: Uint8Array = kilobyte,
): Promise<T> {
  const folder = temporaryFolder();
  try {
    writeFileSync(join(folder.path, path), body);
    return await work(await starters[name](name, folder.path));
  } finally {
    await stopAll();
    folder.remove();
  }
}

type Starter = (name: ServiceName, folder: string) => Promise<Service>;

const starters: Readonly<Record<ServiceName, Starter>> = {
  'nginx plain': startNginxService,
  'nginx TLS': startNginxService,
  'Node HTTPS': startNode,
  'Go plain': startGo,
  'Java plain': startJava,
};

async function startNginxService(name: ServiceName, folder: string): Promise<Service> {
  const [port, statusPort] = [await freePort(), await freePort()];
  const secure = name === 'nginx TLS';
  const http = `keepalive_requests 1000000000; default_type application/json;
    server { listen 127.0.0.1:${port} ${secure ? certified(folder) : 'backlog=2048;'} root ${folder}; }
    server { listen 127.0.0.1:${statusPort}; location / { stub_status; } }`;
  const program = await startNginx(folder, http);
  let asked = 0;
  return {
    name,
    port,
    url: `${secure ? 'https' : 'http'}://127.0.0.1:${port}${path}`,
    pids: familyOf(program.pid),
    async served() {
      const { text } = await ask(`http://127.0.0.1:${statusPort}/`);
      return Number(/^ \d+ \d+ (\d+)/m.exec(text)?.[1]) - ++asked; // its count has our questions in it
    },
  };
}

function certified(folder: string): string {
  const { cert, key } = makeCertificate(folder);
  return `ssl; ssl_certificate ${cert}; ssl_certificate_key ${key};`;
}

function startNode(name: ServiceName, folder: string): Promise<Service> {
  const { cert, key } = makeCertificate(folder);
  const script = join(__dirname, 'programs/answering-server.js');
  return startCounting(name, 'https', process.execPath, [script, join(folder, path), cert, key]);
}

function startGo(name: ServiceName, folder: string): Promise<Service> {
  const program = buildGo(join(__dirname, 'programs/go-server'), join(folder, 'go-server'));
  return startCounting(name, 'http', program, [join(folder, path)]);
}

/** Without `nodelay` its answers wait for acknowledgements, 40 ms each. */
function startJava(name: ServiceName, folder: string): Promise<Service> {
  const settings = ['-Dsun.net.httpserver.nodelay=true', '-Dsun.net.httpserver.maxIdleConnections=2000'];
  const source = join(__dirname, 'programs/answering-server.java');
  return startCounting(name, 'http', 'java', [...settings, source, join(folder, path)]);
}

/** A program that prints its port, and the one where it says how many requests it has served. */
async function startCounting(
  name: ServiceName,
  scheme: 'http' | 'https',
  command: string,
  args: readonly string[],
): Promise<Service> {
  const program = start(command, args);
  const [, port = '', statusPort = ''] = await lineFrom(program, program.child.stdout, /^listening (\d+) (\d+)$/);
  return {
    name,
    port: Number(port),
    url: `${scheme}://127.0.0.1:${port}${path}`,
    pids: [program.pid],
    served: async () => Number((await ask(`http://127.0.0.1:${statusPort}/`)).text),
  };
}
