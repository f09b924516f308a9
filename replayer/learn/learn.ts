/** What several runs of one build teach, from their results to the rules for a noise file. Pure. */
import type { TestCase } from '../cases/cases';
import { driftsIn } from './drift';
import { type Learned, learnRules } from './rules';
import { type RunToLearnFrom, teachableIn } from './teachable';

/** `cases` are those that were run, in every one of `runs`. */
export function learnFrom(cases: readonly TestCase[], runs: readonly RunToLearnFrom[]): Learned {
  const teachable = teachableIn(runs);
  const { rules, refused } = learnRules(cases, driftsIn(teachable.runs));
  return { rules, refused: [...teachable.refused, ...refused] };
}
