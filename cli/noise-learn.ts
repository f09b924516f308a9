/** `wiretape noise learn`: replays a tape several times against one build; what differs between the runs becomes rules. */
import { existsSync } from 'node:fs';
import type { CommandModule } from 'yargs';
import { learnFrom } from '../replayer/learn/learn';
import { learnedSummary, writeLearned } from './learned-noise';
import { tapeArgument, usage } from './options';
import { type BuildArguments, buildOptions, withRunsOfBuild } from './runs-of-build';
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
  const file = args.out ?? `${args.tape.replace(/\.tape$/, '')}.noise.yaml`;
  const given = { ...args, noise: args.noise ?? (existsSync(file) ? file : undefined) };
  await withRunsOfBuild(given, { runs: args.runs, calls: 'set' }, async ({ cases, runs }) => {
    const learned = learnFrom(cases, runs);
    const lines = writeLearned(learned, { file, runs: runs.length });
    process.stdout.write(lines.map((line) => `${visibleLine(line)}\n`).join(''));
    process.stderr.write(learnedSummary(learned, { file, runs: runs.length }));
    process.exitCode = learned.refused.length === 0 ? 0 : 1;
  });
}
