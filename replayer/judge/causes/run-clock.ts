/**
 * The time that lies between a recording and its replay, pair of answers by pair. A service reads its clock somewhere
 * between the begin of a request and the end of its answer; so the two readings of one clock are as far apart as the two
 * exchanges, give or take how long they took. State of one run; reads no clock itself.
 */

/** Microseconds since the epoch. */
export interface Span {
  readonly fromUs: number;
  readonly toUs: number;
}

/** A recorded exchange and the one in its place, by the clock of the build. */
export interface SpanPair {
  readonly recorded: Span;
  readonly live: Span;
  /** How far that clock is from the real one, in milliseconds; none where the build has that. */
  readonly shiftMs?: number;
}

/** Two readings of what may be one clock. */
export interface Moved {
  readonly recordedMs: number;
  readonly deltaMs: number;
  /** How far apart two times may be that print alike. */
  readonly stepMs: number;
}

/** The year 2001. Files of other tools may hold no times; then the recorded service says itself what time it was. */
const firstBelievableUs = 978_307_200_000_000;

/** When an exchange was recorded; `date` is that of its answer. */
export function recordedSpan(
  { startedAtUs, durationUs }: { readonly startedAtUs: number; readonly durationUs: number | null },
  date: string | undefined,
): Span {
  return believableSpan({ fromUs: startedAtUs, toUs: startedAtUs + (durationUs ?? 0) }, date);
}

export function isBelievable({ fromUs }: Span): boolean {
  return fromUs >= firstBelievableUs;
}

/** When an exchange was recorded: as it says, or, where it says nothing to believe, by the Date of its answer. */
export function believableSpan(span: Span, date: string | undefined): Span {
  const dateMs = isBelievable(span) ? Number.NaN : Date.parse(date ?? '');
  return Number.isNaN(dateMs) ? span : { fromUs: dateMs * 1000, toUs: (dateMs + 1000) * 1000 };
}

/** Clocks of two machines agree to about this much. */
export const clockSlackMs = 2000;

/** A service that is up for longer is a date that somebody chose. */
const longestUpMs = 400 * 86_400_000;

interface Window {
  low: number;
  high: number;
}

export class RunClock {
  /** How far apart the pairs so far lie, in milliseconds: sorted, and never overlapping. */
  private readonly windows: Window[] = [];
  /** As they were played. */
  private readonly pairs = new Pairs();
  private firstRecordedUs = Number.POSITIVE_INFINITY;
  private firstLiveUs = Number.POSITIVE_INFINITY;

  /** `shiftMs`: how far the clock of the build is from the real one. `launchedAtUs`: when it was started, by the real one. */
  constructor(
    private readonly shiftMs = 0,
    private readonly launchedAtUs: number | null = null,
  ) {}

  /** `live` is by the real clock, as we see it. */
  pairOf(recorded: Span, live: Span): SpanPair {
    const { shiftMs } = this;
    if (shiftMs === 0) return { recorded, live };
    const shiftUs = shiftMs * 1000;
    return { recorded, live: { fromUs: live.fromUs + shiftUs, toUs: live.toUs + shiftUs }, shiftMs };
  }

  /** A pair of exchanges that was played. What it minted may be seen in any later answer. */
  note(pair: SpanPair): void {
    const { recorded, live } = pair;
    this.pairs.add(pair);
    this.firstRecordedUs = Math.min(this.firstRecordedUs, recorded.fromUs);
    this.firstLiveUs = Math.min(this.firstLiveUs, live.fromUs);
    // Its begin and its end, not all between: a stream of an hour says nothing of the times in later answers.
    this.add((live.fromUs - recorded.fromUs) / 1000);
    this.add((live.toUs - recorded.toUs) / 1000);
  }

  /** Whether a time moved as this pair did, or as an earlier one whose value it may be, or with what lay between two. */
  explains(moved: Moved, pair: SpanPair): boolean {
    const { deltaMs, stepMs } = moved;
    const own = ownWindow(pair);
    if (deltaMs > own.low - stepMs && deltaMs < own.high + stepMs) return true;
    if (this.windows.some(({ low, high }) => deltaMs > low - stepMs && deltaMs < high + stepMs)) return true;
    return this.isBetween(moved) || this.isOfStart(moved);
  }

  /**
   * What a service did while it started, such as filling its tables, lies before all that was asked of it, in both runs: between
   * the launch of the build and its first answer. When the recorded one started nobody knows.
   */
  isOfStart({ recordedMs, deltaMs, stepMs }: Moved): boolean {
    if (this.launchedAtUs === null) return false;
    const beforeMs = this.firstRecordedUs / 1000 - recordedMs;
    const [liveMs, launchedMs] = [recordedMs + deltaMs, this.launchedAtUs / 1000 + this.shiftMs];
    const isStart = liveMs > launchedMs - stepMs && liveMs <= this.firstLiveUs / 1000;
    return isStart && beforeMs >= 0 && beforeMs <= longestUpMs;
  }

  /** What a service did by itself between two exchanges it did between the same two now. */
  private isBetween({ recordedMs, deltaMs, stepMs }: Moved): boolean {
    const before = this.pairs.lastBegunBy(recordedMs);
    const after = this.pairs.firstBegunAfter(recordedMs);
    if (before === undefined || after === undefined || recordedMs <= before.recorded.toUs / 1000) return false;
    const [liveMs, spareMs] = [recordedMs + deltaMs, clockSlackMs + stepMs];
    return liveMs > before.live.fromUs / 1000 - spareMs && liveMs < after.live.toUs / 1000 + spareMs;
  }

  /** Whether a recorded time lies before the first exchange, so that none of them can have made it. */
  isBeforeRun(atMs: number, stepMs: number): boolean {
    return atMs + stepMs < this.firstRecordedUs / 1000 - clockSlackMs;
  }

  private add(deltaMs: number): void {
    const added: Window = { low: deltaMs - clockSlackMs, high: deltaMs + clockSlackMs };
    const from = this.windows.findIndex(({ high }) => high >= added.low);
    if (from < 0) {
      this.windows.push(added);
      return;
    }
    let to = from;
    for (; to < this.windows.length; to++) {
      const each = this.windows[to];
      if (each === undefined || each.low > added.high) break;
      added.low = Math.min(added.low, each.low);
      added.high = Math.max(added.high, each.high);
    }
    this.windows.splice(from, to - from, added);
  }
}

const numbersOfPair = 4;

/** Pairs as numbers in a row: a run of a million cases keeps as many. */
class Pairs {
  private numbers = new Float64Array(256 * numbersOfPair);
  private count = 0;

  add({ recorded, live }: SpanPair): void {
    const at = this.count++ * numbersOfPair;
    if (at === this.numbers.length) {
      const larger = new Float64Array(this.numbers.length * 2);
      larger.set(this.numbers);
      this.numbers = larger;
    }
    this.numbers.set([recorded.fromUs, recorded.toUs, live.fromUs, live.toUs], at);
  }

  /** The last one played whose recorded exchange had begun at that time; undefined where none had. */
  lastBegunBy(recordedMs: number): SpanPair | undefined {
    for (let i = this.count - 1; i >= 0; i--) if (this.beginMs(i) <= recordedMs) return this.pair(i);
    return undefined;
  }

  /** The first one played whose recorded exchange began after it. */
  firstBegunAfter(recordedMs: number): SpanPair | undefined {
    for (let i = 0; i < this.count; i++) if (this.beginMs(i) > recordedMs) return this.pair(i);
    return undefined;
  }

  private beginMs(i: number): number {
    return (this.numbers[i * numbersOfPair] ?? 0) / 1000;
  }

  private pair(i: number): SpanPair {
    const at = i * numbersOfPair;
    const [recordedFromUs = 0, recordedToUs = 0, fromUs = 0, toUs = 0] = this.numbers.subarray(at, at + numbersOfPair);
    return { recorded: { fromUs: recordedFromUs, toUs: recordedToUs }, live: { fromUs, toUs } };
  }
}

/** How far apart two readings may be that the services took while they answered. */
function ownWindow({ recorded, live }: SpanPair): { readonly low: number; readonly high: number } {
  return {
    low: (live.fromUs - recorded.toUs) / 1000 - clockSlackMs,
    high: (live.toUs - recorded.fromUs) / 1000 + clockSlackMs,
  };
}
