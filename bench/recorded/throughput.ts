/** What a service keeps of its throughput while it is recorded, at full load on all cores, recorder included. */
import { runWrk, warmUp } from '../load/wrk';
import { alternate } from '../measure/alternate';
import type { Goal, Result } from '../measure/result';
import { ratioOf } from '../measure/spread';
import type { Context, Measurement } from '../measurement';
import { type Service, type ServiceName, withService } from '../services';
import { recorded } from './recording';

interface Subject {
  readonly service: ServiceName;
  readonly goal: Goal | null;
}

const subjects: readonly Subject[] = [
  { service: 'nginx plain', goal: null },
  { service: 'nginx TLS', goal: { of: 'ratio', atLeast: 0.4 } },
  { service: 'Node HTTPS', goal: { of: 'ratio', atLeast: 0.7 } },
];

export const throughput: Measurement = {
  name: 'throughput',
  records: true,
  async measure(context) {
    const results: Result[] = [];
    for (const subject of subjects) results.push(await ofTarget(subject, context));
    results.push(await ofBystander(context));
    return results;
  },
};

async function ofTarget({ service, goal }: Subject, context: Context): Promise<Result> {
  return withService(service, async (target) => ({
    name: `throughput, ${service}`,
    ratioOf: 'requests a second, recorded / not recorded',
    goal,
    ...(await compare(target, target, context)),
  }));
}

/** The recorder runs for another process, which is idle: what is left is what the hooks cost those who are no target. */
async function ofBystander(context: Context): Promise<Result> {
  const measured = (loaded: Service) => withService('nginx plain', (target) => compare(loaded, target, context));
  return {
    name: 'throughput, nginx that is no target',
    ratioOf: 'requests a second while another nginx is recorded / while nothing is',
    goal: { of: 'ratio', atLeast: 0.95 },
    ...(await withService('nginx plain', measured)),
  };
}

async function compare(
  loaded: Service,
  target: Service,
  { sizes, signal, tell }: Context,
): Promise<Pick<Result, 'ratio' | 'figure' | 'notes'>> {
  const load = async () => (await runWrk(loaded.url, { seconds: sizes.loadSeconds })).perSecond;
  const warmThenLoad = async () => {
    await warmUp(target.url);
    return load();
  };
  await warmUp(loaded.url);
  const pairs = await alternate(
    {
      baseline: load,
      subject: async () => (await recorded(target.port, { work: warmThenLoad, look: async () => null })).worked,
    },
    { pairs: sizes.loadPairs, signal },
  );
  tell(`${loaded.name}: ${pairs.map(({ subject, baseline }) => `${rate(subject)} / ${rate(baseline)}`).join(', ')}`);
  return { ratio: ratioOf(pairs), figure: null, notes: [] };
}

function rate(perSecond: number): string {
  return `${(perSecond / 1000).toFixed(1)}k`;
}
