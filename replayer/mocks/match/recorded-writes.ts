/**
 * After which write each read was recorded, where not all mocks are at hand: what `Epochs` says of all recorded before one,
 * found without going through them. Which writes there were is known of all mocks beforehand.
 */
import { safeMethods } from '../../../tape/http/safe-methods';
import type { ShelvedMock } from '../mock';
import type { MockEntry } from './entry';
import { beforeAll, pathsTo } from './epochs';
import { pathSegments } from './request-value';

/** All writes of one upstream and scope, by the paths they move. */
interface Moved {
  /** Indices of the writes at a path, and of those at or below it, ascending. */
  readonly at: ReadonlyMap<string, readonly number[]>;
  readonly below: ReadonlyMap<string, readonly number[]>;
}

export class RecordedWrites {
  private readonly byUpstream: ReadonlyMap<string, readonly ShelvedMock[]>;
  private readonly known = new Map<string, Moved>();
  private byCause: ReadonlyMap<string, readonly ShelvedMock[]> | null = null;

  constructor(mocks: readonly ShelvedMock[]) {
    const writes = mocks.filter(({ method, status }) => status !== null && status < 400 && !safeMethods.has(method));
    this.byUpstream = Map.groupBy(writes, ({ upstream }) => upstream);
  }

  /** Of all that was recorded before it. */
  ofAll(entry: MockEntry): number {
    return this.last(entry, ' all', (writes) => writes);
  }

  /** Of what was recorded before it under the same case, or like it under none that is known. */
  ofOwn(entry: MockEntry): number {
    const { cause } = entry.mock;
    if (cause === null) return this.last(entry, ' none', (writes) => writes.filter((write) => write.cause === null));
    if (!safeMethods.has(entry.request.method)) return beforeAll;
    this.byCause ??= Map.groupBy([...this.byUpstream.values()].flat(), (write) => write.cause ?? '');
    const own = (this.byCause.get(cause) ?? []).filter(({ upstream }) => upstream === entry.upstream);
    return own.length === 0 ? beforeAll : lastBefore(entry, movedBy(own));
  }

  private last(
    entry: MockEntry,
    scope: string,
    chosen: (writes: readonly ShelvedMock[]) => readonly ShelvedMock[],
  ): number {
    if (!safeMethods.has(entry.request.method)) return beforeAll;
    const key = entry.upstream + scope;
    const moved = this.known.get(key) ?? movedBy(chosen(this.byUpstream.get(entry.upstream) ?? []));
    this.known.set(key, moved);
    return lastBefore(entry, moved);
  }
}

function movedBy(writes: readonly ShelvedMock[]): Moved {
  const at = new Map<string, number[]>();
  const below = new Map<string, number[]>();
  const note = (map: Map<string, number[]>, path: string, index: number): void => {
    const known = map.get(path);
    if (known === undefined) map.set(path, [index]);
    else known.push(index);
  };
  for (const { target, index } of writes) {
    const paths = pathsTo(pathSegments(target));
    note(at, paths.at(-1) ?? '', index);
    for (const path of paths) note(below, path, index);
  }
  return { at, below };
}

function lastBefore({ content, mock: { index } }: MockEntry, { at, below }: Moved): number {
  const paths = pathsTo(content.value.path);
  const own = highestBelow(below.get(paths.at(-1) ?? ''), index);
  return paths.reduce((last, path) => Math.max(last, highestBelow(at.get(path), index)), own);
}

function highestBelow(indices: readonly number[] = [], limit: number): number {
  let [from, to] = [0, indices.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((indices[middle] ?? limit) < limit) from = middle + 1;
    else to = middle;
  }
  return indices[from - 1] ?? beforeAll;
}
