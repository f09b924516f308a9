/**
 * What has been served so far, and therefore what is next: mocks of one request in recorded order, the last one again
 * when all were served; refused connects in their place between the mocks of their upstream.
 */
import type { Mock, MockSet, Refusal } from '../mock';
import type { MockEntry } from './entry';
import type { Group } from './group';

export interface Ledger {
  serve(mock: Mock): void;
  /** The mock that answers next, without serving it. */
  peek(group: Group): MockEntry;
  /** The mock that answers next, served. */
  next(group: Group): MockEntry;
  unserved(group: Group): Generator<MockEntry>;
  /** Due once the mocks recorded before it were served; the last one stands for good when nothing followed it. */
  refusal(upstream: string): Refusal | null;
  refused(): number;
  unused(): { readonly mocks: readonly Mock[]; readonly refusals: readonly Refusal[] };
}

interface UpstreamState {
  readonly mocks: number;
  /** Mocks served at least once. */
  served: number;
  readonly refusals: readonly Refusal[];
  usedRefusals: number;
}

export function createLedger(set: MockSet): Ledger {
  const servedTimes = new Uint32Array(set.mocks.length);
  const upstreams = upstreamStates(set);
  let refused = 0;
  const isServed = (entry: MockEntry): boolean => servedTimes[entry.mock.index] !== 0;
  const serve = (mock: Mock): void => {
    const upstream = upstreams.get(mock.upstream);
    if (servedTimes[mock.index] === 0 && upstream !== undefined) upstream.served++;
    servedTimes[mock.index] = (servedTimes[mock.index] ?? 0) + 1;
  };
  const peek = (group: Group): MockEntry => {
    skipServed(group, isServed);
    const entry = group.entries[Math.min(group.cursor, group.entries.length - 1)];
    if (entry === undefined) throw new RangeError('a group holds at least one mock');
    return entry;
  };
  return {
    serve,
    peek,
    next(group) {
      const entry = peek(group);
      serve(entry.mock);
      return entry;
    },
    *unserved(group) {
      skipServed(group, isServed);
      for (const entry of group.entries.slice(group.cursor)) if (!isServed(entry)) yield entry;
    },
    refusal(name) {
      const upstream = upstreams.get(name);
      const next = upstream === undefined ? null : dueRefusal(upstream);
      if (upstream === undefined || next === null) return null;
      upstream.usedRefusals++;
      refused++;
      return next;
    },
    refused: () => refused,
    unused: () => ({
      mocks: set.mocks.filter((mock) => servedTimes[mock.index] === 0),
      refusals: [...upstreams.values()].flatMap(({ refusals, usedRefusals }) => refusals.slice(usedRefusals)),
    }),
  };
}

function upstreamStates(set: MockSet): ReadonlyMap<string, UpstreamState> {
  const mocks = countBy(set.mocks);
  return new Map(
    set.upstreams.map(({ name }) => {
      const refusals = set.refusals.filter((refusal) => refusal.upstream === name);
      return [name, { mocks: mocks.get(name) ?? 0, served: 0, refusals, usedRefusals: 0 }];
    }),
  );
}

function countBy(mocks: readonly Mock[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { upstream } of mocks) counts.set(upstream, (counts.get(upstream) ?? 0) + 1);
  return counts;
}

function skipServed(group: Group, isServed: (entry: MockEntry) => boolean): void {
  for (let entry = group.entries[group.cursor]; entry !== undefined && isServed(entry); ) {
    entry = group.entries[++group.cursor];
  }
}

function dueRefusal(upstream: UpstreamState): Refusal | null {
  const last = upstream.refusals.at(-1);
  const next = upstream.refusals[upstream.usedRefusals] ?? (last?.after === upstream.mocks ? last : undefined);
  return next === undefined || next.after > upstream.served ? null : next;
}
