/** `wiretape replay`: sends the inbound exchanges of a tape to a build and judges its answers. */

import type { CommandModule } from 'yargs';
import { WiretapeError } from '../errors/wiretape-error';
import { casesFrom, countOfUnparsed, isSent, type TestCase } from '../replayer/cases/cases';
import { withSetUp } from '../replayer/correlate/set-up';
import { recordedCalls } from '../replayer/report/calls';
import type { CaseResult } from '../replayer/report/report';
import { runSuite } from '../replayer/run';
import { type ExchangeFilter, passesFilter } from '../tape/model/filter';
import { openReader } from '../tape/store/registry';
import { onlyCalls } from './around-cases';
import { interruptible } from './interruptible';
import { readServed, sessionOnly } from './mock-options';
import { requireSession } from './on-tape';
import { type FilterArguments, filterFrom, filterOptions, jsonOption, tapeArgument } from './options';
import { type ProtoArguments, protoFilesFrom, protoOptions } from './proto-options';
import {
  conditionsFrom,
  type PlayArguments,
  type ReplayArguments,
  redactionFrom,
  refuseIdleTrust,
  replayOptions,
  suiteOptionsFrom,
} from './replay-options';
import { reportOutcome } from './replay-outcome';
import { reportsFrom, wantsPage } from './report-files';
import { contestedLines, cutShortLines } from './session-notes';
import { allTargets, targetOptions, targetsFrom } from './targets';
import { isInteractive, visibleLine } from './terminal';

interface Arguments extends FilterArguments, ReplayArguments, ProtoArguments {
  readonly tape: string;
  readonly target: readonly string[];
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
      ) as never,
  handler: replay,
};

async function replay(args: Arguments): Promise<void> {
  const startedAtMs = Date.now();
  const reports = reportsFrom(args, process.env);
  const conditions = conditionsFrom(args);
  const { cases, run } = await againstTargets(args, args.target);
  const options = { ...run, keepAnswers: wantsPage(reports) };
  reports.githubLog?.hold();
  const outcome = await interruptible((signal) => {
    const onResult = progress(cases.length);
    return runSuite(cases, { ...options, signal, ...(onResult === null ? {} : { onResult }) });
  });
  const { tape, json, allowSkipped } = args;
  const calls = wantsPage(reports) ? recordedCalls(await readServed(sessionOnly(args))) : noCalls;
  process.exitCode = await reportOutcome([{ ...outcome, surroundings: onlyCalls(calls) }], {
    tape,
    cases,
    noise: options.noise,
    allowed: { skipped: allowSkipped, flaky: false },
    json,
    reports,
    conditions,
    unattributed: null,
    startedAtMs,
    target: options.target,
    mocks: null,
  });
}

/** The cases, and what a run of them takes, for builds that are up already. Throws USAGE, NO_CASES and errors of files. */
export async function againstTargets(
  args: FilterArguments & PlayArguments & ProtoArguments & { readonly tape: string },
  target: readonly string[],
) {
  const surroundings = { cwd: process.cwd(), env: process.env };
  const settings = suiteOptionsFrom(args, surroundings);
  const cases = await readCases(args);
  const targets = targetsFrom(target, cases);
  refuseIdleTrust(args, allTargets(targets));
  const stored = cases.map((each) => each.stored);
  return { cases, run: { ...settings, ...redactionFrom(args, stored, surroundings), ...targets } };
}

const noCalls: ReturnType<typeof recordedCalls> = new Map();

/** The cases of the tape that pass the filter. Throws NO_CASES where none of them can be sent. */
export async function readCases(
  args: FilterArguments & ProtoArguments & { readonly tape: string },
): Promise<readonly TestCase[]> {
  const given = protoFilesFrom(args);
  const tape = await openReader(args.tape, given);
  try {
    await requireSession(tape, args.session, args.tape);
    const { session } = args;
    const sessions = await tape.sessions();
    const meant = session === undefined ? {} : { session };
    for (const line of [...cutShortLines(sessions, meant), ...contestedLines(sessions, meant, given)]) {
      process.stderr.write(`note  ${line}\n`);
    }
    const filter = filterFrom(args, 'inbound');
    const { include, ...others } = filter;
    const exchanges = await Array.fromAsync(tape.exchanges(others));
    const cases = chosenFrom(casesFrom(exchanges), filter);
    noteUnparsed(countOfUnparsed(exchanges.filter(({ exchange }) => passesFilter(exchange, filter))));
    if (!cases.some(isSent)) throw noCases(args.tape, cases);
    return cases;
  } finally {
    await tape.close();
  }
}

/** What `--include` takes, and what that cannot do without: excluded ones are left out even then. */
function chosenFrom(cases: readonly TestCase[], filter: ExchangeFilter): readonly TestCase[] {
  const isChosen = ({ stored }: TestCase) => passesFilter(stored.exchange, filter);
  const chosen = withSetUp(cases, isChosen);
  const added = chosen.filter(({ setUp }) => setUp === true);
  for (const { id, name } of added) {
    process.stderr.write(
      `note  exchange ${id}  ${visibleLine(name)} is played as set-up: a chosen case needs its answer\n`,
    );
  }
  return chosen;
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

/** One line on a terminal that counts; null where nobody watches. */
export function progress(total: number): ((result: CaseResult) => void) | null {
  if (!isInteractive(process.stderr)) return null;
  let done = 0;
  let bad = 0;
  let drawnAt = 0;
  return (result) => {
    done++;
    if (result.verdict === 'fail' || result.verdict === 'error') bad++;
    const now = Date.now();
    if (done < total && now - drawnAt < 100) return;
    drawnAt = now;
    const text = `replaying ${done}/${total}${bad > 0 ? `, ${bad} not equal` : ''}`;
    process.stderr.write(done === total ? '\r\u001b[K' : `\r\u001b[K${text}`);
  };
}
