/** What a recorder costs while nothing happens, and holds at the most. Counted by the kernel, so that a slow machine changes nothing. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { describeE2e } from '../support/e2e';
import { askForKilobytes, startKilobytes } from '../support/kilobytes';
import { ask } from '../support/mocks';
import { stopAll, temporaryFolder } from '../support/programs';
import { readTape, startRecording } from '../support/recorder';

const folder = temporaryFolder();

afterEach(stopAll);
afterAll(() => folder.remove());

interface Thread {
  readonly name: string;
  readonly wakeUps: number;
}

/** How often each thread went on after waiting for something. */
function threadsOf(pid: number): ReadonlyMap<string, Thread> {
  const tasks = `/proc/${pid}/task`;
  return new Map(
    readdirSync(tasks).map((thread) => {
      const status = readFileSync(`${tasks}/${thread}/status`, 'utf8');
      const wakeUps = Number(/^voluntary_ctxt_switches:\s*(\d+)$/m.exec(status)?.[1]);
      return [thread, { name: /^Name:\s*(.*)$/m.exec(status)?.[1] ?? '', wakeUps }];
    }),
  );
}

/** Of a kilobyte and some each; what is left over when a burst ends is in it. */
const mostMegabytes = 240;

/** Before anything came: Node.js with what of its code is used, 70 MB, and what V8 has not let go of yet. */
const restingMegabytes = 120;

function megabytesOf(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s*(\\d+)`, 'm').exec(status)?.[1]) / 1024;
}

async function untilRecorded(tape: string): Promise<void> {
  while ((await readTape(tape)).length === 0) await pause(20);
}

/** What a burst took up is given back some seconds after its end, though nothing comes any more; the test ends where it is not. */
async function untilGivenBack(pid: number): Promise<void> {
  while (megabytesOf(pid, 'VmRSS') > restingMegabytes) await pause(200);
}

interface Rest {
  readonly wakeUpsPerSecond: number;
  /** Of the thread that reads the ring. */
  readonly reader: readonly number[];
}

/** What happens within two seconds, by the clock: on a machine with other work they are longer than was asked for. */
async function restOf(pid: number): Promise<Rest> {
  const [before, since] = [threadsOf(pid), performance.now()];
  await pause(2000);
  const woken = [...threadsOf(pid)].map(([id, { name, wakeUps }]) => ({
    name,
    times: wakeUps - (before.get(id)?.wakeUps ?? 0),
  }));
  const seconds = (performance.now() - since) / 1000;
  return {
    wakeUpsPerSecond: woken.reduce((sum, { times }) => sum + times, 0) / seconds,
    reader: woken.filter(({ name }) => name === 'wiretape ring').map(({ times }) => times),
  };
}

const isIdle = ({ wakeUpsPerSecond, reader }: Rest) => wakeUpsPerSecond <= 5 && reader.join() === '0';

/** V8, and what looks for libraries a while after a start, have come to rest; the last of these if they do not. */
async function onceAtRest(pid: number): Promise<Rest> {
  let rest = await restOf(pid);
  for (let tries = 1; tries < 15 && !isIdle(rest); tries++) rest = await restOf(pid);
  return rest;
}

describeE2e('a recorder of what is idle', () => {
  it('is small, is woken a few times a second, and its reader of the ring not at all', async () => {
    const service = await startKilobytes();
    // By its number: for other targets the recorder hears of every program that is started on the machine.
    const recording = await startRecording(folder.file('idle.tape'), ['--pid', String(service.pid)]);
    await ask(`http://127.0.0.1:${service.port}/`);
    await untilRecorded(recording.tape);
    const rest = await onceAtRest(recording.program.pid);
    const megabytes = megabytesOf(recording.program.pid, 'VmRSS');
    await recording.end();
    expect(megabytes).toBeLessThan(restingMegabytes);
    expect(rest.reader).toEqual([0]);
    expect(rest.wakeUpsPerSecond).toBeLessThanOrEqual(5);
  });
});

describeE2e('a recorder under full load', () => {
  it.each([
    ['by itself', [], mostMegabytes],
    ['of 256 MiB by --max-rss', ['--max-rss', '256MiB'], 256],
  ])('holds no more than a bounded amount of memory: %s', async (_, options, most) => {
    const service = await startKilobytes();
    const recording = await startRecording(folder.file(`load-${most}.tape`), [
      '--pid',
      String(service.pid),
      ...options,
    ]);
    await askForKilobytes(service);
    const peak = megabytesOf(recording.program.pid, 'VmHWM');
    if (most === mostMegabytes) await untilGivenBack(recording.program.pid);
    expect(await recording.end()).toBe(0);
    const recorded = await readTape(recording.tape);
    expect(recorded.length).toBeGreaterThan(10_000); // the rest was left out whole, and counted
    expect(recorded.flatMap(({ exchange }) => exchange.problems)).toEqual([]);
    expect(peak).toBeLessThan(most);
  });
});
