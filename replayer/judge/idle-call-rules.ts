/** Noise rules about calls of a build, and about places in them, that excused nothing in a run, or speak of nothing on a tape. */
import { isJsonObject, type JsonValue } from '../../tape/json/json';
import { coversPath, type Path } from '../../tape/model/path';
import type { OutgoingCall } from '../mocks/calls';
import { requestValue } from '../mocks/match/request-value';
import type { Mock } from '../mocks/mock';
import type { NoiseRule } from '../noise/rules';
import type { CaseResult } from '../report/report';
import { fitsCall } from './call-keys';

/** What a run with mocks leaves to say of them. */
export interface CallsSeen {
  readonly made: readonly OutgoingCall[];
  readonly mocks: readonly Mock[];
}

export function isAboutCalls(rule: NoiseRule): boolean {
  return rule.in !== 'response';
}

/** The names of rules that excused something in calls. */
export function usedInCalls({ made }: CallsSeen, results: readonly CaseResult[]): ReadonlySet<string> {
  const excuses = [...made, ...results].flatMap(({ excused }): readonly { rule: string }[] => excused);
  return new Set(excuses.map(({ rule }) => rule));
}

/** Why a rule about calls excused nothing. */
export function whyIdleInCalls(rule: NoiseRule, mocks: readonly Mock[]): string {
  const otherwise = rule.in === 'call' ? 'they are made as recorded' : 'nothing differs there, or not within it';
  return whyDeadInCalls(rule, mocks) ?? otherwise;
}

/** Null where something on the tape is what it speaks of. */
export function whyDeadInCalls(rule: NoiseRule, mocks: readonly Mock[]): string | null {
  const fitting = mocks.filter((mock) => fitsCall(rule, mock));
  if (fitting.length === 0) return 'its match fits no recorded call';
  if (rule.in === 'call' || fitting.some((mock) => hasPlace(rule, mock))) return null;
  return 'no recorded call has such a place';
}

/** What is in messages is not looked into: calls of gRPC are read there by schemas that a run has. */
function hasPlace({ path: pattern }: NoiseRule, { request }: Mock): boolean {
  if (pattern[0] === 'message') return true;
  const named = (root: string, fields: HttpRequest['headers']): boolean =>
    fields.some(([name]) => coversPath(pattern, [root, name.toLowerCase()]));
  if (named('header', request.headers) || named('trailer', request.trailers)) return true;
  return isIn(requestValue(request).value, [], (path) => coversPath(pattern, path));
}

type HttpRequest = Mock['request'];

function isIn(value: JsonValue, at: Path, isIt: (path: Path) => boolean): boolean {
  if (at.length > 0 && isIt(at)) return true;
  if (Array.isArray(value)) return value.some((item, i) => isIn(item, [...at, i], isIt));
  return isJsonObject(value) && Object.keys(value).some((name) => isIn(value[name] ?? null, [...at, name], isIt));
}
