/** `wiretape replay`: sends the inbound exchanges of a tape to a build and judges its answers. */

import type { CommandModule } from 'yargs';
import { WiretapeError } from '../errors/wiretape-error';
import { GatheredCases, isSent, isUnparsed, storedOf, type TestCase } from '../replayer/cases/cases';
import { leanBy } from '../replayer/cases/lean';
import { withSetUp } from '../replayer/correlate/set-up';
import { dedupe } from '../replayer/dedupe/dedupe';
import { recordedCalls } from '../replayer/report/calls';
import type { SuiteOptions, SuiteOutcome } from '../replayer/run';
import { type ExchangeFilter, passesFilter } from '../tape/model/filter';
import { openReader } from '../tape/store/registry';
import type { TapeReader } from '../tape/store/tape';
import { acceptedFor } from './accepted-values';
import { acceptingFrom } from './accepting';
import { onlyCalls } from './around-cases';
import { baselineOptions, baselineRunsFrom, type Playing, play, playBeside } from './baseline';
import { interruptible } from './interruptible';
import { learnInto, requireRuns, writeNoiseOption } from './learned-noise';
import { readServed, sessionOnly } from './mock-options';
import { requireSession } from './on-tape';
import { type FilterArguments, filterFrom, filterOptions, isPart, jsonOption, tapeArgument, usage } from './options';
import { type ProtoArguments, protoFilesFrom, protoOptions } from './proto-options';
import {
  conditionsFrom,
  type PlayArguments,
  type ReplayArguments,
  redactionFrom,
  refuseIdleTrust,
  replayOptions,
  runsFrom,
  suiteOptionsFrom,
} from './replay-options';
import { reportOutcome } from './replay-outcome';
import { reportsFrom, wantsPage } from './report-files';
import { contestedLines, partialLines } from './session-notes';
import { allTargets, type Targets, targetOptions, targetsFrom } from './targets';
import { visibleLine } from './terminal';
import { keepHeapTight } from './tight-heap';

interface Arguments extends FilterArguments, ReplayArguments, ProtoArguments {
  readonly tape: string;
  readonly target: readonly string[];
  readonly baseline?: readonly string[];
  readonly baselineRuns: number;
  readonly runs: number;
  readonly allowFlaky: boolean;
  readonly writeNoise?: string;
  readonly json: boolean;
}

export const replayCommand: CommandModule<object, Arguments> = {
  command: 'replay <tape>',
  describe: 'send the recorded requests to a build and judge its answers',
  builder: (yargs) =>
    yargs
      .usage(
        'wiretape replay TAPE --target URL\n\nSends the inbound exchanges of the tape, in recorded order, and compares what comes back.',
      )
      .positional('tape', tapeArgument)
      .options({
        ...targetOptions,
        ...baselineOptions,
        runs: {
          type: 'number',
          default: 1,
          describe: 'times to play each case, always against what is up; what does not always pass fails, as flaky',
        },
        'allow-flaky': { type: 'boolean', default: false, describe: 'flaky cases do not fail the run' },
        ...writeNoiseOption,
        ...filterOptions,
        ...replayOptions,
        ...protoOptions,
        ...jsonOption,
      })
      .example('wiretape replay shop.tape --target http://127.0.0.1:8080', 'every inbound exchange')
      .example("wiretape replay shop.tape --target http://127.0.0.1:8080 --include '* */orders/**'", 'some endpoints')
      .example(
        `wiretape replay shop.tape --target https://staging:8443 --ca ca.pem --set-header 'authorization: Bearer \${env:TOKEN}'`,
        'with a credential that is not on the tape',
      )
      .example(
        'wiretape replay shop.tape --target http://127.0.0.1:8080 --noise shop.noise.yaml --report junit=report.xml --report html=report.html',
        'in CI: for its server, and for people',
      )
      .example(
        'wiretape replay shop.tape --baseline http://127.0.0.1:8081 --target http://127.0.0.1:8080',
        'beside the build that is out there: what it shows, too, is not the fault of the new one',
      ) as never,
  handler: replay,
};

async function replay(args: Arguments): Promise<void> {
  const startedAtMs = Date.now();
  const reports = reportsFrom(args, process.env);
  const conditions = conditionsFrom(args);
  const { baseline, writeNoise } = args;
  const runs = runsFrom(args);
  const baselineRuns = baselineRunsFrom(args);
  if (baseline !== undefined && runs > 1) throw twoKindsOfRuns();
  if (baseline === undefined) requireRuns(writeNoise, runs, '--runs 3');
  else requireRuns(writeNoise, baselineRuns, '--baseline-runs 2');
  process.exitCode = await againstTargets(args, { target: args.target, beside: baseline }, async ({ cases, run }) => {
    const options = { ...run, keepAnswers: wantsPage(reports) };
    reports.githubLog?.hold();
    const { outcomes, also, learnFrom } = await interruptible(async (signal) => {
      const playing = { cases, options, signal };
      if (baseline === undefined) return playAgain(playing, runs);
      const beside = await playBeside({ ...targetsFrom(baseline, cases), runs: baselineRuns }, playing);
      return { outcomes: [beside.outcome] as const, also: beside.also, learnFrom: beside.reports };
    });
    const { tape, json, allowSkipped } = args;
    const calls = wantsPage(reports) ? recordedCalls(await readServed(sessionOnly(args))) : noCalls;
    const [first, ...others] = outcomes;
    const told = (outcome: SuiteOutcome) => ({ ...outcome, surroundings: onlyCalls(calls) });
    const status = await reportOutcome([told(first), ...others.map(told)], {
      tape,
      cases,
      noise: options.noise,
      isPart: isPart(args),
      allowed: { skipped: allowSkipped, flaky: args.allowFlaky },
      json,
      reports,
      conditions,
      unattributed: null,
      accepting: acceptingFrom(args, reports),
      startedAtMs,
      target: options.target,
      mocks: null,
      also,
    });
    if (writeNoise !== undefined) learnInto(writeNoise, cases, learnFrom);
    return status;
  });
}

/** One run after another, against what is up. */
async function playAgain(playing: Playing, runs: number) {
  const first = await play(playing, playing.options);
  const others: SuiteOutcome[] = [];
  while (others.length + 1 < runs && !playing.signal.aborted) others.push(await play(playing, playing.options));
  const outcomes = [first, ...others] as const;
  return { outcomes, also: {}, learnFrom: outcomes.map(({ report }) => report) };
}

function twoKindsOfRuns() {
  return usage('--runs and --baseline exclude each other: the baseline is played several times, and the target once', [
    'Leave out --runs; --baseline-runs 3 says how often the baseline is played',
  ]);
}

interface Builds {
  readonly target: readonly string[];
  /** Another one that is played against, too. */
  readonly beside?: readonly string[] | undefined;
}

/** What is to be played against builds that are up already. */
export interface AgainstTargets {
  readonly cases: readonly TestCase[];
  readonly run: Omit<SuiteOptions, 'signal'> & Targets;
}

/** What is done with the cases, and with what a run of them takes. Throws USAGE, NO_CASES and errors of files. */
export async function againstTargets<T>(
  args: CaseArguments & PlayArguments,
  { target, beside = [] }: Builds,
  work: (playing: AgainstTargets) => Promise<T>,
): Promise<T> {
  const surroundings = { cwd: process.cwd(), env: process.env };
  const settings = suiteOptionsFrom(args, surroundings);
  return withCases(args, (cases) => {
    const targets = targetsFrom(target, cases);
    const others = beside.length === 0 ? [] : allTargets(targetsFrom(beside, cases));
    refuseIdleTrust(args, [...allTargets(targets), ...others]);
    const accepted = acceptedFor(args, cases);
    return work({
      cases,
      run: { ...settings, ...redactionFrom(args, storedOf(cases), surroundings), ...targets, accepted },
    });
  });
}

const noCalls: ReturnType<typeof recordedCalls> = new Map();

export type CaseArguments = FilterArguments &
  ProtoArguments & { readonly tape: string; readonly dedupe?: boolean | undefined };

/**
 * What is done with the cases of the tape that pass the filter: they are read from it as long as the work lasts. Throws NO_CASES
 * where none of them can be sent.
 */
export async function withCases<T>(
  args: CaseArguments,
  work: (cases: readonly TestCase[]) => T | Promise<T>,
): Promise<T> {
  keepHeapTight();
  const tape = await openReader(args.tape, protoFilesFrom(args));
  try {
    return await work(await casesOn(tape, args));
  } finally {
    await tape.close();
  }
}

async function casesOn(tape: TapeReader, args: CaseArguments): Promise<readonly TestCase[]> {
  await requireSession(tape, args.session, args.tape);
  const { session } = args;
  const sessions = await tape.sessions();
  const meant = session === undefined ? {} : { session };
  for (const line of [...partialLines(sessions, meant), ...contestedLines(sessions, meant, protoFilesFrom(args))]) {
    process.stderr.write(`note  ${line}\n`);
  }
  const filter = filterFrom(args, 'inbound');
  const { cases: all, chosen, unparsed } = await gathered(tape, filter);
  const cases = chosenFrom(all, chosen);
  noteUnparsed(unparsed);
  if (!cases.some(isSent)) throw noCases(args.tape, cases);
  if (args.dedupe !== true) return cases;
  const { kept } = dedupe(cases, await Array.fromAsync(tape.exchanges({ ...meant, direction: 'outbound' })));
  noteLeftOut(args.tape, { cases: cases.length, kept: kept.length });
  return kept;
}

interface Gathered {
  readonly cases: readonly TestCase[];
  /** The ids of those that pass the whole filter. */
  readonly chosen: ReadonlySet<string>;
  readonly unparsed: number;
}

/** All that may be needed, `--include` or not; held as lightly as the tape lets them be. */
async function gathered(tape: TapeReader, filter: ExchangeFilter): Promise<Gathered> {
  const { include, ...others } = filter;
  const atHand = await tape.atHand();
  const cases = new GatheredCases(atHand === null ? (test) => test : leanBy((ids) => atHand.exchangesWith(ids)));
  const chosen = new Set<string>();
  let unparsed = 0;
  for await (const stored of tape.exchanges(others)) {
    cases.add(stored);
    if (!passesFilter(stored.exchange, filter)) continue;
    chosen.add(stored.id);
    if (isUnparsed(stored)) unparsed++;
  }
  return { cases: cases.all(), chosen, unparsed };
}

/** What `--include` takes, and what that cannot do without: excluded ones are left out even then. */
function chosenFrom(all: readonly TestCase[], ids: ReadonlySet<string>): readonly TestCase[] {
  const chosen = withSetUp(all, ({ id }) => ids.has(id));
  const added = chosen.filter(({ setUp }) => setUp === true);
  for (const { id, name } of added) {
    process.stderr.write(
      `note  exchange ${id}  ${visibleLine(name)} is played as set-up: a chosen case needs its answer\n`,
    );
  }
  return chosen;
}

export function noteLeftOut(tape: string, { cases, kept }: { readonly cases: number; readonly kept: number }): void {
  if (cases === kept) return;
  process.stderr.write(
    `note  ${cases - kept} of ${cases} cases say what others say and are left out: wiretape dedupe ${tape}\n`,
  );
}

function noteUnparsed(count: number): void {
  if (count === 0) return;
  const streams =
    count === 1 ? '1 raw stream is no test case and is' : `${count} raw streams are no test cases and are`;
  process.stderr.write(`note  ${streams} left out\n`);
}

function noCases(tape: string, cases: readonly TestCase[]): WiretapeError {
  const skipped = cases.filter((each) => !isSent(each)).slice(0, 5);
  return new WiretapeError('NO_CASES', `${tape} and the filters leave no inbound exchange to send`, {
    seen: skipped.map(
      (each) => `exchange ${each.id}  ${visibleLine(each.name)}: ${'detail' in each ? each.detail : ''}`,
    ),
    remedy: [`See what is there:  wiretape ls ${tape}`, 'Or give other filters: --include, --exclude, --session'],
  });
}
