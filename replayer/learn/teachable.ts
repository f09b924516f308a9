/**
 * Which cases of several runs of one build teach what is noise: those that were answered in every run, by the mocks they were
 * recorded with, and as what they were recorded as. What differs in any other may follow from that, and a rule for it would
 * hide it. Pure.
 */
import { type Difference, isOfCalls } from '../judge/difference';
import type { CaseResult, RunReport } from '../report/report';
import type { Refusal } from './drift';

/** What learning needs of a run. */
export type RunToLearnFrom = Pick<RunReport, 'results' | 'misses' | 'calls'>;

export interface Teachable {
  /** By run, with the differences of answers only. */
  readonly runs: readonly (readonly CaseResult[])[];
  /** The cases that are left out. */
  readonly refused: readonly Refusal[];
}

export function teachableIn(runs: readonly RunToLearnFrom[]): Teachable {
  const left = new Map<string, string>();
  for (const run of runs) {
    const missed = missedIn(run);
    for (const result of run.results) {
      const why = whyNothing(result, missed.get(result.id) ?? null);
      if (why !== null && !left.has(result.id)) left.set(result.id, why);
    }
  }
  const taught = runs.map(({ results }) => results.filter(({ id }) => !left.has(id)).map(withAnswersOnly));
  const isToBeTold = toldOf(runs);
  const refused = [...left].filter(([id]) => isToBeTold.has(id));
  return { runs: taught, refused: refused.map(([caseId, why]) => ({ caseId, path: '', why })) };
}

type Missed = 'its own' | 'maybe its own';

/** The cases of which a call had no mock, and those of which it may have been. */
function missedIn({ misses, calls }: RunToLearnFrom): ReadonlyMap<string, Missed> {
  const open = calls.filter((call) => call.found === 'miss' && call.case === null).flatMap(({ among }) => among);
  const own = misses.flatMap((miss) => miss.case ?? []);
  return new Map([...open.map((id) => [id, 'maybe its own'] as const), ...own.map((id) => [id, 'its own'] as const)]);
}

/** Cases that differ somewhere in some run, or were not answered: of the others there is no rule to miss. */
function toldOf(runs: readonly RunToLearnFrom[]): ReadonlySet<string> {
  const results = runs.flatMap((run) => run.results);
  const isTold = ({ verdict, differences }: CaseResult) => verdict === 'error' || differences.some(isOfAnswer);
  return new Set(results.filter(isTold).map(({ id }) => id));
}

/** Null for a case that may be learned from. */
function whyNothing({ verdict, reason, differences }: CaseResult, missed: Missed | null): string | null {
  if (missed !== null) {
    const whose = missed === 'its own' ? 'a call of it' : 'a call that may be of it';
    return `${whose} had no mock in some run, and what differs may follow from that`;
  }
  if (verdict === 'error') return `it had no answer in some run (${reason})`;
  if (verdict === 'fail' && reason !== null) return `it failed in some run for another reason (${reason})`;
  const other = differences.find(isOfAnotherAnswer);
  if (other !== undefined) return `its answer was another one in some run (${other.path}): that is no noise`;
  if (!differences.some(isOfTheSet)) return null;
  return 'its calls were not those of the recording in some run, and what differs may follow from that';
}

/** Of another status, or of none: an error page says nothing of what drifts in a right answer. */
function isOfAnotherAnswer({ path }: Difference): boolean {
  return path === 'status' || path === 'outcome';
}

/** A call that was made or not, or an order that matters; in header fields of calls nothing is at stake for the answer. */
function isOfTheSet(difference: Difference): boolean {
  return isOfCalls(difference) && !difference.path.includes('.header[');
}

/** Differences of calls, and of accepted values, have no rules. */
function isOfAnswer(difference: Difference): boolean {
  return !isOfCalls(difference) && difference.accepted === undefined;
}

function withAnswersOnly(result: CaseResult): CaseResult {
  return { ...result, differences: result.differences.filter(isOfAnswer) };
}
