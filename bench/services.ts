/** The services that are recorded, or not: each answers every request with the same kilobyte of JSON. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../replayer/launch/free-port';
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

export type ServiceName = 'nginx plain' | 'nginx TLS' | 'Node HTTPS';

const path = '/kilobyte.json';

/** 1,024 bytes of JSON as services send them; nothing in it is a secret, so it reaches the tape as it is. */
export const kilobyte: Buffer = kilobyteOf({
  orders: Array.from({ length: 9 }, (_, i) => ({
    id: 4711 + i,
    item: `item number ${i}`,
    quantity: i + 1,
    price: 12.5 * (i + 1),
    open: i % 2 === 0,
    tags: ['new', 'small'],
  })),
});

function kilobyteOf(value: object): Buffer {
  const unpadded = JSON.stringify({ ...value, note: '' });
  return Buffer.from(JSON.stringify({ ...value, note: '.'.repeat(1024 - unpadded.length) }));
}

/** Starts the service for the time of `work`; with it ends everything that was started since. */
export async function withService<T>(name: ServiceName, work: (service: Service) => Promise<T>): Promise<T> {
  const folder = temporaryFolder();
  try {
    return await work(await startService(name, folder.path));
  } finally {
    await stopAll();
    folder.remove();
  }
}

function startService(name: ServiceName, folder: string): Promise<Service> {
  writeFileSync(join(folder, path), kilobyte);
  if (name === 'Node HTTPS') return startNode(name, folder);
  return startNginxService(name, folder);
}

async function startNginxService(name: ServiceName, folder: string): Promise<Service> {
  const [port, statusPort] = [await freePort(), await freePort()];
  const secure = name === 'nginx TLS';
  const http = `keepalive_requests 1000000000; default_type application/json;
    server { listen 127.0.0.1:${port} ${secure ? certified(folder) : ';'} root ${folder}; }
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

async function startNode(name: ServiceName, folder: string): Promise<Service> {
  const { cert, key } = makeCertificate(folder);
  const script = join(__dirname, 'programs/answering-server.js');
  const program = start(process.execPath, [script, join(folder, path), cert, key]);
  const [, port = '', statusPort = ''] = await lineFrom(program, program.child.stdout, /^listening (\d+) (\d+)$/);
  return {
    name,
    port: Number(port),
    url: `https://127.0.0.1:${port}${path}`,
    pids: [program.pid],
    served: async () => Number((await ask(`http://127.0.0.1:${statusPort}/`)).text),
  };
}
