/**
 * Which request a call was made for, where many are served at once: all of those that carry an id, and none wrong whatever
 * they carry.
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { StoredExchange } from '../../tape/store/tape';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import { apps, startServer, stopAll } from '../support/programs';
import { recordDuring } from '../support/recorder';

const REQUESTS = 48;
const services = join(apps, 'passing-on');

let upstream: http.Server;
beforeAll(async () => {
  upstream = http.createServer(answerLater);
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
});
afterAll(() => new Promise((resolve) => upstream.close(resolve)));
afterEach(stopAll);

/** Answers in another order than they were asked for. */
function answerLater({ url }: http.IncomingMessage, response: http.ServerResponse): void {
  const body = `for ${url}`;
  const moment = (Number(url?.split('/').pop()) * 7) % 23;
  setTimeout(() => response.writeHead(200, { 'content-length': body.length }).end(body), moment);
}

type Headers = (i: number) => Record<string, string>;

const kinds: Readonly<Record<string, Headers>> = {
  'a trace': (i) => ({ traceparent: `00-${i.toString(16).padStart(32, 'a')}-${i.toString(16).padStart(16, 'b')}-01` }),
  'a request id': (i) => ({ 'x-request-id': `6d1f0a52-0000-4000-8000-${String(i).padStart(12, '0')}` }),
  nothing: () => ({}),
};

/** So many requests at any time, on as many connections. */
async function ask(port: number, atOnce: number, headers: Headers): Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: atOnce });
  await Promise.all(
    Array.from({ length: REQUESTS }, (_, i) => get(`http://127.0.0.1:${port}/orders/${i}`, agent, headers(i))),
  );
  agent.destroy();
}

function get(url: string, agent: http.Agent, headers: Record<string, string>): Promise<void> {
  return new Promise((resolve, reject) => {
    const asking = http.get(url, { agent, headers }, (answer) => answer.resume().on('end', resolve));
    asking.on('error', reject);
  });
}

/** The paths of each call and of what it is said to be for. */
function causesOf(exchanges: readonly StoredExchange[]): readonly (readonly [call: string, cause: string | null])[] {
  const paths = new Map(exchanges.map((stored) => [stored.id, httpIn(stored.exchange).request?.target ?? '']));
  return exchanges
    .filter(({ exchange }) => exchange.connection.direction === 'outbound')
    .map(({ id, causeId }) => [paths.get(id) ?? '', causeId === null ? null : (paths.get(causeId) ?? null)]);
}

const programs: Readonly<Record<string, (port: number) => readonly [command: string, ...args: string[]]>> = {
  'Node.js': (port) => [process.execPath, join(services, 'service.js'), `http://127.0.0.1:${port}`],
  'Python with threads': (port) => ['python3', join(services, 'service.py'), 'threads', '127.0.0.1', String(port)],
  'Python with asyncio': (port) => ['python3', join(services, 'service.py'), 'asyncio', '127.0.0.1', String(port)],
};

describeE2e('the cause of a call', () => {
  describe.each(Object.entries(programs))('of %s', (_, commandFor) => {
    it.each(Object.keys(kinds).flatMap((kind) => [1, 16].map((atOnce) => [kind, atOnce] as const)))(
      'that carries %s is right, %i requests at once',
      async (kind, atOnce) => {
        const [command, ...args] = commandFor((upstream.address() as AddressInfo).port);
        const server = await startServer(command, args);
        const { exchanges, status } = await recordDuring(['--port', String(server.port)], () =>
          ask(server.port, atOnce, kinds[kind] as Headers),
        );
        const causes = causesOf(exchanges);
        const found = causes.filter(([, cause]) => cause !== null);
        expect([status, causes.length]).toEqual([0, REQUESTS]);
        expect(found).toEqual(found.map(([call]) => [call, call]));
        if (kind !== 'nothing' || atOnce === 1) expect(found.length).toBe(REQUESTS);
      },
      60_000,
    );
  });
});
