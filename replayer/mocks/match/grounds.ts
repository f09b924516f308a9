/** What stands behind every excuse besides the two values: the two requests, when they were asked, and whose key is at hand. */
import type { RunClock, SpanPair } from '../../judge/causes/run-clock';
import type { Entry, MockEntry } from './entry';

/** What one matching knows besides the two requests. */
export interface Grounds {
  readonly clock: Pick<RunClock, 'explains'>;
  /** Whether equal secrets have equal placeholders. */
  readonly keyed: boolean;
  /** When the two were asked. */
  pairOf(recorded: MockEntry, live: Entry): SpanPair;
}

export interface Sides {
  readonly recorded: MockEntry;
  readonly live: Entry;
}

/** The grounds of one comparison. */
export interface Here extends Pick<Grounds, 'clock' | 'keyed'> {
  readonly pair: SpanPair;
}
