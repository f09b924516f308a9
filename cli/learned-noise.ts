/** Rules that were learned from runs of one build, on their way to a noise file: by `noise learn`, and by `--write-noise`. */
import { existsSync } from 'node:fs';
import type { Options } from 'yargs';
import type { TestCase } from '../replayer/cases/cases';
import type { Refusal } from '../replayer/learn/drift';
import { learnFrom } from '../replayer/learn/learn';
import type { Learned } from '../replayer/learn/rules';
import type { RunToLearnFrom } from '../replayer/learn/teachable';
import { learnedLines, withLines } from '../replayer/learn/text';
import { parseNoiseRules } from '../replayer/noise/rules';
import { writeNoiseFile } from './noise-file';
import { usage } from './options';
import { readText } from './replay-options';
import { count, visibleLine } from './terminal';

export const writeNoiseOption = {
  'write-noise': {
    type: 'string',
    describe: 'a noise file to add rules to, for what differs between the runs of one build; for people to review',
  },
} as const satisfies Record<string, Options>;

interface Learning {
  readonly file: string;
  readonly runs: number;
}

/** Refuses before anything is played what could not be written afterwards. Throws USAGE, BAD_RULE and FILE_UNREADABLE. */
export function requireRuns(file: string | undefined, runs: number, more: string): void {
  if (file === undefined) return;
  if (runs < 2) throw usage('--write-noise with one run: it shows nothing that differs between runs', `Add  ${more}`);
  rulesIn(file);
}

/** What `--write-noise` does after the runs, saying on stderr what was written. */
export function learnInto(file: string, cases: readonly TestCase[], runs: readonly RunToLearnFrom[]): void {
  const learned = learnFrom(cases, runs);
  writeLearned(learned, { file, runs: runs.length });
  process.stderr.write(learnedSummary(learned, { file, runs: runs.length }));
}

/** The lines that were added to the file; [] where there is no rule, and then nothing is written. Throws USAGE, BAD_RULE and FILE_UNREADABLE. */
export function writeLearned({ rules }: Learned, { file, runs }: Learning): readonly string[] {
  const lines = rules.flatMap((rule) => learnedLines(rule, runs));
  if (lines.length === 0) return lines;
  const before = existsSync(file) ? readText(file, 'the noise file') : '';
  const after = withLines(before, lines);
  if (parseNoiseRules(after, file).length !== rulesIn(file) + rules.length) {
    throw usage(`${file} is no list with one rule on each line, so that none can be added`, ['Add by hand:', ...lines]);
  }
  writeNoiseFile(file, after);
  return lines;
}

function rulesIn(file: string): number {
  return existsSync(file) ? parseNoiseRules(readText(file, 'the noise file'), file).length : 0;
}

export function learnedSummary({ rules, refused }: Learned, { file, runs }: Learning): string {
  const written =
    rules.length === 0
      ? 'no place differs that a rule could be for'
      : `wrote ${count(rules.length, 'rule')} to ${visibleLine(file)}: review them, then  --noise ${visibleLine(file)}`;
  return `${runs} runs: ${written}\n${refused.map(refusalLine).join('')}`;
}

function refusalLine({ caseId, path, why }: Refusal): string {
  return `no rule for exchange ${caseId}${path === '' ? '' : ` ${visibleLine(path)}`}: ${why}\n`;
}
