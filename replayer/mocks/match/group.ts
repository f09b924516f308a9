/** Mocks by a key they share, so that a request finds its candidates in one step. */
import type { Entry, MockEntry } from './entry';

/** Mocks that share a key, in recorded order. */
export interface Group {
  readonly entries: readonly MockEntry[];
}

/** Those that are added together are in recorded order; none of a key that is known are added later. */
export class Groups {
  private readonly byKey = new Map<string, Group>();

  constructor(private readonly key: (entry: Entry) => string) {}

  add(entries: readonly MockEntry[]): void {
    for (const [key, own] of Map.groupBy(entries, this.key)) this.byKey.set(key, { entries: own });
  }

  of(entry: Entry): Group | undefined {
    return this.byKey.get(this.key(entry));
  }
}
