/**
 * How long a service takes to answer at half of what it can serve, recorded and not: what a recording costs those who wait.
 * At full load a time says nothing but how many wait at once.
 */
import { join } from 'node:path';
import { runWrk, type WrkResult, warmUp } from '../load/wrk';
import { alternate } from '../measure/alternate';
import type { Result } from '../measure/result';
import { type Pair, ratioOf, spreadOf } from '../measure/spread';
import { type Context, inTurn, type Measurement } from '../measurement';
import { type Service, type ServiceName, withService } from '../services';
import { listeningOn, whileRecorded } from './recording';

const subjects: readonly ServiceName[] = ['nginx plain', 'nginx TLS', 'Node HTTPS'];

/** A connection asks a hundred times a second: the script waits for 10 ms, more or less, between two requests. */
const script = join(__dirname, '../programs/pausing.lua');
const perSecondOfConnection = 100;
/** Of nginx's. */
const connectionsMost = 1000;

export const half: Measurement = {
  name: 'half',
  records: true,
  measure: (context) => inTurn(subjects, (name) => withService(name, (service) => compare(service, context))),
};

async function compare(service: Service, { sizes, signal, tell }: Context): Promise<readonly Result[]> {
  await warmUp(service.url);
  const saturated = (await runWrk(service.url, { seconds: sizes.loadSeconds })).perSecond;
  const connections = Math.min(connectionsMost, Math.round(saturated / 2 / perSecondOfConnection));
  const load = () => runWrk(service.url, { seconds: sizes.loadSeconds, connections, script });
  const work = async () => {
    await warmUp(service.url);
    return load();
  };
  const pairs = await alternate(
    {
      baseline: load,
      subject: () => whileRecorded(listeningOn(service.port), work),
    },
    { pairs: sizes.shapePairs, signal },
  );
  tell(`${service.name}: ${pairs.map(pairText).join(', ')}`);
  return [resultOf(service, pairs, 'p50', 'half of the answers'), resultOf(service, pairs, 'p99', '99 of 100 answers')];
}

function resultOf(
  { name }: Service,
  pairs: readonly Pair<WrkResult>[],
  percentile: keyof WrkResult['latencyUs'],
  which: string,
): Result {
  const times = pairs.map(({ subject, baseline }) => ({
    subject: subject.latencyUs[percentile],
    baseline: baseline.latencyUs[percentile],
  }));
  return {
    name: `${percentile} of ${name} at half load`,
    ratioOf: `time within which ${which} came, recorded / not recorded; the amount is the former`,
    ratio: ratioOf(times),
    figure: { spread: spreadOf(times.map(({ subject }) => subject)), unit: 'us' },
    goal: null,
    // Far below half of what was served at full load: the machine had other things to do.
    notes: pairs.map((pair) => pairText(pair)),
  };
}

function pairText({ subject, baseline }: Pair<WrkResult>): string {
  return `${textOf(subject)} / ${textOf(baseline)}`;
}

function textOf({ perSecond, latencyUs: { p50, p99 } }: WrkResult): string {
  return `p50 ${p50.toFixed(0)} p99 ${p99.toFixed(0)} us at ${(perSecond / 1000).toFixed(1)}k/s`;
}
