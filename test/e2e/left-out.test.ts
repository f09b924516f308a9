/** A recorder that is behind leaves connections out for a while: what it has of them is whole, and the rest is counted. */
import { setTimeout as pause } from 'node:timers/promises';
import type { CaptureStats } from '../../native/binding';
import { type EbpfSource, startEbpfSource } from '../../recorder/source/ebpf/source';
import type { LossEvent, SourceEvent } from '../../recorder/source/events';
import type { Exchange } from '../../tape/model/exchange';
import { httpIn } from '../support/contents';
import { describeE2e } from '../support/e2e';
import { gatheringPipeline, noTargets } from '../support/in-process';
import {
  lineFrom,
  makeCertificate,
  type Program,
  start,
  startServer,
  stopAll,
  temporaryFolder,
} from '../support/programs';

const folder = temporaryFolder();

afterEach(stopAll);
afterAll(() => folder.remove());

const bodyBytes = 20_000;
const body = 'x'.repeat(bodyBytes);

/** Answers with as much as every exchange is worth. */
const server = `const [secure, cert, key] = process.argv.slice(1);
const { readFileSync } = require('node:fs');
const answer = (request, response) => response.end('x'.repeat(${bodyBytes}));
const made = secure === 'https'
  ? require('node:https').createServer({ cert: readFileSync(cert), key: readFileSync(key) }, answer)
  : require('node:http').createServer(answer);
made.listen(0, '127.0.0.1', function () { console.log('listening ' + this.address().port); });`;

/** For each line of stdin, a path, asks for it 60 times on each of four connections, one after another. */
const client = `const [origin] = process.argv.slice(1);
process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
const http = require(origin.startsWith('https:') ? 'node:https' : 'node:http');
const agents = Array.from({ length: 4 }, () => new http.Agent({ keepAlive: true, maxSockets: 1 }));
const ask = (agent, path) => new Promise((resolve) =>
  http.get(origin + path, { agent }, (response) => response.resume().on('end', () => setImmediate(resolve))));
require('node:readline').createInterface({ input: process.stdin }).on('line', async (path) => {
  await Promise.all(agents.map(async (agent) => { for (let i = 0; i < 60; i++) await ask(agent, path); }));
  console.log('asked ' + path);
}).on('close', () => process.exit());`;

interface Outcome {
  readonly exchanges: readonly Exchange[];
  readonly losses: readonly LossEvent[];
  readonly stats: CaptureStats;
}

/** A ring of 1 MiB that nobody drains while 5 MB pass. */
async function fallBehind(scheme: 'http' | 'https'): Promise<Outcome> {
  const { cert, key } = makeCertificate(folder.path);
  const service = await startServer(process.execPath, ['-e', server, scheme, cert, key]);
  const load = start(process.execPath, ['-e', client, `${scheme}://127.0.0.1:${service.port}`], { stdio: 'pipe' });
  const losses: LossEvent[] = [];
  const { pipeline, exchanges } = gatheringPipeline();
  const onEvents = (events: readonly SourceEvent[]) => {
    losses.push(...events.filter((event) => event.kind === 'loss'));
    pipeline.push(events);
  };
  const source = startEbpfSource({ targets: { ...noTargets, pids: [service.pid] }, ringBytes: 1 << 20, onEvents });
  await ask(load, '/before');
  await untilDrained(source);
  source.pause(true);
  await ask(load, '/behind');
  source.pause(false);
  await untilDrained(source);
  await ask(load, '/after');
  await load.stop('SIGTERM');
  const stats = await source.stop();
  pipeline.end(source.nowUs());
  return { exchanges, losses, stats };
}

async function ask(load: Program, path: string): Promise<void> {
  const asked = lineFrom(load, load.child.stdout, new RegExp(`^asked ${path}$`));
  load.child.stdin?.write(`${path}\n`);
  await asked;
}

async function untilDrained(source: EbpfSource): Promise<void> {
  for (;;) {
    const { unreadBytes, queuedBytes } = source.stats();
    if (unreadBytes + queuedBytes === 0) return;
    await pause(5);
  }
}

const isWhole = (exchange: Exchange) =>
  exchange.problems.length === 0 && Buffer.from(httpIn(exchange).response?.body.bytes ?? []).toString() === body;

describeE2e('a recorder that is behind', () => {
  describe.each(['http', 'https'] as const)('of %s', (scheme) => {
    let outcome: Outcome;
    beforeAll(async () => {
      outcome = await fallBehind(scheme);
    });

    it('leaves connections out, and goes on with them when it has caught up', () => {
      const at = (path: string) => outcome.exchanges.filter((each) => httpIn(each).request?.target === path).length;
      expect(outcome.stats.leftOutTimes).toBeGreaterThan(0);
      expect(at('/behind')).toBeLessThan(120);
      expect(at('/after')).toBeGreaterThan(0);
    });

    it('has nothing but whole exchanges', () => {
      expect(outcome.stats.ringFullEvents).toBe(0);
      expect(outcome.exchanges.filter((exchange) => !isWhole(exchange)).map(({ problems }) => problems)).toEqual([]);
    });

    it('says how much is missing', () => {
      const told = outcome.losses.filter(({ reason }) => reason === 'left-out');
      expect(told.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(outcome.stats.leftOutBytes);
      expect(outcome.stats.leftOutBytes).toBeGreaterThan(120 * bodyBytes);
    });
  });
});
