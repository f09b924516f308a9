/** Ten minutes at 80 % of what a recorded service can serve: whether the recorder grows. Only asked for by name. */
import { setTimeout as pause } from 'node:timers/promises';
import { startPaced } from '../load/paced';
import { runWrk, warmUp } from '../load/wrk';
import type { Result } from '../measure/result';
import { spreadOf } from '../measure/spread';
import type { Context, Measurement } from '../measurement';
import { residentMegabytes } from '../resident';
import { type Service, withService } from '../services';
import { keptResult } from './kept';
import { audited } from './recording';

const shareOfSaturation = 0.8;
const looks = 60;
/** Of the last third of the looks / of the second third: the first one is V8's, which takes its time to grow up. */
const growthMost = 1.05;

export const soak: Measurement = {
  name: 'soak',
  records: true,
  isLong: true,
  measure: (context) => withService('Node HTTPS', (service) => soakIn(service, context)),
};

async function soakIn(service: Service, { sizes, signal, tell }: Context): Promise<readonly Result[]> {
  const { worked, audit } = await audited(service, async ({ pid }) => {
    await warmUp(service.url);
    const saturated = (await runWrk(service.url, { seconds: sizes.loadSeconds })).perSecond;
    const load = startPaced(service.url, { perSecond: shareOfSaturation * saturated });
    const megabytes: number[] = [];
    for (let look = 0; look < looks; look++) {
      await pause((1000 * sizes.soakSeconds) / looks, undefined, { signal });
      megabytes.push(residentMegabytes(pid));
      if (look % 6 === 5) tell(`${megabytes.at(-1)?.toFixed(0)} MB, ${(await load.counts()).answered} exchanges`);
    }
    await load.stop();
    return { megabytes, perSecond: shareOfSaturation * saturated };
  });
  const { megabytes, perSecond } = worked;
  const third = looks / 3;
  const [before, after] = [spreadOf(megabytes.slice(third, 2 * third)), spreadOf(megabytes.slice(2 * third))];
  const name = `${service.name} at ${Math.round(perSecond)}/s for ${sizes.soakSeconds} s`;
  return [
    {
      name: `growth of the recorder, ${name}`,
      ratioOf: 'median RSS of the recorder in the last third of the time / in the second one; the amount is the former',
      ratio: spreadOf([after.median / before.median]),
      figure: { spread: after, unit: 'MB' },
      goal: { of: 'ratio', atMost: growthMost },
      notes: [],
    },
    keptResult(name, [audit], { mustKeepAll: true }),
  ];
}
