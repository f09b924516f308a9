/**
 * The clock: a time may differ only as far as the clock went on between the two runs. What is fixed does not move, and
 * what moved otherwise is a difference, whatever it looks like.
 */
import type { JsonValue } from '../../../tape/json/json';
import { dateText, epochTime, isTimeName, type TimeText, timeText } from '../../noise/shapes';
import { areOfOneFormat } from '../../noise/zones';
import { scalarText } from './cause';
import { clockSlackMs, type Moved, type RunClock, type SpanPair } from './run-clock';

const dayMs = 86_400_000;
/** A count that nothing calls a time is believed to be one this close to the clock of its answer. */
const unnamedReachMs = dayMs;
/** A date further from its answer than this is a birthday or an anniversary: a day more is no clock. */
const dateReachMs = 400 * dayMs;

/** Null where the two are no times of one format. `pair` is of the answers that hold them. */
export function movedTime(
  recorded: JsonValue,
  actual: JsonValue,
  { key, pair }: { readonly key: string | null; readonly pair: SpanPair },
): Moved | null {
  if (typeof recorded !== typeof actual) return null;
  const [left, right] = [readTime(recorded, key, pair), readTime(actual, key, null)];
  if (left === null || right === null || !areOfOneFormat(left, right)) return null;
  const stepMs = isWholeSecond(left) && isWholeSecond(right) ? 1000 : Math.max(left.stepMs, right.stepMs);
  const moved = { recordedMs: left.atMs, deltaMs: right.atMs - left.atMs, stepMs: Math.max(stepMs, left.stepMs) };
  return asTheBuildSays(moved, pair);
}

/**
 * Where the build has a clock of its own, a time of a file or of a service that was let through is by the real one: what moved
 * as that did is told as the build's clock would have it. Dates alone are too coarse to tell the two apart.
 */
function asTheBuildSays(moved: Moved, { recorded, live, shiftMs = 0 }: SpanPair): Moved {
  const expectedMs = (live.fromUs - recorded.fromUs) / 1000;
  const otherMs = moved.deltaMs + shiftMs;
  const isReal = moved.stepMs < dayMs && Math.abs(otherMs - expectedMs) < Math.abs(moved.deltaMs - expectedMs);
  return isReal ? { ...moved, deltaMs: otherMs } : moved;
}

/** A program that cuts its clock to seconds may still print `.000`. */
function isWholeSecond({ atMs }: TimeText): boolean {
  return atMs % 1000 === 0;
}

/** `near` is given for the recorded side, which decides whether a count without a name, or a date, is a time at all. */
function readTime(value: JsonValue, key: string | null, near: SpanPair | null): TimeText | null {
  const text = scalarText(value);
  if (text === null) return null;
  const time = timeText(text);
  if (time !== null) return time;
  const date = dateText(text);
  if (date !== null) return near === null || isNear(date.atMs, dateReachMs, near) ? date : null;
  const epoch = epochTime(text);
  if (epoch === null || near === null) return epoch;
  return (key !== null && isTimeName(key)) || isNear(epoch.atMs, unnamedReachMs, near) ? epoch : null;
}

function isNear(atMs: number, reachMs: number, { recorded }: SpanPair): boolean {
  return atMs > recorded.fromUs / 1000 - reachMs && atMs < recorded.toUs / 1000 + reachMs;
}

/** True where the clock, and nothing else, moved the time. */
export function isClock(moved: Moved, clock: Pick<RunClock, 'explains'>, pair: SpanPair): boolean {
  if (moved.stepMs < dayMs) return clock.explains(moved, pair);
  return daysBetween(pair).has(moved.deltaMs / dayMs);
}

/** By how many days the date of the two answers can differ, in any zone: zones lie quarters of an hour apart. */
function daysBetween({ recorded, live }: SpanPair): ReadonlySet<number> {
  const days = new Set<number>();
  for (let zoneMs = -12 * 3_600_000; zoneMs <= 14 * 3_600_000; zoneMs += 900_000) {
    const day = (atUs: number) => Math.floor((atUs / 1000 + zoneMs) / dayMs);
    for (let d = day(live.fromUs) - day(recorded.toUs); d <= day(live.toUs) - day(recorded.fromUs); d++) days.add(d);
  }
  return days;
}

/**
 * Which of the times that one answer made anew do not fit the others: what was read within one answer keeps its distance
 * and its order, give or take how long the two answers took. Positions in `times`.
 */
export function strayTimes(times: readonly Moved[], pair: SpanPair): readonly number[] {
  const { recorded, live } = pair;
  const own = times.map((each, i) => ({ ...each, i })).filter((each) => isMadeHere(each, pair));
  const spareMs = (recorded.toUs - recorded.fromUs + live.toUs - live.fromUs) / 1000 + 1;
  const expectedMs = (live.fromUs - recorded.fromUs) / 1000;
  const agreeing = agreements(own, spareMs);
  const best = own.reduce<Moved | null>((before, each) => {
    if (before === null) return each;
    const more = agreeing(each) - agreeing(before);
    return more > 0 || (more === 0 && off(each, expectedMs) < off(before, expectedMs)) ? each : before;
  }, null);
  if (best === null) return [];
  const agree = (each: Moved) => Math.abs(each.deltaMs - best.deltaMs) < spareMs + Math.max(each.stepMs, best.stepMs);
  return own.filter((each) => !agree(each)).map(({ i }) => i);
}

/** How many of the times moved as one did. By binary search: an answer may hold a hundred thousand of them. */
function agreements(times: readonly Moved[], spareMs: number): (time: Moved) => number {
  const byStep = Map.groupBy(times, ({ stepMs }) => stepMs);
  const sorted = [...byStep].map(([stepMs, all]) => ({
    stepMs,
    deltas: Float64Array.from(all, ({ deltaMs }) => deltaMs).sort(),
  }));
  return ({ deltaMs, stepMs }) =>
    sorted.reduce((sum, group) => {
      const reachMs = spareMs + Math.max(stepMs, group.stepMs);
      return sum + countBelow(group.deltas, deltaMs + reachMs) - countUpTo(group.deltas, deltaMs - reachMs);
    }, 0);
}

function countBelow(sorted: Float64Array, limit: number): number {
  return firstWhere(sorted, (value) => value >= limit);
}

function countUpTo(sorted: Float64Array, limit: number): number {
  return firstWhere(sorted, (value) => value > limit);
}

/** The position of the first value that is so; those after it are, too. */
function firstWhere(sorted: Float64Array, isSo: (value: number) => boolean): number {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (isSo(sorted[middle] ?? 0)) to = middle;
    else from = middle + 1;
  }
  return from;
}

function off({ deltaMs }: Moved, expectedMs: number): number {
  return Math.abs(deltaMs - expectedMs);
}

/** A time of this very moment or of the future; earlier ones may come from other exchanges, each with its own clock. */
function isMadeHere({ recordedMs, stepMs }: Moved, { recorded }: SpanPair): boolean {
  return stepMs < dayMs && recordedMs > recorded.fromUs / 1000 - stepMs;
}

/**
 * True where both times may have been read in one step of their format, so that they print alike by chance. An answer is made
 * from the begin of its request on. A message has none: it may have been made since what was said before it, `saidBeforeUs`,
 * but no longer before it came than clocks are trusted.
 */
export function mayCoincide(sinceUs: number, stepMs: number, { recorded }: SpanPair, saidBeforeUs?: number): boolean {
  const fromUs = Math.max(saidBeforeUs ?? recorded.fromUs, recorded.fromUs - clockSlackMs * 1000);
  return Math.min(fromUs, recorded.fromUs) - sinceUs <= stepMs * 1000;
}

/** True for a time that is not after its answer: of a file that was put there at some moment before, by the real clock. */
export function isPast(atMs: number, { live, shiftMs = 0 }: SpanPair): boolean {
  return atMs <= live.toUs / 1000 + Math.max(0, -shiftMs) + clockSlackMs;
}
