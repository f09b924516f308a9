/** `wiretape noise learn`: replays a tape several times against one build; what differs between the runs becomes rules. */
import { existsSync } from 'node:fs';
import type { CommandModule } from 'yargs';
import { driftsIn, type Refusal } from '../replayer/learn/drift';
import { type Learned, learnRules } from '../replayer/learn/rules';
import { learnedLines, withLines } from '../replayer/learn/text';
import { writeNoiseFile } from './noise-file';
import { tapeArgument, usage } from './options';
import { readText } from './replay-options';
import { type BuildArguments, buildOptions, runsOfBuild } from './runs-of-build';
import { visibleLine } from './terminal';

interface Arguments extends BuildArguments {
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
        runs: { type: 'number', default: 3, describe: 'how often to replay' },
        out: { type: 'string', describe: 'the noise file; default: TAPE with .noise.yaml in place of .tape' },
        ...buildOptions,
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
  const { cases, runs } = await runsOfBuild(given, { runs: args.runs, calls: 'ignore' });
  process.exitCode = tell(learnRules(cases, driftsIn(runs)), { file, runs: runs.length });
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
