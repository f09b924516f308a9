/**
 * Rules for the places that drift: as wide as they drifted and no wider. A rule for every element of a list, or for every
 * case of an endpoint, is given only where all of them drifted; one that would silence a place that did not is refused.
 * Pure.
 */
import { viewBody } from '../../tape/body/view';
import { JsonNumber, type JsonValue } from '../../tape/json/json';
import { parseFilterPattern, subjectOf, subjectPasses } from '../../tape/model/filter';
import { coversPath, formatPath, type Path, parsePath, parsePathPattern } from '../../tape/model/path';
import { isSent, type TestCase } from '../cases/cases';
import { turnsOf } from '../cases/turns';
import { visitResponse } from '../correlate/leaves';
import { placeOf } from '../judge/context';
import { everyElement } from '../report/report';
import type { Drift, Drifts, Refusal } from './drift';

export interface LearnedRule {
  readonly path: string;
  /** A filter. */
  readonly match: string;
  /** As a noise file has it: `order: any`, `tolerance: 5%`; null where anything may stand there. */
  readonly allows: string | null;
  readonly evidence: Evidence;
}

export interface Evidence {
  readonly recorded: JsonValue;
  readonly given: readonly JsonValue[];
  readonly caseIds: readonly string[];
}

export interface Learned {
  readonly rules: readonly LearnedRule[];
  readonly refused: readonly Refusal[];
}

/** `cases` are those that were run. */
export function learnRules(cases: readonly TestCase[], { drifts, refused }: Drifts): Learned {
  const board = new Board(cases, drifts);
  const rules: LearnedRule[] = [];
  const more: Refusal[] = [];
  const open = new Set(drifts);
  for (const drift of drifts) {
    if (!open.has(drift)) continue;
    const candidate = candidatesFor(drift, board).find((each) => board.silenced(each).length === 0);
    if (candidate === undefined) {
      open.delete(drift);
      more.push(board.refusal(drift));
      continue;
    }
    const covered = board.coveredBy(candidate).filter((each) => open.has(each));
    for (const each of covered) open.delete(each);
    rules.push({ ...candidate, evidence: evidenceOf(covered), allows: allowanceFor(covered) });
  }
  return { rules, refused: [...refused, ...more] };
}

type Candidate = Pick<LearnedRule, 'path' | 'match'> & { readonly isOrder: boolean };

/** Wide ones first. */
function candidatesFor(drift: Drift, board: Board): readonly Candidate[] {
  const { endpoint, target } = board.matchesOf(drift.caseId);
  const paths = [...new Set([everyElement(drift.path), drift.path])];
  const matches = [...new Set([endpoint, target])];
  const isOrder = drift.kind === 'reordered';
  return matches.flatMap((match) => paths.map((path) => ({ path, match, isOrder })));
}

/** What drifted and what stands where, by case. */
class Board {
  private readonly byId: ReadonlyMap<string, TestCase>;
  private readonly placesById = new Map<string, readonly Path[]>();

  constructor(
    cases: readonly TestCase[],
    private readonly drifts: readonly Drift[],
  ) {
    this.byId = new Map(cases.filter(isSent).map((test) => [test.id, test]));
  }

  /** Filters for the case: its endpoint, and only what asks for the same thing. */
  matchesOf(caseId: string): { readonly endpoint: string; readonly target: string } {
    const test = this.byId.get(caseId);
    const [verb = '*', template = '/**'] = (test?.name.split(' -> ')[0] ?? '').split(' ');
    const { target } = test === undefined ? { target: null } : subjectOf(test.stored.exchange);
    const host = template.startsWith('/') ? '*' : '';
    const exact = (target ?? template).split(/[?#]/)[0] ?? template;
    return {
      endpoint: filterText(verb, host + template.replace(/\{[^}]*\}/g, '*')),
      target: filterText(verb, host + exact),
    };
  }

  coveredBy({ path, match, isOrder }: Candidate): readonly Drift[] {
    const ids = new Set(this.casesOf(match).map(({ id }) => id));
    const pattern = parsePathPattern(path);
    const isAlike = ({ kind }: Drift) => (kind === 'reordered') === isOrder;
    return this.drifts.filter(
      (each) => isAlike(each) && ids.has(each.caseId) && coversPath(pattern, parsePath(each.path)),
    );
  }

  /** Places that did not drift and that the rule would leave unwatched, as `case path`. */
  silenced(candidate: Candidate): readonly string[] {
    if (candidate.isOrder) return []; // the elements are still compared
    const drifted = new Set(this.coveredBy(candidate).map(({ caseId, path }) => `${caseId} ${path}`));
    const pattern = parsePathPattern(candidate.path);
    const standing = this.casesOf(candidate.match).flatMap(({ id }) =>
      this.placesOf(id)
        .filter((path) => coversPath(pattern, path))
        .map((path) => `${id} ${formatPath(path)}`),
    );
    return standing.filter((place) => !drifted.has(place));
  }

  refusal({ caseId, path }: Drift): Refusal {
    const { target } = this.matchesOf(caseId);
    const [other = ''] = this.silenced({ path, match: target, isOrder: false });
    return { caseId, path, why: `a rule would also silence exchange ${other.split(' ')[0]}, where it did not drift` };
  }

  private casesOf(match: string): readonly TestCase[] {
    const include = [parseFilterPattern(match)];
    return [...this.byId.values()].filter((test) => subjectPasses(subjectOf(test.stored.exchange), { include }));
  }

  private placesOf(caseId: string): readonly Path[] {
    const test = this.byId.get(caseId);
    const known = this.placesById.get(caseId);
    if (known !== undefined || test === undefined || !isSent(test)) return known ?? [];
    const places: Path[] = [];
    for (const turn of turnsOf([test])) {
      visitResponse(turn.response, viewBody(turn.response.headers, turn.response.body), ({ path }) =>
        places.push([...placeOf({ test: turn }, path)]),
      );
    }
    this.placesById.set(caseId, places);
    return places;
  }
}

/** What the filter grammar has no signs for is any sign. */
function filterText(verb: string, place: string): string {
  return `${/^[A-Za-z-]+$/.test(verb) ? verb : '*'} ${place.replace(/\s+/g, '*')}`;
}

function evidenceOf(drifts: readonly Drift[]): Evidence {
  const [first] = drifts;
  return {
    recorded: first?.recorded ?? null,
    given: first?.given ?? [],
    caseIds: [...new Set(drifts.map(({ caseId }) => caseId))],
  };
}

/** Hundredths that people would write; a number that moves further than the last is not bounded. */
const tolerances = [1, 2, 5, 10, 20, 50];

function allowanceFor(drifts: readonly Drift[]): string | null {
  if (drifts.every(({ kind }) => kind === 'reordered')) return 'order: any';
  const moves = drifts.flatMap(({ recorded, given }) => given.map((value) => relativeMove(recorded, value)));
  const most = Math.max(...moves) * 100 * 2; // the next run goes a little further
  const bound = tolerances.find((percent) => most <= percent * (1 + 1e-9)); // doubles are rounded
  return bound === undefined ? null : `tolerance: ${bound}%`;
}

/** Infinite for what are no two numbers, or a number that was 0. */
function relativeMove(recorded: JsonValue, given: JsonValue): number {
  const [from, to] = [numberOf(recorded), numberOf(given)];
  return from === 0 || Number.isNaN(from) || Number.isNaN(to) ? Number.POSITIVE_INFINITY : Math.abs(to / from - 1);
}

function numberOf(value: JsonValue): number {
  return value instanceof JsonNumber ? Number(value.source) : typeof value === 'number' ? value : Number.NaN;
}
