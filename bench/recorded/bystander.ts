/**
 * What TLS probes by file cost a process that is no target and maps the same library. They are in place where targets
 * start processes (an nginx master has); the kernel side looks the process up, and that is all.
 */

import { cpuUsOf } from '../cpu-time';
import { runWrk, warmUp } from '../load/wrk';
import { alternate } from '../measure/alternate';
import type { Result } from '../measure/result';
import { ratioOf, spreadOf } from '../measure/spread';
import type { Context, Measurement } from '../measurement';
import { type Service, withService } from '../services';
import { listeningOn, whileRecorded } from './recording';

/** Microseconds an exchange: what a few traps come to. */
const addedUsMost = 5;

export const bystander: Measurement = {
  name: 'bystander',
  records: true,
  measure: (context) =>
    withService('nginx TLS', (loaded) => withService('nginx TLS', (target) => compare(loaded, target, context))),
};

async function compare(loaded: Service, target: Service, context: Context): Promise<readonly Result[]> {
  const { sizes, signal, tell } = context;
  const cost = () => cpuOfExchange(loaded, context);
  await warmUp(loaded.url);
  const pairs = await alternate(
    {
      baseline: cost,
      subject: () => whileRecorded(listeningOn(target.port), cost),
    },
    { pairs: sizes.pairs, signal },
  );
  tell(
    `nginx TLS: ${pairs.map(({ subject, baseline }) => `${subject.toFixed(1)} / ${baseline.toFixed(1)}`).join(', ')} us`,
  );
  return [
    {
      name: 'CPU of nginx TLS that is no target',
      ratioOf: 'CPU time of the service while another nginx is recorded that maps the same libssl / while nothing is',
      ratio: ratioOf(pairs),
      figure: { spread: spreadOf(pairs.map(({ subject, baseline }) => subject - baseline)), unit: 'us an exchange' },
      goal: { of: 'figure', atMost: addedUsMost },
      notes: [],
    },
  ];
}

async function cpuOfExchange({ url, pids }: Service, { sizes }: Context): Promise<number> {
  const before = cpuUsOf(pids);
  const { requests } = await runWrk(url, { seconds: sizes.loadSeconds });
  return (cpuUsOf(pids) - before) / requests;
}
