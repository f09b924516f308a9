/**
 * Holds what a case gave against its accepted values. The judge has excused nothing at their places: what is the accepted
 * value passes, whatever else stands there is a difference, also what was recorded. Only rules of the user's own noise file
 * may let a value differ from the accepted one. Pure.
 */
import type { FilterSubject } from '../../tape/model/filter';
import { type Path, parsePath } from '../../tape/model/path';
import { compareJson } from '../judge/compare-json';
import { callsRoot, type Difference, type Excuse } from '../judge/difference';
import type { Judgement } from '../judge/judge';
import { type NoiseRule, ruleFor } from '../noise/rules';
import { type Accepted, isSameSide, liveSide, nothing, recordedSide, shownSide } from './accepted';

export interface Holding {
  /** Calls of a build are judged after its answers; no noise rule speaks of them. */
  readonly about: 'answers' | 'calls';
  readonly noise: { readonly rules: readonly NoiseRule[]; readonly subject: FilterSubject } | null;
}

export function heldAgainst(judgement: Judgement, accepted: readonly Accepted[], holding: Holding): Judgement {
  const mine = accepted.filter(({ path }) => path.startsWith(callsRoot) === (holding.about === 'calls'));
  const differences: Difference[] = [];
  const excused: Excuse[] = [...judgement.excused];
  const open = new Set(judgement.differences);
  for (const each of mine) {
    const found = judgement.differences.find((other) => open.has(other) && isAbout(other, each));
    if (found === undefined) {
      if (!isBeyond(each.path, judgement.differences)) differences.push(asRecordedAgain(each));
      continue;
    }
    open.delete(found);
    const rule = excuseOf(found, each, holding);
    if (rule === null) differences.push({ ...found, accepted: expectationOf(each) });
    else excused.push({ path: each.path, cause: rule === each.name ? 'accepted' : 'rule', rule });
  }
  return { differences: [...judgement.differences.filter((each) => open.has(each)), ...differences], excused };
}

/** Of several differences at one place, as cookies have them, the one of the same recorded value. */
function isAbout(difference: Difference, { path, recorded }: Accepted): boolean {
  return difference.path === path && isSameSide(recordedSide(difference), recorded);
}

/** The name of what lets the value stand. */
function excuseOf(found: Difference, each: Accepted, { noise }: Holding): string | null {
  const live = liveSide(found);
  if (isSameSide(live, each.accepted)) return each.name;
  if (noise === null || live.kind === 'hash' || each.accepted.kind === 'hash') return null;
  const names = partsOf(each, found).map(
    ({ path, ...differs }) => ruleFor(noise.rules, { in: 'response', path, subject: noise.subject, differs })?.name,
  );
  const [first] = names;
  return names.every((name) => name !== undefined) ? (first ?? null) : null;
}

/** In what the live value is another than the accepted one, place by place. */
function partsOf(each: Accepted, found: Difference) {
  const path: Path = parsePath(each.path);
  const [expected, actual] = [each.accepted, liveSide(found)].map((side) =>
    side.kind === 'value' ? side.value : undefined,
  );
  if (expected === undefined || actual === undefined) {
    return [{ path, kind: expected === undefined ? 'added' : 'removed', expected, actual }];
  }
  const parts: Pick<Parameters<Parameters<typeof compareJson>[3]>[0], 'path' | 'kind' | 'expected' | 'actual'>[] = [];
  compareJson(expected, actual, [...path], (part) => parts.push(part));
  return parts;
}

function expectationOf({ name: rule, accepted }: Accepted): NonNullable<Difference['accepted']> {
  return accepted.kind === 'nothing' ? { rule } : { rule, value: shownSide(accepted) };
}

/** Nothing differs from the recording there: the build gives the recorded value again. */
function asRecordedAgain(each: Accepted): Difference {
  const { path, recorded } = each;
  const value = shownSide(recorded);
  const whole = recorded.kind === 'hash' ? { whole: { expected: recorded.sha256, actual: recorded.sha256 } } : {};
  const kind = recorded.kind === nothing.kind ? 'removed' : 'unchanged';
  return { path, kind, expected: value, actual: value, ...whole, accepted: expectationOf(each) };
}

/** True for a place within what is gone, or behind a message that did not come: of it nothing is known. */
function isBeyond(path: string, differences: readonly Difference[]): boolean {
  return differences.some(({ path: other, kind }) => {
    const isWithin = path.startsWith(`${other}.`) || path.startsWith(`${other}[`);
    if (isWithin && kind !== 'added') return true; // a message that is new has the number of one that is recorded
    return kind === 'removed' && /^message\[\d+\]$/.test(other) && path.startsWith('message[');
  });
}
