/**
 * What to type where a build is right to answer otherwise: the command that makes what differs in a case what is expected from
 * now on. Only for differences that can be accepted, and that are no consequence of something else. Pure.
 */
import type { FinishedRun } from './finished-run';
import { type CaseResult, casesWithMisses } from './report';

/** How differences of a run are accepted. */
export interface Accepting {
  /** `wiretape accept shop.tape --from report.json`, ready for a shell: what follows chooses. */
  readonly command: string;
  /** False where the report that it names was not asked for. */
  readonly isReady: boolean;
}

/** Null for a case of which nothing is to be accepted. */
export function acceptLine(result: CaseResult, run: Pick<FinishedRun, 'report' | 'accepting'>): string | null {
  if (run.accepting === null || !isAcceptable(result, run)) return null;
  return `${run.accepting.command} --case ${result.id} --because '…'`;
}

/** What is to be done before any such line works; null where nothing is, or there is none. */
export function acceptNeeds(run: Pick<FinishedRun, 'report' | 'accepting'>): string | null {
  if (run.accepting === null || run.accepting.isReady) return null;
  const isOffered = run.report.results.some((result) => isAcceptable(result, run));
  return isOffered ? 'to accept differences, run again with --report json=report.json' : null;
}

/**
 * One that passed in another run is no new expectation; what follows from a call without a mock says nothing of the build; and
 * an answer that reports a fault of the server is nothing to expect.
 */
function isAcceptable(
  { id, verdict, flaky, differences }: CaseResult,
  { report }: Pick<FinishedRun, 'report'>,
): boolean {
  if (verdict !== 'fail' || flaky !== undefined || differences.length === 0) return false;
  if (casesWithMisses(report).has(id)) return false;
  return !differences.some(({ path, actual }) => path === 'outcome' || (path === 'status' && Number(actual) >= 500));
}
