/** How the ring of events is emptied: when so much has come, not when the time is over; and how much of it is mapped meanwhile. */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { type EbpfSource, type EbpfSourceOptions, startEbpfSource } from '../../recorder/source/ebpf/source';
import type { SourceEvent } from '../../recorder/source/events';
import { describeE2e } from '../support/e2e';
import { noTargets } from '../support/in-process';
import { start, stopAll } from '../support/programs';

const ROUNDS = 100;
const ROUND_BYTES = 512 << 10;
const NEVER_MS = 3_600_000;

/** For each line of stdin, two threads each send bytes to themselves at once, there and back; it says so when all arrived. */
const talker = `const net = require('node:net');
const { Worker, isMainThread, parentPort } = require('node:worker_threads');
if (isMainThread) {
  const workers = [0, 1].map(() => new Worker(process.argv[1], { eval: true, argv: [process.argv[1]] }));
  const all = () => Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))));
  all().then(() => console.log('ready'));
  require('node:readline').createInterface({ input: process.stdin }).on('line', async (line) => {
    const said = all();
    workers.forEach((worker) => worker.postMessage(line));
    await said;
    console.log('said');
  }).on('close', () => process.exit());
} else {
  const server = net.createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1', () => {
    const socket = net.connect(server.address().port, '127.0.0.1', () => parentPort.postMessage('ready'));
    let left = 0;
    socket.on('data', (some) => { left -= some.length; if (left === 0) parentPort.postMessage('said'); });
    parentPort.on('message', (line) => {
      const bytes = Buffer.alloc(line === 'much' ? ${ROUND_BYTES / 2} : 6, 'x');
      left = bytes.length;
      socket.write(bytes);
    });
  });
}`;

const sources: EbpfSource[] = [];

afterEach(async () => {
  await Promise.all(sources.splice(0).map((source) => source.stop()));
  await stopAll();
});

interface Talker {
  readonly pid: number;
  say(what: 'much' | 'little'): Promise<void>;
}

async function startTalker(): Promise<Talker> {
  const { child, pid } = start(process.execPath, ['-e', talker, talker], { stdio: 'pipe' });
  if (child.stdout === null) throw new Error('its stdout is not piped');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const say = async (what: string) => {
    child.stdin?.write(`${what}\n`);
    expect((await lines.next()).value).toBe('said');
  };
  expect((await lines.next()).value).toBe('ready');
  return { pid, say };
}

function record({ pid }: Talker, options: Pick<EbpfSourceOptions, 'gatherMs' | 'dearMapUs' | 'onEvents'>): EbpfSource {
  const source = startEbpfSource({ targets: { ...noTargets, pids: [pid] }, ...options });
  sources.push(source);
  return source;
}

describeE2e('the ring of events', () => {
  it('is emptied as soon as there is much in it, whoever of those that speak at once put it there', async () => {
    const program = await startTalker();
    let heard = 0;
    const onEvents = (events: readonly SourceEvent[]) => {
      for (const event of events) heard += event.kind === 'data' ? event.bytes.length : 0;
    };
    record(program, { gatherMs: NEVER_MS, onEvents });
    // What is left of a round is less than the mark, so that nothing but the next one has the ring emptied.
    for (let round = 1; round <= ROUNDS; round++) {
      await program.say('little'); // which has the reader wait for more
      await program.say('much');
      while (heard < (round - 1) * 4 * ROUND_BYTES) await pause(5);
    }
    expect(heard).toBeGreaterThanOrEqual((ROUNDS - 1) * 4 * ROUND_BYTES);
  });

  it('is mapped in part while much comes', async () => {
    const program = await startTalker();
    let heard = 0;
    const onEvents = (events: readonly SourceEvent[]) => {
      for (const event of events) heard += event.kind === 'data' ? event.bytes.length : 0;
    };
    const source = record(program, { dearMapUs: NEVER_MS, onEvents });
    while (heard < 48 << 20) {
      source.pause(true);
      await program.say('much');
      source.pause(false);
      while (source.stats().unreadBytes > 0) await pause(5);
      expect(mappedMegabytes()).toBe(4);
    }
  });

  it.each([
    ['nothing comes', async () => undefined],
    ['little comes', (program: Talker) => program.say('little')],
  ])(
    'is mapped in part at rest, whole while much comes where mapping is dear, and in part again when %s',
    async (_, afterwards) => {
      const program = await startTalker();
      const source = record(program, { dearMapUs: 0, onEvents: () => undefined });
      expect(mappedMegabytes()).toBe(4);
      while (mappedMegabytes() < 32) {
        // As if nobody had come for a while.
        source.pause(true);
        await program.say('much');
        source.pause(false);
        while (source.stats().unreadBytes > 0) await pause(5);
      }
      while (mappedMegabytes() > 4) {
        await afterwards(program);
        await pause(5);
      }
      expect(mappedMegabytes()).toBe(4);
    },
  );
});

/** Of the data of maps of the kernel that this process has before it: their pages, and the ring's positions, are less than one. */
function mappedMegabytes(): number {
  const maps = readFileSync('/proc/self/maps', 'utf8').matchAll(/^([0-9a-f]+)-([0-9a-f]+) .*anon_inode:bpf-map$/gm);
  const bytes = [...maps].map(([, from = '', to = '']) => Number.parseInt(to, 16) - Number.parseInt(from, 16));
  return Math.floor(bytes.reduce((sum, size) => sum + size, 0) / (1 << 20));
}
