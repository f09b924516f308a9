/** How the ring of events is emptied: when so much has come, not when the time is over; and mapped whole no longer than needed. */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { type EbpfSource, type EbpfSourceOptions, startEbpfSource } from '../../recorder/source/ebpf/source';
import type { SourceEvent } from '../../recorder/source/events';
import { describeE2e } from '../support/e2e';
import { noTargets } from '../support/in-process';
import { start, stopAll } from '../support/programs';

const ROUNDS = 40;
const ROUND_BYTES = 512 << 10;
const NEVER_MS = 3_600_000;

/** For each line of stdin, so many bytes go over two connections at once, there and back; it says so when all have arrived. */
const talker = `const net = require('node:net');
const server = net.createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1', async () => {
  const half = Buffer.alloc(${ROUND_BYTES / 2}, 'x');
  const sockets = [0, 1].map(() => net.connect(server.address().port, '127.0.0.1'));
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
  const say = (socket, bytes) => new Promise((resolve) => {
    let left = bytes.length;
    const hear = (some) => { left -= some.length; if (left === 0) { socket.off('data', hear); resolve(); } };
    socket.on('data', hear);
    socket.write(bytes);
  });
  require('node:readline').createInterface({ input: process.stdin }).on('line', async (line) => {
    await Promise.all(sockets.map((socket) => say(socket, line === 'much' ? half : Buffer.from('little'))));
    console.log('said');
  }).on('close', () => process.exit());
  console.log('ready');
});`;

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
  const { child, pid } = start(process.execPath, ['-e', talker], { stdio: 'pipe' });
  if (child.stdout === null) throw new Error('its stdout is not piped');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const say = async (what: string) => {
    child.stdin?.write(`${what}\n`);
    expect((await lines.next()).value).toBe('said');
  };
  expect((await lines.next()).value).toBe('ready');
  return { pid, say };
}

function record({ pid }: Talker, options: Pick<EbpfSourceOptions, 'gatherMs' | 'onEvents'>): EbpfSource {
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
      await program.say('much');
      while (heard < (round - 1) * 4 * ROUND_BYTES) await pause(5);
    }
    expect(heard).toBeGreaterThanOrEqual((ROUNDS - 1) * 4 * ROUND_BYTES);
  }, 120_000);

  it.each([
    ['nothing comes', async () => undefined],
    ['little comes', (program: Talker) => program.say('little')],
  ])(
    'is mapped in part at rest, whole while much comes, and in part again when %s',
    async (_, afterwards) => {
      const program = await startTalker();
      const source = record(program, { onEvents: () => undefined });
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
    120_000,
  );
});

/** Of the data of maps of the kernel that this process has before it: their pages, and the ring's positions, are less than one. */
function mappedMegabytes(): number {
  const maps = readFileSync('/proc/self/maps', 'utf8').matchAll(/^([0-9a-f]+)-([0-9a-f]+) .*anon_inode:bpf-map$/gm);
  const bytes = [...maps].map(([, from = '', to = '']) => Number.parseInt(to, 16) - Number.parseInt(from, 16));
  return Math.floor(bytes.reduce((sum, size) => sum + size, 0) / (1 << 20));
}
