/** Noise rules that excused nothing in a run: each is a place nobody watches any more, or never was one. */
import { viewBody } from '../../tape/body/view';
import { subjectOf } from '../../tape/model/filter';
import { coversPath, parsePath } from '../../tape/model/path';
import { isSent, type TestCase, type Turn } from '../cases/cases';
import { turnsOf } from '../cases/turns';
import { visitResponse } from '../correlate/leaves';
import { fits, type NoiseRule } from '../noise/rules';
import type { CaseResult } from '../report/report';
import { placeOf } from './context';
import { isOfCalls } from './difference';

/** One warning a rule. Rules about requests are for mocks, which report their own. */
export function idleRules(
  rules: readonly NoiseRule[],
  results: readonly CaseResult[],
  cases: readonly TestCase[],
): readonly string[] {
  const used = new Set(results.flatMap((result) => result.excused.map((excuse) => excuse.rule)));
  const idle = rules.filter((rule) => rule.in === 'response' && !used.has(rule.name));
  return idle.map(
    (rule) => `noise rule ${rule.name} excused nothing: ${whyIdle(rule, results, cases)} (${rule.pathText})`,
  );
}

/** Rules about answers that speak of nothing on the tape, whatever a build answers: a warning each. */
export function deadRules(rules: readonly NoiseRule[], cases: readonly TestCase[]): readonly string[] {
  return rules
    .filter((rule) => rule.in === 'response')
    .flatMap((rule) => {
      const why = whyDead(rule, cases);
      return why === null ? [] : [`noise rule ${rule.name} speaks of nothing on the tape: ${why} (${rule.pathText})`];
    });
}

function whyDead(rule: NoiseRule, cases: readonly TestCase[]): string | null {
  const fitting = fittingCases(rule, cases);
  if (fitting.length === 0) return 'its match fits no case';
  return fitting.some((test) => hasPlace(rule, test)) ? null : 'no recorded answer has such a place';
}

function fittingCases(rule: NoiseRule, cases: readonly TestCase[]): readonly TestCase[] {
  return cases.filter((test) => fits(rule, subjectOf(test.stored.exchange)));
}

function whyIdle(rule: NoiseRule, results: readonly CaseResult[], cases: readonly TestCase[]): string {
  const ids = new Set(fittingCases(rule, cases).map((test) => test.id));
  const differing = results.filter(({ id }) => ids.has(id)).flatMap(({ differences }) => differences);
  const ofAnswers = differing.filter((each) => !isOfCalls(each));
  if (ofAnswers.some(({ path }) => coversPath(rule.path, parsePath(path))))
    return 'what differs there is not within it';
  return whyDead(rule, cases) ?? 'nothing differs there';
}

function hasPlace(rule: NoiseRule, test: TestCase): boolean {
  return isSent(test) && turnsOf([test]).some((turn) => hasPlaceIn(rule, turn));
}

function hasPlaceIn(rule: NoiseRule, turn: Turn): boolean {
  if (rule.path[0] === 'status') return true;
  const { response } = turn;
  let found = false;
  visitResponse(response, viewBody(response.headers, response.body), (leaf) => {
    const path = placeOf({ test: turn }, leaf.path);
    found ||= path.some((_, i) => coversPath(rule.path, path.slice(0, i + 1)));
  });
  return found || response.headers.some(([name]) => coversPath(rule.path, ['header', name.toLowerCase()]));
}
