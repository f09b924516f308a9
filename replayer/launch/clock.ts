/**
 * Which time a build is started at. Its clock then goes on as the real one does; the shift between the two is whole seconds,
 * so that every way to ask for the time tells the same one. Pure.
 */
import { WiretapeError } from '../../errors/wiretape-error';
import { headerValue } from '../../tape/model/body';
import { httpOf } from '../../tape/model/registry';
import type { StoredExchange } from '../../tape/store/tape';
import { isBelievable, recordedSpan } from '../judge/causes/run-clock';

/** `recorded`: the build is started at the time the first case was recorded. */
export const clockKinds = ['real', 'recorded'] as const;
export type ClockKind = (typeof clockKinds)[number];

/**
 * How far the clock of a build that is started now is from the real one, in milliseconds: never before `startAtMs`, for which
 * a token may just have been made, and less than a second after it.
 */
export function shiftTo(startAtMs: number, nowMs: number): number {
  return Math.ceil((startAtMs - nowMs) / 1000) * 1000;
}

/** When the first of some exchanges was recorded; null where none says anything to believe. */
export function firstRecordedMs(recorded: Iterable<StoredExchange>): number | null {
  let first = Number.POSITIVE_INFINITY;
  for (const { exchange } of recorded) {
    const answer = httpOf(exchange)?.response;
    const span = recordedSpan(exchange, headerValue(answer?.headers ?? [], 'date'));
    if (isBelievable(span)) first = Math.min(first, span.fromUs / 1000);
  }
  return first === Number.POSITIVE_INFINITY ? null : first;
}

/**
 * The shift of a build that is started now; null where it is to have the real clock. Throws USAGE where the recording does not
 * say when it was made.
 */
export function shiftFor(kind: ClockKind, recorded: Iterable<StoredExchange>, nowMs: number): number | null {
  if (kind === 'real') return null;
  const firstMs = firstRecordedMs(recorded);
  if (firstMs === null) throw noTime();
  return shiftTo(firstMs, nowMs);
}

function noTime(): WiretapeError {
  return new WiretapeError('USAGE', 'The recording does not say when it was made', {
    remedy: 'Leave the clock as it is:  --clock real',
  });
}

/** Of a whole run, for its reports. */
export const clockSentence = 'the build was started at the time of the recording (--clock recorded)';

/** What is not moved, for whoever reads the output of a run. */
export function clockRemark(shiftMs: number, nowMs: number): string {
  const start = new Date(nowMs + shiftMs).toISOString();
  return `clock: starts at ${start}; times of files and processes, io_uring and programs that read the TSC stay real`;
}
