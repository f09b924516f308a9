/** Which cases of a run are being played: whose recorded calls are due. Outside of a run there are none. */

import type { HeaderList } from '../../../tape/model/body';
import { PassingMap } from '../../../tape/passing-map';
import { marksIn } from '../../correlate/marks';
import type { Span, SpanPair } from '../../judge/causes/run-clock';
import type { IdPair } from './excuse';
import { nobodys, type Whose } from './whose';

export interface RunningCase {
  /** The id of its exchange. */
  readonly id: string;
  readonly recorded: Span;
  /** Microseconds since the epoch. */
  readonly startedAtUs: number;
  /** Recorded values that the case is sent with others in their place. */
  readonly carried: readonly IdPair[];
  /** Ids that its request has for itself, in lower case. */
  readonly marks?: readonly string[];
}

export class Running {
  private readonly cases = new PassingMap<string, RunningCase>();
  /** Those that are over, too: a call may come late. */
  private readonly spans = new Map<string, Span>();
  private readonly byMark = new Map<string, string>();
  /** Whether cases are played at all. */
  private isRun = false;

  get isPlayed(): boolean {
    return this.isRun;
  }

  begin(each: RunningCase): void {
    this.isRun = true;
    this.cases.set(each.id, each);
    this.spans.set(each.id, each.recorded);
    for (const mark of each.marks ?? []) this.byMark.set(mark, each.id);
  }

  end(id: string): void {
    this.cases.delete(id);
  }

  get ids(): Iterable<string> {
    return this.cases.keys();
  }

  /** The case that a call with these header fields belongs to, as far as it says so itself or one alone is running. */
  whose(headers: HeaderList): Whose {
    if (!this.isRun) return nobodys;
    const traced = this.tracedIn(headers);
    if (traced !== null) return { case: traced, knownBy: 'trace', among: [] };
    const [first, ...others] = this.cases.keys();
    if (first === undefined) return nobodys;
    if (others.length === 0) return { case: first, knownBy: 'alone', among: [] };
    return { case: null, knownBy: null, among: [first, ...others] };
  }

  /** Null where it carries ids of no case, or of several. */
  private tracedIn(headers: HeaderList): string | null {
    if (this.byMark.size === 0) return null;
    const ids = new Set(marksIn(headers).flatMap((mark) => this.byMark.get(mark) ?? []));
    const [only, second] = ids;
    return second === undefined ? (only ?? null) : null;
  }

  /** When the case was recorded and when it began now; undefined where it is not running. */
  pairOf(id: string | null, nowUs: number): SpanPair | undefined {
    const each = id === null ? undefined : this.cases.get(id);
    return each === undefined
      ? undefined
      : { recorded: each.recorded, live: { fromUs: each.startedAtUs, toUs: Math.max(nowUs, each.startedAtUs) } };
  }

  /** True where something was recorded while one of these cases was. */
  isWithin(atUs: number, ids: readonly string[]): boolean {
    return this.spansOf(ids).some(({ fromUs, toUs }) => atUs >= fromUs && atUs <= toUs);
  }

  /** When the last of these cases was over in the recording. */
  untilUs(ids: readonly string[]): number {
    return Math.max(...this.spansOf(ids).map(({ toUs }) => toUs), Number.NEGATIVE_INFINITY);
  }

  private spansOf(ids: readonly string[]): readonly Span[] {
    return ids.flatMap((id) => this.spans.get(id) ?? []);
  }
}
