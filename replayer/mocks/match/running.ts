/** Which cases of a run are being played: whose recorded calls are due. Outside of a run there are none. */
import type { Span, SpanPair } from '../../judge/causes/run-clock';
import type { IdPair } from './excuse';

export interface RunningCase {
  /** The id of its exchange. */
  readonly id: string;
  readonly recorded: Span;
  /** Microseconds since the epoch. */
  readonly startedAtUs: number;
  /** Recorded values that the case is sent with others in their place. */
  readonly carried: readonly IdPair[];
}

export class Running {
  private readonly cases = new Map<string, RunningCase>();
  /** Whether cases are played at all. */
  private isRun = false;

  get isPlayed(): boolean {
    return this.isRun;
  }

  begin(each: RunningCase): void {
    this.isRun = true;
    this.cases.set(each.id, each);
  }

  end(id: string): void {
    this.cases.delete(id);
  }

  get ids(): Iterable<string> {
    return this.cases.keys();
  }

  /** The case that a call belongs to; null where none is running, and where several are. */
  get only(): string | null {
    const [first, second] = this.cases.keys();
    return first === undefined || second !== undefined ? null : first;
  }

  /** When the case was recorded and when it began now; undefined where it is not running. */
  pairOf(id: string | null, nowUs: number): SpanPair | undefined {
    const each = id === null ? undefined : this.cases.get(id);
    return each === undefined
      ? undefined
      : { recorded: each.recorded, live: { fromUs: each.startedAtUs, toUs: Math.max(nowUs, each.startedAtUs) } };
  }

  /** True where something was recorded while one of these cases was. */
  spans(atUs: number): boolean {
    return [...this.cases.values()].some(({ recorded }) => atUs >= recorded.fromUs && atUs <= recorded.toUs);
  }

  /** When the last of the running cases was over in the recording. */
  get untilUs(): number {
    return Math.max(...[...this.cases.values()].map(({ recorded }) => recorded.toUs), Number.NEGATIVE_INFINITY);
  }
}
