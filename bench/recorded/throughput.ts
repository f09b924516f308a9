/**
 * What a service keeps of its throughput while it is recorded, at full load on all cores, recorder included: and how much of
 * what it served is whole on the tape, without which the former says nothing.
 */
import { runWrk, type WrkOptions, warmUp } from '../load/wrk';
import { alternate } from '../measure/alternate';
import type { Goal, Result } from '../measure/result';
import { type Pair, ratioOf, spreadOf } from '../measure/spread';
import { type Context, inTurn, type Measurement } from '../measurement';
import { jsonOf, kilobyte, type Service, type ServiceName, withService } from '../services';
import { type FullLoad, recordFullLoad } from './full-load';
import { listeningOn, whileRecorded } from './recording';

interface Subject {
  readonly service: ServiceName;
  /** What is unlike the other rows. */
  readonly what?: string;
  readonly body?: Uint8Array;
  readonly load?: Omit<WrkOptions, 'seconds'>;
  readonly goal?: Goal;
  /** Most microseconds of the recorder an exchange. */
  readonly recorderUsMost?: number;
}

const subjects: readonly Subject[] = [
  { service: 'nginx plain', goal: { of: 'ratio', atLeast: 0.42 }, recorderUsMost: 15 },
  { service: 'nginx TLS', goal: { of: 'ratio', atLeast: 0.4 }, recorderUsMost: 18 },
  { service: 'Node HTTPS', goal: { of: 'ratio', atLeast: 0.8 } },
];

const shapesOfLoad: readonly Subject[] = [
  { service: 'nginx plain', what: '16 KB', body: jsonOf(16 << 10) },
  { service: 'nginx plain', what: '1 MB', body: jsonOf(1 << 20) },
  { service: 'nginx plain', what: '1,000 connections', load: { connections: 1000 } },
  { service: 'nginx plain', what: 'a connection a request', load: { closes: true } },
  { service: 'Go plain' },
  { service: 'Java plain' },
];

/** Below it a recorder that left out what it could not keep up with would look fast. */
const wholeLeast = 0.95;

export const throughput: Measurement = {
  name: 'throughput',
  records: true,
  async measure(context) {
    const results = await inTurn(subjects, (subject) => ofTarget(subject, context, context.sizes.loadPairs));
    return [...results, await ofBystander(context), await ofNothing(context)];
  },
};

export const shapes: Measurement = {
  name: 'shapes',
  records: true,
  measure: (context) => inTurn(shapesOfLoad, (subject) => ofTarget(subject, context, context.sizes.shapePairs)),
};

async function ofTarget(subject: Subject, context: Context, pairs: number): Promise<readonly Result[]> {
  const name = subject.what === undefined ? subject.service : `${subject.service}, ${subject.what}`;
  const measured = (service: Service) => compare(service, { ...subject, name, pairs }, context);
  return withService(subject.service, measured, subject.body ?? kilobyte);
}

async function compare(
  service: Service,
  { name, pairs: count, ...subject }: Subject & { readonly name: string; readonly pairs: number },
  { sizes, signal, tell }: Context,
): Promise<readonly Result[]> {
  const load = { ...subject.load, seconds: sizes.loadSeconds };
  await warmUp(service.url);
  const pairs = await alternate<FullLoad, number>(
    {
      baseline: async () => (await runWrk(service.url, load)).perSecond,
      subject: () => recordFullLoad(service, load),
    },
    { pairs: count, signal },
  );
  tell(`${name}: ${pairs.map(pairText).join(', ')}`);
  const recordings = pairs.map(({ subject: recording }) => recording);
  return [
    {
      name: `throughput, ${name}`,
      ratioOf: 'requests a second, recorded / not recorded',
      ratio: ratioOf(
        pairs.map(({ subject: recording, baseline }) => ({ subject: recording.load.perSecond, baseline })),
      ),
      figure: null,
      goal: subject.goal ?? null,
      notes: [],
    },
    {
      name: `whole on the tape, ${name}`,
      ratioOf: 'exchanges on the tape that lost nothing / exchanges served',
      ratio: spreadOf(recordings.map(({ whole }) => whole)),
      figure: null,
      goal: { of: 'ratio', atLeast: wholeLeast },
      notes: [],
    },
    {
      name: `CPU of the recorder, ${name} at full load`,
      ratioOf: 'CPU time of the recorder until it has caught up, for each exchange on the tape',
      ratio: null,
      figure: { spread: spreadOf(recordings.map(({ recorderUs }) => recorderUs)), unit: 'us an exchange' },
      goal: subject.recorderUsMost === undefined ? null : { of: 'figure', atMost: subject.recorderUsMost },
      notes: [`in the seconds before: ${recordings.map(({ coldUs }) => coldUs.toFixed(1)).join(', ')} us`],
    },
  ];
}

/** The recorder runs for another process, which is idle: what is left is what the hooks cost those who are no target. */
function ofBystander({ sizes, signal, tell }: Context): Promise<Result> {
  const compareBoth = async (loaded: Service, target: Service): Promise<Result> => {
    const load = () => perSecondOf(loaded, sizes.loadSeconds);
    const warmThenLoad = async () => {
      await warmUp(target.url);
      return load();
    };
    await warmUp(loaded.url);
    const subject = () => whileRecorded(listeningOn(target.port), warmThenLoad);
    const pairs = await alternate({ baseline: load, subject }, { pairs: sizes.loadPairs, signal });
    tell(`nginx that is no target: ${pairs.map(ratesText).join(', ')}`);
    return {
      name: 'throughput, nginx that is no target',
      ratioOf: 'requests a second while another nginx is recorded / while nothing is',
      ratio: ratioOf(pairs),
      figure: null,
      goal: { of: 'ratio', atLeast: 0.95 },
      notes: [],
    };
  };
  return withService('nginx plain', (loaded) => withService('nginx plain', (target) => compareBoth(loaded, target)));
}

/** What the machine itself makes of two halves that are the same: no other ratio says more than this one lets it. */
function ofNothing({ sizes, signal, tell }: Context): Promise<Result> {
  return withService('nginx plain', async (service) => {
    await warmUp(service.url);
    const load = () => perSecondOf(service, sizes.loadSeconds);
    const pairs = await alternate({ baseline: load, subject: load }, { pairs: sizes.loadPairs, signal });
    tell(`nothing: ${pairs.map(ratesText).join(', ')}`);
    return {
      name: 'throughput, nothing against nothing',
      ratioOf: 'requests a second, not recorded / not recorded: what the machine adds to every ratio',
      ratio: ratioOf(pairs),
      figure: null,
      goal: null,
      notes: [],
    };
  });
}

async function perSecondOf({ url }: Service, seconds: number): Promise<number> {
  return (await runWrk(url, { seconds })).perSecond;
}

function pairText({ subject, baseline }: Pair<FullLoad, number>): string {
  const { load, recorderUs, coldUs, whole } = subject;
  return `${rate(load.perSecond)} / ${rate(baseline)}, ${(100 * whole).toFixed(1)} % whole, recorder ${recorderUs.toFixed(1)} us, before ${coldUs.toFixed(1)}`;
}

function ratesText({ subject, baseline }: Pair<number>): string {
  return `${rate(subject)} / ${rate(baseline)}`;
}

function rate(perSecond: number): string {
  return `${(perSecond / 1000).toFixed(1)}k`;
}
