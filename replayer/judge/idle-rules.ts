/** Noise rules that excused nothing in a run: each is a place nobody watches any more, or never was one. */
import { viewBody } from '../../tape/body/view';
import { subjectOf } from '../../tape/model/filter';
import { coversPath, parsePath } from '../../tape/model/path';
import { isSent, type TestCase, type Turn } from '../cases/cases';
import { turnsOf } from '../cases/turns';
import { visitResponse } from '../correlate/leaves';
import type { Mock } from '../mocks/mock';
import { fits, type NoiseRule } from '../noise/rules';
import type { CaseResult } from '../report/report';
import { placeOf } from './context';
import { isOfCalls } from './difference';
import { type CallsSeen, isAboutCalls, usedInCalls, whyDeadInCalls, whyIdleInCalls } from './idle-call-rules';

export interface Played {
  readonly results: readonly CaseResult[];
  readonly cases: readonly TestCase[];
  /** Null where no mocks were served: of rules about calls nothing can be said then. */
  readonly calls: CallsSeen | null;
  /** Some cases were chosen: a rule that found nothing in them may speak of the others. */
  readonly isPart?: boolean;
}

/** One warning a rule. */
export function idleRules(
  rules: readonly NoiseRule[],
  { results, cases, calls, isPart = false }: Played,
): readonly string[] {
  if (rules.length === 0) return [];
  const used = usedInCalls({ mocks: [], made: [], ...calls }, results);
  const idle = rules.filter((rule) => !used.has(rule.name));
  return idle.flatMap((rule) => {
    if (!isAboutCalls(rule)) {
      const why = whyIdle(rule, results, cases);
      return isPart && why !== notWithin ? [] : warning(rule, 'excused nothing', why);
    }
    if (calls === null) return [];
    const why = isPart ? whyDeadInCalls(rule, calls.mocks) : whyIdleInCalls(rule, calls.mocks); // all mocks are there
    return why === null ? [] : warning(rule, 'excused nothing', why);
  });
}

/** Rules that speak of nothing on the tape, whatever a build does: a warning each. */
export function deadRules(
  rules: readonly NoiseRule[],
  { cases, mocks }: { readonly cases: readonly TestCase[]; readonly mocks: readonly Mock[] },
): readonly string[] {
  return rules.flatMap((rule) => {
    const why = isAboutCalls(rule) ? whyDeadInCalls(rule, mocks) : whyDead(rule, cases);
    return why === null ? [] : warning(rule, 'speaks of nothing on the tape', why);
  });
}

function warning({ name, pathText, match }: NoiseRule, what: string, why: string): readonly string[] {
  return [`noise rule ${name} ${what}: ${why} (${pathText === '' ? match?.text : pathText})`];
}

function whyDead(rule: NoiseRule, cases: readonly TestCase[]): string | null {
  const fitting = fittingCases(rule, cases);
  if (fitting.length === 0) return 'its match fits no case';
  return fitting.some((test) => hasPlace(rule, test)) ? null : 'no recorded answer has such a place';
}

function fittingCases(rule: NoiseRule, cases: readonly TestCase[]): readonly TestCase[] {
  return cases.filter((test) => fits(rule, subjectOf(test.stored.exchange)));
}

const notWithin = 'what differs there is not within it';

function whyIdle(rule: NoiseRule, results: readonly CaseResult[], cases: readonly TestCase[]): string {
  const ids = new Set(fittingCases(rule, cases).map((test) => test.id));
  const differing = results.filter(({ id }) => ids.has(id)).flatMap(({ differences }) => differences);
  const ofAnswers = differing.filter((each) => !isOfCalls(each));
  if (ofAnswers.some(({ path }) => coversPath(rule.path, parsePath(path)))) return notWithin;
  return whyDead(rule, cases) ?? 'nothing differs there';
}

function hasPlace(rule: NoiseRule, test: TestCase): boolean {
  return isSent(test) && turnsOf([test]).some((turn) => hasPlaceIn(rule, turn));
}

function hasPlaceIn(rule: NoiseRule, turn: Turn): boolean {
  if (rule.path[0] === 'status') return true;
  const { response } = turn;
  if (rule.path[turn.at.length] === 'bytes') return response.body.bytes.length > 0;
  let found = false;
  visitResponse(response, viewBody(response.headers, response.body), (leaf) => {
    const path = placeOf({ test: turn }, leaf.path);
    found ||= path.some((_, i) => coversPath(rule.path, path.slice(0, i + 1)));
  });
  return found || response.headers.some(([name]) => coversPath(rule.path, ['header', name.toLowerCase()]));
}
