/** Mocks by a key they share, so that a request finds its candidates in one step. */
import type { Entry, MockEntry } from './entry';

/** Mocks that share a key, in recorded order; those before `cursor` have been served. */
export interface Group {
  readonly entries: MockEntry[];
  cursor: number;
}

export function groupBy(entries: readonly MockEntry[], key: (entry: Entry) => string): ReadonlyMap<string, Group> {
  const groups = new Map<string, Group>();
  for (const entry of entries) {
    const name = key(entry);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, { entries: [entry], cursor: 0 });
    else group.entries.push(entry);
  }
  return groups;
}
