/** What a recorder holds at the most, and how often it wakes while nothing happens. */
import { setTimeout as pause } from 'node:timers/promises';
import { start } from '../../test/support/programs';
import { untilQuiet } from '../cpu-time';
import { runWrk, warmUp } from '../load/wrk';
import { amountResult, type Result } from '../measure/result';
import type { Context, Measurement } from '../measurement';
import { kernelMegabytes, peakMegabytes, wakeUpsOf } from '../resident';
import { jsonOf, type Service, withService } from '../services';
import { listeningOn, whileRecorded } from './recording';

const downloads = 6;

export const memory: Measurement = {
  name: 'memory',
  records: true,
  async measure(context) {
    const { sizes } = context;
    const body = Buffer.alloc(sizes.downloadBytes, jsonOf(1 << 20)); // one text after another
    return [
      ...(await withService('nginx plain', (service) => underLoad(service, context))),
      await withService('nginx plain', (service) => ofDownloads(service, context), body),
    ];
  },
};

/** Idle first: what is waited for there is no part of the load. */
async function underLoad({ name, pids, url }: Service, { sizes, tell }: Context): Promise<readonly Result[]> {
  const targets = pids.flatMap((pid) => ['--pid', String(pid)]);
  const { wakeUps, megabytes, inKernel } = await whileRecorded(targets, async ({ pid }) => {
    await warmUp(url);
    await pause(3000); // what looks for libraries, and V8, a while after a start
    const before = wakeUpsOf(pid);
    await pause(1000 * sizes.idleSeconds);
    const perSecond = (wakeUpsOf(pid) - before) / sizes.idleSeconds;
    await runWrk(url, { seconds: sizes.sustainedSeconds });
    await untilQuiet(pid);
    return { wakeUps: perSecond, megabytes: peakMegabytes(pid), inKernel: kernelMegabytes(pid) };
  });
  tell(
    `${wakeUps.toFixed(1)} wake-ups a second at rest, ${megabytes.toFixed(0)} MB at full load, ${inKernel.toFixed(0)} MB in the kernel`,
  );
  return [
    amountResult('wake-ups of the recorder at rest', 'how often its threads go on after waiting', {
      amount: wakeUps,
      unit: 'a second',
      most: 5,
    }),
    amountResult(`memory of the recorder, ${name} at full load`, 'the most that its RSS was', {
      amount: megabytes,
      unit: 'MB',
      most: 220,
    }),
    amountResult(
      `memory of the kernel for it, ${name} at full load`,
      'what its maps take, the ring of events included',
      {
        amount: inKernel,
        unit: 'MB',
        most: null,
      },
    ),
  ];
}

async function ofDownloads({ port, url }: Service, { sizes, tell }: Context): Promise<Result> {
  const megabytes = await whileRecorded(listeningOn(port), async ({ pid }) => {
    const clients = Array.from({ length: downloads }, () => start('curl', ['-sfo', '/dev/null', url]));
    const statuses = await Promise.all(clients.map(({ ended }) => ended));
    if (statuses.some((status) => status !== 0)) throw new Error(`curl ended with ${statuses.join(', ')}`);
    await untilQuiet(pid);
    return peakMegabytes(pid);
  });
  const size = Math.round(sizes.downloadBytes / (1 << 20));
  tell(`${megabytes.toFixed(0)} MB at ${downloads} downloads of ${size} MB`);
  return amountResult(`memory of the recorder, ${downloads} downloads of ${size} MB`, 'the most that its RSS was', {
    amount: megabytes,
    unit: 'MB',
    most: 250,
  });
}
