/** A recorder works on what it has read behind everybody else on the machine, as long as little of it waits. */
import { readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { type EbpfSource, startEbpfSource } from '../../recorder/source/ebpf/source';
import { describeE2e } from '../support/e2e';
import { noTargets } from '../support/in-process';
import { lineFrom, type Program, start, stopAll } from '../support/programs';

const SCHED_OTHER = 0;
const SCHED_IDLE = 5;

/** For each line of stdin it says a word to itself on a connection. */
const talker = `const net = require('node:net');
const server = net.createServer((socket) => socket.resume()).listen(0, '127.0.0.1', () => {
  const socket = net.connect(server.address().port, '127.0.0.1', () => console.log('ready'));
  process.stdin.on('data', () => socket.write('word')).on('end', () => process.exit());
});`;

const sources: EbpfSource[] = [];

afterEach(async () => {
  await Promise.all(sources.splice(0).map((source) => source.stop()));
  await stopAll();
});

/** The policy the kernel schedules the main thread of a process by: sched(7). */
function policyOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/task/${pid}/stat`, 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[38]);
}

async function startTalker(): Promise<Program> {
  const program = start(process.execPath, ['-e', talker], { stdio: 'pipe' });
  await lineFrom(program, program.child.stdout, /^ready$/);
  return program;
}

function record(program: Program, onEvents: () => void): void {
  sources.push(startEbpfSource({ targets: { ...noTargets, pids: [program.pid] }, onEvents }));
}

/** It goes on saying something until that is so. */
async function talkUntil(program: Program, isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    program.child.stdin?.write('\n');
    await pause(5);
  }
}

describeE2e('the thread that works on what was read', () => {
  it('goes behind everybody else while it does, and is as it was when it has nothing to do', async () => {
    const program = await startTalker();
    const policies = new Set<number>();
    record(program, () => void policies.add(policyOf(process.pid)));
    await talkUntil(program, () => policies.has(SCHED_IDLE));
    while (policyOf(process.pid) !== SCHED_OTHER) await pause(5);
    expect(getPriority()).toBe(0);
  });

  it('takes its turns with others the more, the longer something waits for it', async () => {
    const program = await startTalker();
    const seen: number[] = [];
    record(program, () => {
      if (policyOf(process.pid) !== SCHED_IDLE || seen.length > 0) return;
      // It is at work, and nothing else comes.
      while (policyOf(process.pid) === SCHED_IDLE || getPriority() > 0) seen.push(getPriority());
    });
    await talkUntil(program, () => seen.length > 0);
    const steps = [...new Set(seen)].filter((niceness) => niceness > 0);
    expect(steps.length).toBeGreaterThan(3);
    expect(steps).toEqual(steps.toSorted((a, b) => b - a));
  });

  it('is as it was once the recording has ended', async () => {
    const program = await startTalker();
    let policy = SCHED_OTHER;
    record(program, () => {
      policy = policyOf(process.pid);
    });
    await talkUntil(program, () => policy === SCHED_IDLE);
    await sources.pop()?.stop();
    expect([policyOf(process.pid), getPriority()]).toEqual([SCHED_OTHER, 0]);
  });
});
