/** `wiretape accept`: differences of a replay, shown as a diff, become what is expected from now on. The tape stays as it is. */
import type { CommandModule } from 'yargs';
import type { WiretapeError } from '../errors/wiretape-error';
import { type Choice, isChosen, type Offered, offered } from '../replayer/accept/choose';
import { parseReport, type ReadResult, readResults, resultsOf } from '../replayer/accept/report-file';
import { steadyIn } from '../replayer/accept/steady';
import type { TestCase } from '../replayer/cases/cases';
import { type CallPolicy, callPolicies } from '../replayer/judge/outgoing-calls';
import { parsePathPattern } from '../tape/model/path';
import { isWhole } from './accepted-values';
import { differenceLines } from './difference-lines';
import { tapeArgument, usage } from './options';
import { pruneAccepted } from './prune-accepted';
import { withCases } from './replay';
import { readText, runsFrom } from './replay-options';
import { type BuildArguments, buildOptions, withRunsOfBuild } from './runs-of-build';
import { colorsFor, count, printLines, visibleLine } from './terminal';
import { writeAccepted } from './write-accepted';

interface Arguments extends BuildArguments {
  readonly from?: string;
  readonly runs: number;
  readonly calls: CallPolicy;
  readonly case?: readonly string[];
  readonly path?: readonly string[];
  readonly all: boolean;
  readonly because?: string;
  readonly dryRun: boolean;
  readonly prune: boolean;
  readonly makesAccepted?: boolean;
}

export const acceptCommand: CommandModule<object, Arguments> = {
  command: 'accept <tape>',
  describe: 'accept differences of a replay as what is expected from now on, in a file for people to review',
  builder: (yargs) =>
    yargs
      .usage(
        'wiretape accept TAPE --target URL\nwiretape accept TAPE --from REPORT\nwiretape accept TAPE -- COMMAND ...\nwiretape accept TAPE --prune\n\nShows the differences of a replay as a diff. Those that are chosen are written to a file beside the tape, which replay, test and generate hold answers against from then on: another value is a difference, the recorded one too. The tape stays as it is.',
      )
      .positional('tape', tapeArgument)
      .options({
        from: { type: 'string', describe: 'the document of --json that replay or test wrote, in the place of a run' },
        all: { type: 'boolean', default: false, describe: 'accept all differences' },
        case: { type: 'string', array: true, describe: 'accept differences of this case, by its id; repeatable' },
        path: {
          type: 'string',
          array: true,
          describe: 'accept differences at this place, such as body.items[*].price; repeatable',
        },
        because: { type: 'string', describe: 'why they are right: for who reviews the file' },
        'dry-run': { type: 'boolean', default: false, describe: 'show what would be accepted, and write nothing' },
        prune: {
          type: 'boolean',
          default: false,
          describe:
            'take out accepted values that speak of nothing on the tape any more, shown as a diff; plays nothing',
        },
        runs: { type: 'number', default: 1, describe: 'how often to replay; what differs between the runs is refused' },
        calls: { choices: callPolicies, default: 'set' as const, describe: 'how the calls of COMMAND are judged' },
        ...buildOptions,
      })
      .example('wiretape accept shop.tape --from report.json', 'what a replay found, case by case')
      .example(
        "wiretape accept shop.tape --from report.json --path 'body.items[*].price' --because 'prices include tax'",
        'one change of the build, in all cases',
      )
      .example(
        "wiretape accept shop.tape --target http://127.0.0.1:8080 --case 17 --because 'new status'",
        'from a build that is up',
      )
      .example(
        'wiretape accept shop.tape --prune --dry-run',
        'which entries are stale, after a new recording',
      ) as never,
  handler: accept,
};

async function accept(args: Arguments): Promise<void> {
  if (args.prune) return pruneAccepted(args);
  const choice = choiceFrom(args);
  const isAsked = choice.all || choice.cases.length + choice.paths.length > 0;
  if (isAsked && !args.dryRun && args.because === undefined) throw noReason();
  process.exitCode = await withResults({ ...args, makesAccepted: true }, async ({ cases, runs }) => {
    const { results, drifting } = steadyIn(runs);
    const all = offered(results);
    const chosen = all.filter((each) => isChosen(each, choice));
    if (isAsked) refuseIdle(choice, all);
    const shown = isAsked ? chosen : all;
    await printLines(diffLines(shown));
    const silent = [...drifting, ...silentIn(results, choice)];
    process.stderr.write(silent.map((line) => `${visibleLine(line)}\n`).join(''));
    if (!isAsked) {
      process.stderr.write(untouched(all.length));
      return all.length + silent.length === 0 ? 0 : 1;
    }
    const refused = writeAccepted(chosen, args, cases);
    return refused + silent.length === 0 ? 0 : 1;
  });
}

/** Throws USAGE and BAD_RULE. */
function choiceFrom({ all, case: cases = [], path: paths = [] }: Arguments): Choice {
  if (all && cases.length + paths.length > 0) {
    throw usage('--all and --case or --path exclude each other', 'Leave out --all');
  }
  return { all, cases, paths: paths.map(parsePathPattern) };
}

function noReason(): WiretapeError {
  return usage('Nothing says why the new values are right', [
    "Say it for who reviews the file:  --because 'prices include tax'",
    'or only look:  --dry-run',
  ]);
}

interface Found {
  readonly cases: readonly TestCase[];
  readonly runs: readonly (readonly ReadResult[])[];
}

async function withResults<T>(args: Arguments, work: (found: Found) => Promise<T>): Promise<T> {
  const { from, target, calls } = args;
  if (from === undefined) {
    return withRunsOfBuild(args, { runs: runsFrom(args), calls }, ({ cases, runs }) =>
      work({ cases, runs: runs.map(readResults) }),
    );
  }
  if (target !== undefined || args['--'] !== undefined) {
    throw usage('--from is in the place of a run, and a build is given too', 'Leave out the one or the other');
  }
  const about = { fileName: from, tape: args.tape, isWhole: isWhole(args) };
  return withCases(args, (cases) => {
    return work({ cases, runs: [resultsOf(parseReport(readText(from, '--from'), from), cases, about)] });
  });
}

/** What was named and picks nothing is a typing error. */
function refuseIdle({ cases, paths }: Choice, all: readonly Offered[]): void {
  const differing = [...new Set(all.map(({ result }) => result.id))];
  const there = differing.length === 0 ? 'No case differs' : `Cases that differ: ${firstFew(differing)}`;
  const idle = cases.find((id) => !differing.includes(id));
  if (idle !== undefined) throw usage(`--case ${idle} picks no difference`, there);
  const chosen = all.some((each) => isChosen(each, { all: false, cases, paths }));
  if (paths.length > 0 && !chosen) {
    const places = [...new Set(all.map(({ difference }) => difference.path))];
    throw usage('--path picks no difference', `Places that differ: ${firstFew(places)}`);
  }
}

const namesShown = 10;

function firstFew(names: readonly string[]): string {
  const rest = names.length - namesShown;
  return visibleLine(names.slice(0, namesShown).join(', ')) + (rest > 0 ? ` and ${rest} more` : '');
}

function* diffLines(shown: readonly Offered[]): Iterable<string> {
  const styles = colorsFor(process.stdout);
  for (const [result, own] of Map.groupBy(shown, (each) => each.result)) {
    yield `${styles.bold(visibleLine(result.name))}  ${styles.dim(`case ${visibleLine(result.id)}`)}`;
    for (const { difference } of own) yield* differenceLines(difference, styles);
  }
}

/** Cases that were chosen, or all, and of which nothing can be accepted as they were not judged. */
function silentIn(results: readonly ReadResult[], { cases }: Choice): readonly string[] {
  return results
    .filter(({ id, verdict }) => verdict === 'error' && (cases.length === 0 || cases.includes(id)))
    .map(({ id, reason }) => `nothing to accept of case ${id}: it had no answer (${reason})`);
}

function untouched(differences: number): string {
  if (differences === 0) return 'no difference: there is nothing to accept\n';
  return `${count(differences, 'difference')}, none accepted: choose by --case ID, --path PATH or --all\n`;
}
