/**
 * What differs between runs of one build that no cause explains: by case and place, what each run found there. A place
 * that differs from the recording in the same way in every run does not drift: that build is another than was recorded.
 * Pure.
 */
import { type JsonValue, stringifyJson } from '../../tape/json/json';
import type { Difference } from '../judge/difference';
import type { CaseResult } from '../report/report';

/** One place of one case. */
export interface Drift {
  readonly caseId: string;
  readonly path: string;
  readonly kind: Difference['kind'];
  readonly recorded: JsonValue;
  /** What the runs gave that differs, in the order of the runs, each once. */
  readonly given: readonly JsonValue[];
}

/** A difference that is no noise, and why. */
export interface Refusal {
  readonly caseId: string;
  /** '' for the case as a whole. */
  readonly path: string;
  readonly why: string;
}

export interface Drifts {
  readonly drifts: readonly Drift[];
  readonly refused: readonly Refusal[];
}

/** `runs` are results of the same cases against the same build, two or more, as far as they teach anything. */
export function driftsIn(runs: readonly (readonly CaseResult[])[]): Drifts {
  const drifts: Drift[] = [];
  const refused: Refusal[] = [];
  for (const { caseId, path, seen } of places(runs)) {
    const found = seen.filter((each) => each !== null);
    const [first] = found;
    if (first === undefined) continue;
    const why = whyNoNoise(seen);
    if (why !== null) refused.push({ caseId, path, why });
    else drifts.push({ caseId, path, kind: first.kind, recorded: first.expected, given: distinct(found) });
  }
  return { drifts, refused };
}

interface Place {
  readonly caseId: string;
  readonly path: string;
  /** By run; null where nothing differed, or a cause explains it. */
  readonly seen: readonly (Difference | null)[];
}

function places(runs: readonly (readonly CaseResult[])[]): readonly Place[] {
  const judged = runs.map((results) => new Map(results.filter(isJudged).map((result) => [result.id, result])));
  const ids = [...new Set(judged.flatMap((run) => [...run.keys()]))];
  return ids.flatMap((caseId) => {
    const results = judged.flatMap((run) => run.get(caseId) ?? []);
    const paths = new Set(results.flatMap(({ differences }) => differences.map(({ path }) => path)));
    return [...paths].map((path) => ({
      caseId,
      path,
      seen: results.map(({ differences }) => differences.find((each) => each.path === path) ?? null),
    }));
  });
}

function isJudged({ verdict }: CaseResult): boolean {
  return verdict === 'pass' || verdict === 'fail';
}

/** A body longer than this that is one text is a document: nobody would notice what else changes in it. */
const longestValue = 120;

function whyNoNoise(seen: Place['seen']): string | null {
  if (isSteady(seen))
    return 'it differs from the recording in the same way in every run: is it the build that was recorded?';
  const kinds = new Set(seen.flatMap((each) => each?.kind ?? []));
  if (kinds.has('added') || kinds.has('removed'))
    return 'it is there in some runs and not in others: structure is no noise';
  if (kinds.has('type')) return 'its type changes: structure is no noise';
  if (kinds.has('unchanged')) return 'a tag that stays while its body changes is a fault';
  if (kinds.size === 1 && kinds.has('reordered')) return null;
  const values = seen.flatMap((each) => (each === null ? [] : [each.expected, each.actual]));
  return values.every(isShort) ? null : 'a rule would silence a whole document';
}

function isSteady(seen: Place['seen']): boolean {
  const texts = new Set(seen.map((each) => (each === null ? 'as recorded' : stringifyJson(each.actual))));
  return texts.size === 1;
}

function isShort(value: JsonValue): boolean {
  return typeof value === 'string' ? value.length <= longestValue : typeof value !== 'object' || value === null;
}

function distinct(found: readonly Difference[]): readonly JsonValue[] {
  return [...new Map(found.map(({ actual }) => [stringifyJson(actual), actual])).values()];
}
