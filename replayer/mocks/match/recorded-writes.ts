/**
 * After which write each read was recorded, where not all mocks are at hand: what `Epochs` says of all recorded before one,
 * found without going through them. Which writes there were is known of all mocks beforehand.
 */
import { safeMethods } from '../../../tape/http/safe-methods';
import type { ShelvedKind, ShelvedMock, ShelvedMocks } from '../mock';
import type { MockEntry } from './entry';
import { beforeAll, type Epoch, joined, pathsTo } from './epochs';
import { pathSegments } from './request-value';

/** All writes of one upstream and scope, by the paths they move. */
interface Moved {
  /** Indices of the writes at a path, and of those at or below it, ascending. */
  readonly at: ReadonlyMap<string, readonly number[]>;
  readonly below: ReadonlyMap<string, readonly number[]>;
}

export class RecordedWrites {
  private readonly known = new Map<string, Moved>();
  private readonly byUpstream = new Map<string, readonly ShelvedMock[]>();
  private readonly byCause = new Map<string, ReadonlyMap<string | null, readonly ShelvedMock[]>>();

  constructor(private readonly mocks: ShelvedMocks | null) {}

  /** Of all that was recorded before it. */
  ofAll(entry: MockEntry): Epoch {
    return this.last(entry, ' all', () => this.writesTo(entry.upstream));
  }

  /** Of what was recorded before it under the same case, or like it under none that is known. */
  ofOwn(entry: MockEntry): Epoch {
    const { cause } = entry.mock;
    const own = () => this.causedWrites(entry.upstream).get(cause) ?? [];
    if (cause === null) return this.last(entry, ' none', own);
    return safeMethods.has(entry.request.method) ? lastAmong(entry, own()) : beforeAll;
  }

  private last(entry: MockEntry, scope: string, chosen: () => readonly ShelvedMock[]): Epoch {
    if (!safeMethods.has(entry.request.method)) return beforeAll;
    const key = entry.upstream + scope;
    const moved = this.known.get(key) ?? movedBy(chosen());
    this.known.set(key, moved);
    return lastBefore(entry, moved);
  }

  /** Of no other upstream, as each is held. */
  private writesTo(upstream: string): readonly ShelvedMock[] {
    const isOwn = (kind: ShelvedKind): boolean => kind.upstream === upstream && isWrite(kind);
    const writes = this.byUpstream.get(upstream) ?? this.mocks?.of(isOwn) ?? [];
    this.byUpstream.set(upstream, writes);
    return writes;
  }

  private causedWrites(upstream: string): ReadonlyMap<string | null, readonly ShelvedMock[]> {
    const byCause = this.byCause.get(upstream) ?? Map.groupBy(this.writesTo(upstream), ({ cause }) => cause);
    this.byCause.set(upstream, byCause);
    return byCause;
  }
}

function isWrite({ method, status }: ShelvedKind): boolean {
  return status !== null && status < 400 && !safeMethods.has(method);
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

function lastAmong(entry: MockEntry, writes: readonly ShelvedMock[]): Epoch {
  return writes.length === 0 ? beforeAll : lastBefore(entry, movedBy(writes));
}

function lastBefore({ content, mock: { index } }: MockEntry, { at, below }: Moved): Epoch {
  const paths = pathsTo(content.value.path);
  const above = paths.slice(0, -1).map((path) => epochAmong(at.get(path), index));
  return joined([epochAmong(below.get(paths.at(-1) ?? ''), index), ...above]);
}

/** Of the writes before a limit. */
function epochAmong(indices: readonly number[] = [], limit: number): Epoch {
  let [from, to] = [0, indices.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((indices[middle] ?? limit) < limit) from = middle + 1;
    else to = middle;
  }
  return from === 0 ? beforeAll : { last: indices[from - 1] ?? beforeAll.last, writes: from };
}
