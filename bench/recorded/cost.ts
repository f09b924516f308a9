/**
 * CPU time an exchange at a fixed offered load. What recording adds to the service is spent in the kernel, by hooks and
 * probes that run in its place; the recorder's own time is everything from the ring to the tape, all its threads.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { cpuUsOf } from '../cpu-time';
import { type PacedLoad, type PacedOptions, startPaced } from '../load/paced';
import { warmUp } from '../load/wrk';
import { alternate } from '../measure/alternate';
import type { Result } from '../measure/result';
import { type Pair, ratioOf, spreadOf } from '../measure/spread';
import { type Context, inTurn, type Measurement } from '../measurement';
import { type Service, type ServiceName, withService } from '../services';
import type { Audit } from './audit';
import { keepAwake } from './keep-awake';
import { keptResult } from './kept';
import { audited } from './recording';

interface Subject {
  readonly service: ServiceName;
  readonly perSecond: number;
  /** Most microseconds an exchange that recording may add to the service; null where none was set. */
  readonly addedUsMost: number | null;
}

/** A Node service of 2,000 TLS exchanges a second would leave little room for its client on two cores. */
const subjects: readonly Subject[] = [
  { service: 'nginx plain', perSecond: 2000, addedUsMost: 2 },
  { service: 'nginx TLS', perSecond: 2000, addedUsMost: 6 },
  { service: 'Node HTTPS', perSecond: 500, addedUsMost: null },
];

const recorderUsMost = 40;
/** Below this share of the offered load the machine was too busy to say anything about a fixed load: try again. */
const reachedLeast = 0.9;
const attemptsMost = 3;

export const cost: Measurement = {
  name: 'cost',
  records: true,
  measure: (context) =>
    inTurn(subjects, (subject) =>
      withService(subject.service, (service) => {
        keepAwake();
        return compare(service, subject, context);
      }),
    ),
};

/** Microseconds an exchange. */
interface Window {
  readonly service: number;
  readonly recorder: number;
  /** Null for a window that was not recorded. */
  readonly audit: Audit | null;
}

async function compare(service: Service, subject: Subject, context: Context): Promise<readonly Result[]> {
  const pairs = await alternate<Window>(
    {
      baseline: async () => ({ ...(await measureWindow(service, subject, context, null)), audit: null }),
      subject: async () => {
        const { worked, audit } = await audited(service, ({ pid }) => measureWindow(service, subject, context, pid));
        return { ...worked, audit };
      },
    },
    { pairs: context.sizes.pacedPairs, signal: context.signal },
  );
  const name = `${service.name} at ${subject.perSecond}/s`;
  context.tell(`${name}: ${pairs.map(pairText).join(', ')} us`);
  return [addedResult(name, pairs, subject), recorderResult(name, pairs), keptAtFixedLoad(name, pairs)];
}

/** Where it is, and who answers. */
export type Loaded = Pick<Service, 'url' | 'pids'>;

/** After a second of requests without a body. Rejects where the machine is too busy for the load. */
export async function measureWindow(
  service: Loaded,
  { perSecond, body }: PacedOptions,
  { sizes }: Context,
  recorderPid: number | null,
): Promise<Omit<Window, 'audit'>> {
  await warmUp(service.url);
  const load = startPaced(service.url, { perSecond, body });
  await pause(sizes.warmMs);
  const offered = (perSecond * sizes.windowMs) / 1000;
  for (let attempt = 1; ; attempt++) {
    const { exchanges, ...costs } = await watch(load, service, { windowMs: sizes.windowMs, recorderPid });
    const reached = exchanges >= offered * reachedLeast;
    if (!reached && attempt < attemptsMost) continue;
    await load.stop();
    if (!reached)
      throw new Error(`only ${exchanges} of ${offered} exchanges were answered in time: the machine is too busy`);
    return costs;
  }
}

async function watch(
  load: PacedLoad,
  service: Loaded,
  { windowMs, recorderPid }: { readonly windowMs: number; readonly recorderPid: number | null },
) {
  const before = await sample(load, service, recorderPid);
  await pause(windowMs);
  const after = await sample(load, service, recorderPid);
  const exchanges = after.answered - before.answered;
  return {
    exchanges,
    service: (after.serviceUs - before.serviceUs) / exchanges,
    recorder: (after.recorderUs - before.recorderUs) / exchanges,
  };
}

async function sample(load: PacedLoad, service: Loaded, recorderPid: number | null) {
  const { answered } = await load.counts();
  return {
    answered,
    serviceUs: cpuUsOf(service.pids),
    recorderUs: recorderPid === null ? 0 : cpuUsOf([recorderPid]),
  };
}

function addedResult(name: string, pairs: readonly Pair<Window>[], { addedUsMost }: Subject): Result {
  const added = pairs.map(({ subject, baseline }) => subject.service - baseline.service);
  return {
    name: `CPU of ${name}`,
    ratioOf: 'CPU time of the service, recorded / not recorded; the amount is what recording adds, in the kernel',
    ratio: ratioOf(pairs.map(({ subject, baseline }) => ({ subject: subject.service, baseline: baseline.service }))),
    figure: { spread: spreadOf(added), unit: 'us an exchange' },
    goal: addedUsMost === null ? null : { of: 'figure', atMost: addedUsMost },
    notes: [],
  };
}

function recorderResult(name: string, pairs: readonly Pair<Window>[]): Result {
  return {
    name: `CPU of the recorder, ${name}`,
    ratioOf: 'CPU time of the recorder, user and system / CPU time of the service that is not recorded',
    ratio: ratioOf(pairs.map(({ subject, baseline }) => ({ subject: subject.recorder, baseline: baseline.service }))),
    figure: { spread: spreadOf(pairs.map(({ subject }) => subject.recorder)), unit: 'us an exchange' },
    goal: { of: 'figure', atMost: recorderUsMost },
    notes: [],
  };
}

function keptAtFixedLoad(name: string, pairs: readonly Pair<Window>[]): Result {
  const audits = pairs.flatMap(({ subject }) => (subject.audit === null ? [] : [subject.audit]));
  return keptResult(name, audits, { mustKeepAll: true });
}

function pairText({ subject, baseline }: Pair<Window>): string {
  return `${subject.service.toFixed(1)} / ${baseline.service.toFixed(1)} and ${subject.recorder.toFixed(1)}`;
}
