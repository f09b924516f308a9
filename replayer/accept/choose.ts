/** Which differences of a replay are to be accepted, and which cannot be. Pure. */
import { coversPath, type PathPattern, parsePath } from '../../tape/model/path';
import { callsRoot, type Difference } from '../judge/difference';
import type { Accepted } from './accepted';
import { isSameSide, liveSide, recordedSide, type Side } from './accepted';
import { type Cleaner, cleaned } from './clean';
import type { ReadResult } from './report-file';

export interface Choice {
  readonly all: boolean;
  readonly cases: readonly string[];
  readonly paths: readonly PathPattern[];
}

/** A difference of a case. */
export interface Offered {
  readonly result: ReadResult;
  readonly difference: Difference;
}

export function offered(results: readonly ReadResult[]): readonly Offered[] {
  return results.flatMap((result) => result.differences.map((difference) => ({ result, difference })));
}

/** Cases and paths narrow each other down; of several of one kind any will do. */
export function isChosen({ result, difference }: Offered, { all, cases, paths }: Choice): boolean {
  if (!all && cases.length === 0 && paths.length === 0) return false;
  return (cases.length === 0 || cases.includes(result.id)) && (paths.length === 0 || isCovered(difference, paths));
}

function isCovered({ path }: Difference, patterns: readonly PathPattern[]): boolean {
  if (path.startsWith(callsRoot)) return false;
  const steps = parsePath(path);
  return patterns.some((pattern) => coversPath(pattern, steps));
}

export type Decision =
  | { readonly kind: 'accept'; readonly recorded: Side; readonly accepted: Side; readonly replaces: Accepted | null }
  /** The build gives what was recorded again: nothing else is expected any more. */
  | { readonly kind: 'drop'; readonly entry: Accepted }
  | { readonly kind: 'keep' }
  | { readonly kind: 'refuse'; readonly why: string };

/** What accepting one comes to. `known` are the entries of the file. */
export function decide({ result, difference }: Offered, known: readonly Accepted[], cleaner: Cleaner): Decision {
  const { flaky, missed } = result;
  if (flaky !== undefined) {
    return { kind: 'refuse', why: `the case passed in ${flaky.passed} of ${flaky.runs} runs: learn noise, or mend it` };
  }
  if (missed === true) {
    return { kind: 'refuse', why: 'a call of the case had no mock, and what differs may follow from that' };
  }
  const recordedIs = recordedSide(difference);
  const entry = known.find(
    (each) =>
      each.caseId === result.id &&
      each.path === difference.path &&
      (difference.accepted === undefined
        ? isSameSide(each.recorded, recordedIs)
        : each.name === difference.accepted.rule),
  );
  if (difference.accepted !== undefined && entry === undefined) {
    return { kind: 'refuse', why: `${difference.accepted.rule} says something else by now: replay again` };
  }
  const recorded = entry?.recorded ?? recordedIs;
  const live = cleaned(liveSide(difference), difference, cleaner);
  if (live === null)
    return { kind: 'refuse', why: 'it holds a secret, and without the key of the tape any secret is like it' };
  if (entry !== undefined && isSameSide(live, entry.recorded)) return { kind: 'drop', entry };
  if (entry !== undefined && isSameSide(live, entry.accepted)) return { kind: 'keep' };
  return { kind: 'accept', recorded, accepted: live, replaces: entry ?? null };
}
