/** `wiretape noise ls|add|rm`: shows the rules of a noise file, and changes it by one rule, keeping everything else. */
import { existsSync, writeFileSync } from 'node:fs';
import type { CommandModule } from 'yargs';
import { cannotWrite } from '../errors/cannot-write';
import { deadRules } from '../replayer/judge/idle-rules';
import { withLines, withoutRule } from '../replayer/learn/text';
import { mocksFrom } from '../replayer/mocks/mock';
import { allowanceKeys } from '../replayer/noise/allowance';
import { ruleLine } from '../replayer/noise/rule-line';
import { type NoiseRule, type NoiseSide, noiseSides, parseNoiseRules } from '../replayer/noise/rules';
import { readServed } from './mock-options';
import { usage } from './options';
import { withCases } from './replay';
import { readText } from './replay-options';
import { visibleLine } from './terminal';

const fileArgument = { type: 'string', demandOption: true, describe: 'the noise file' } as const;

interface LsArguments {
  readonly file: string;
  readonly tape?: string;
}

export const noiseLsCommand: CommandModule<object, LsArguments> = {
  command: 'ls <file>',
  describe: 'list the rules of a noise file, and which of them speak of nothing on a tape',
  builder: (yargs) =>
    yargs
      .usage(
        'wiretape noise ls FILE [--tape TAPE]\n\nLists the rules. With a tape, says which of them speak of nothing there.',
      )
      .positional('file', fileArgument)
      .options({ tape: { type: 'string', describe: 'the tape the rules are for' } })
      .example('wiretape noise ls shop.noise.yaml --tape shop.tape', 'with a warning for each dead rule') as never,
  handler: async ({ file, tape }) => {
    const rules = rulesIn(file);
    for (const rule of rules) process.stdout.write(`${visibleLine(lineFor(rule))}\n`);
    if (tape === undefined) return;
    const { mocks } = mocksFrom(await readServed({ tape }));
    const dead = await withCases({ tape }, (cases) => deadRules(rules, { cases, mocks }));
    process.stderr.write(dead.map((line) => `${line}\n`).join(''));
    if (dead.length > 0) process.exitCode = 1;
  },
};

function lineFor({ name, in: side, pathText, match, allows, because }: NoiseRule): string {
  const where = match === null ? '' : `  ${match.text}`;
  const how = allows.kind === 'anything' ? '' : `  ${allows.kind}`;
  return `${name}  ${[side, pathText].join(' ').trimEnd()}${where}${how}  ${because.trim()}`;
}

interface AddArguments {
  readonly file: string;
  readonly path?: string;
  readonly because: string;
  readonly in: NoiseSide;
  readonly match?: string;
  readonly allow?: string;
}

export const noiseAddCommand: CommandModule<object, AddArguments> = {
  command: 'add <file>',
  describe: 'add a rule at the end of a noise file',
  builder: (yargs) =>
    yargs
      .usage(
        'wiretape noise add FILE --path PATH --because TEXT\n       wiretape noise add FILE --in call --match FILTER --because TEXT',
      )
      .positional('file', fileArgument)
      .options({
        path: { type: 'string', describe: 'the place, such as body.items[*].at; none for whole calls' },
        because: { type: 'string', demandOption: true, describe: 'why it may differ' },
        in: {
          choices: noiseSides,
          default: 'response',
          describe: 'answers, requests of the build, or whether it makes a call',
        },
        match: { type: 'string', describe: "only in exchanges that match 'METHOD host/path'" },
        allow: { type: 'string', describe: `how far: ${allowanceKeys.map((key) => `'${key}: …'`).join(', ')}` },
      })
      .example(
        "wiretape noise add shop.noise.yaml --path body.tags --allow 'order: any' --because 'a set'",
        '',
      ) as never,
  handler: ({ file, path, because, in: side, match, allow }) => {
    const before = existsSync(file) ? readText(file, 'noise add') : '';
    const line = ruleLine({ in: side, path: path ?? null, match: match ?? null, allows: allow ?? null, because });
    const after = withLines(before, [line]);
    const count = parseNoiseRules(before, file).length;
    if (parseNoiseRules(after, file).length !== count + 1) {
      throw usage(`${file} is no list with one rule on each line, so that none can be added`, `Add by hand:  ${line}`);
    }
    writeNoiseFile(file, after);
    process.stdout.write(`${visibleLine(line)}\n`);
  },
};

interface RmArguments {
  readonly file: string;
  readonly line: string;
}

export const noiseRmCommand: CommandModule<object, RmArguments> = {
  command: 'rm <file> <line>',
  describe: 'take a rule out of a noise file',
  builder: (yargs) =>
    yargs
      .usage('wiretape noise rm FILE LINE\n\nTakes out the rule that begins in the line, and the comment above it.')
      .positional('file', fileArgument)
      .positional('line', { type: 'string', demandOption: true, describe: 'the number after FILE: in reports' })
      .example('wiretape noise rm shop.noise.yaml 3', 'the rule that reports call shop.noise.yaml:3') as never,
  handler: ({ file, line }) => {
    const rule = rulesIn(file).find(({ lines }) => String(lines.from) === line);
    if (rule === undefined)
      throw usage(`No rule begins in line ${line} of ${file}`, `See them:  wiretape noise ls ${file}`);
    writeNoiseFile(file, withoutRule(readText(file, 'noise rm'), rule.lines));
    process.stdout.write(`${visibleLine(lineFor(rule))}\n`);
  },
};

function rulesIn(file: string): readonly NoiseRule[] {
  return parseNoiseRules(readText(file, 'noise ls'), file);
}

/** Throws FILE_UNREADABLE where it cannot be written. */
export function writeNoiseFile(file: string, text: string): void {
  try {
    writeFileSync(file, text, { mode: 0o600 });
  } catch (cause) {
    throw cannotWrite(file, cause, 'Name a file in a folder that exists and that you may write to');
  }
}
