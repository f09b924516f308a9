/**
 * 500 exchanges a second, cold and warm: in its first minute a recorder pays for V8's compilers as well, and at this rate
 * few exchanges share that. Both halves of the same recording, whose memory is told too.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { cpuUsOf } from '../cpu-time';
import { type PacedLoad, startPaced } from '../load/paced';
import { amountResult, type Result } from '../measure/result';
import type { Context, Measurement } from '../measurement';
import { residentMegabytes } from '../resident';
import { type Service, withService } from '../services';
import { keepAwake } from './keep-awake';
import { keptResult } from './kept';
import { audited } from './recording';

const perSecond = 500;
const warmUsMost = 35;
const megabytesMost = 120;

export const slow: Measurement = {
  name: 'slow',
  records: true,
  measure: (context) => withService('nginx plain', (service) => measureSlow(service, context)),
};

async function measureSlow(service: Service, { sizes, tell }: Context): Promise<readonly Result[]> {
  keepAwake();
  const { worked, audit } = await audited(service, async ({ pid }) => {
    const load = startPaced(service.url, { perSecond });
    const seconds = sizes.slowWindowSeconds;
    const cold = await recorderUs(load, pid, seconds);
    await pause(1000 * Math.max(0, sizes.slowWarmSeconds - seconds));
    const warm = await recorderUs(load, pid, seconds);
    const megabytes = residentMegabytes(pid);
    await load.stop();
    return { cold, warm, megabytes };
  });
  const { cold, warm, megabytes } = worked;
  tell(`cold ${cold.toFixed(1)}, warm ${warm.toFixed(1)} us, ${megabytes.toFixed(0)} MB`);
  const name = `${service.name} at ${perSecond}/s`;
  return [
    recorderResult(`${name}, cold`, `CPU time of the recorder in the first ${sizes.slowWindowSeconds} s`, cold, null),
    recorderResult(`${name}, warm`, `CPU time of the recorder after ${sizes.slowWarmSeconds} s`, warm, warmUsMost),
    amountResult(`memory of the recorder, ${name}`, 'RSS of the recorder, which runs that long', {
      amount: megabytes,
      unit: 'MB',
      most: megabytesMost,
    }),
    keptResult(name, [audit], { mustKeepAll: true }),
  ];
}

async function recorderUs(load: PacedLoad, pid: number, seconds: number): Promise<number> {
  const [answered, us] = [(await load.counts()).answered, cpuUsOf([pid])];
  await pause(1000 * seconds);
  return (cpuUsOf([pid]) - us) / ((await load.counts()).answered - answered);
}

function recorderResult(name: string, what: string, us: number, usMost: number | null): Result {
  return amountResult(`CPU of the recorder, ${name}`, what, { amount: us, unit: 'us an exchange', most: usMost });
}
