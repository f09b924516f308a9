/** `wiretape noise learn`: replays a tape several times against one build; what differs between the runs becomes rules. */
import { existsSync } from 'node:fs';
import type { CommandModule } from 'yargs';
import type { TestCase } from '../replayer/cases/cases';
import type { Target } from '../replayer/drive/target';
import { driftsIn, type Refusal } from '../replayer/learn/drift';
import { type Learned, learnRules } from '../replayer/learn/rules';
import { learnedLines, withLines } from '../replayer/learn/text';
import type { CaseResult } from '../replayer/report/report';
import { runSuite, type SuiteOutcome } from '../replayer/run';
import { openAppLog } from './app-log';
import { interruptible } from './interruptible';
import { mockOptions } from './mock-options';
import { writeNoiseFile } from './noise-file';
import { filterOptions, tapeArgument, usage } from './options';
import { protoOptions } from './proto-options';
import { againstTargets, progress } from './replay';
import { playOptions, readText } from './replay-options';
import { interruptedAfter, unreachable } from './replay-outcome';
import { sandboxOptions } from './sandbox-options';
import { targetOptions } from './targets';
import { visibleLine } from './terminal';
import { commandOptions, settingFrom, type TestArguments, testRepeatedly, untilSignalled } from './test-setting';

interface Arguments extends Omit<TestArguments, 'target'> {
  readonly target?: readonly string[];
  readonly runs: number;
  readonly out?: string;
}

export const noiseLearnCommand: CommandModule<object, Arguments> = {
  command: 'learn <tape>',
  describe: 'replay several times against one build, and write rules for what differs between the runs',
  builder: (yargs) =>
    yargs
      .usage(
        'wiretape noise learn TAPE --target URL\nwiretape noise learn TAPE -- COMMAND ...\n\nReplays the tape several times against one build. What differs between the runs, and no cause explains, becomes a rule with its evidence, at the end of a file for people to review.',
      )
      .positional('tape', tapeArgument)
      .options({
        target: { ...targetOptions.target, demandOption: false },
        runs: { type: 'number', default: 3, describe: 'how often to replay' },
        out: { type: 'string', describe: 'the noise file; default: TAPE with .noise.yaml in place of .tape' },
        env: commandOptions.env,
        wait: commandOptions.wait,
        ...sandboxOptions,
        ...mockOptions,
        ...filterOptions,
        ...playOptions,
        ...protoOptions,
      })
      .example('wiretape noise learn shop.tape --target http://127.0.0.1:8080', 'writes shop.noise.yaml')
      .example(
        "wiretape noise learn shop.tape --env 'PORT={port}' -- node server.js",
        'starts the build anew for each run, with mocks',
      ) as never,
  handler: learn,
};

async function learn(args: Arguments): Promise<void> {
  if (!Number.isInteger(args.runs) || args.runs < 2) {
    throw usage(`--runs ${args.runs} shows nothing that differs between runs`, 'Write a whole number from 2 on');
  }
  if (args['--'] === undefined && args.clock === 'recorded') {
    throw usage('--clock recorded is for a COMMAND that is started here', 'Type it last:  -- node server.js');
  }
  const file = args.out ?? `${args.tape.replace(/\.tape$/, '')}.noise.yaml`;
  const given = { ...args, noise: args.noise ?? (existsSync(file) ? file : undefined) };
  const { cases, runs } = args['--'] === undefined ? await againstTarget(given) : await againstBuild(given);
  process.exitCode = tell(learnRules(cases, driftsIn(runs)), { file, runs: runs.length });
}

interface Runs {
  readonly cases: readonly TestCase[];
  readonly runs: readonly (readonly CaseResult[])[];
}

/** Against what is up already. */
async function againstTarget(args: Arguments): Promise<Runs> {
  if (args.target === undefined) throw noBuild();
  const { cases, run } = await againstTargets(args, args.target);
  const runs: (readonly CaseResult[])[] = [];
  await interruptible(async (signal) => {
    while (runs.length < args.runs) {
      const onResult = progress(cases.length);
      const outcome = await runSuite(cases, { ...run, signal, ...(onResult === null ? {} : { onResult }) });
      runs.push(whole(outcome, run.target).report.results);
    }
  });
  return { cases, runs };
}

/** Against a build that is started anew for each run, with mocks of what it calls, as by `wiretape test`. */
async function againstBuild({ target, ...args }: Arguments): Promise<Runs> {
  const [only, ...others] = target ?? [];
  if (others.length > 0) throw usage('--target is given more than once, and there is one COMMAND', 'Give one');
  const log = openAppLog(undefined);
  try {
    const given = { ...args, calls: 'ignore' as const, ...(only === undefined ? {} : { target: only }) };
    const setting = await settingFrom(given, { command: args['--'] ?? [], log, keepAnswers: false });
    const played = await untilSignalled((signal) => testRepeatedly(setting, args.runs, signal));
    const runs = played.map((run) => whole(run.outcome, run.target).report.results);
    return { cases: setting.cases, runs };
  } finally {
    log.close();
  }
}

/** Throws where a run says nothing of the build: it was interrupted, or nobody was there. */
function whole(outcome: SuiteOutcome, target: Target): SuiteOutcome {
  if (outcome.interrupted) throw interruptedAfter(outcome.report, outcome.report.cases);
  if (outcome.unreachable !== null) throw unreachable(outcome, target);
  return outcome;
}

function noBuild() {
  return usage('Nothing says which build to replay against', [
    'Give the address of one that is up:  --target http://127.0.0.1:8080',
    'or type what starts it last:  -- node server.js',
  ]);
}

/** Writes the rules, prints what was written on stdout and the rest on stderr; the exit status. */
function tell({ rules, refused }: Learned, { file, runs }: { readonly file: string; readonly runs: number }): 0 | 1 {
  const lines = rules.flatMap((rule) => learnedLines(rule, runs));
  if (lines.length > 0) {
    writeNoiseFile(file, withLines(existsSync(file) ? readText(file, '--out') : '', lines));
    process.stdout.write(lines.map((line) => `${visibleLine(line)}\n`).join(''));
  }
  const count = `${rules.length} ${rules.length === 1 ? 'rule' : 'rules'}`;
  const written =
    rules.length === 0 ? 'no place differs that a rule could be for' : `wrote ${count} to ${file}: review them`;
  process.stderr.write(`${runs} runs: ${written}\n${refused.map(refusalLine).join('')}`);
  return refused.length === 0 ? 0 : 1;
}

function refusalLine({ caseId, path, why }: Refusal): string {
  return `no rule for exchange ${caseId}${path === '' ? '' : ` ${visibleLine(path)}`}: ${why}\n`;
}
