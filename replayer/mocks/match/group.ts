/** Mocks by a key they share, so that a request finds its candidates in one step. */
import type { Entry, MockEntry } from './entry';

/** Mocks that share a key, in recorded order. */
export interface Group {
  readonly entries: readonly MockEntry[];
}

export function groupBy(entries: readonly MockEntry[], key: (entry: Entry) => string): ReadonlyMap<string, Group> {
  return new Map([...Map.groupBy(entries, key)].map(([name, own]) => [name, { entries: own }]));
}
