/**
 * What has been served so far, and which refused connects are due: each in its place between the mocks of its upstream, in a
 * run between those of its case.
 */
import type { Mock, MockSet, Refusal } from '../mock';
import type { Running } from './running';

export interface Ledger {
  serve(mock: Mock): void;
  isServed(mock: Mock): boolean;
  /** Due once the mocks recorded before it were served; the last one stands for good when nothing followed it. */
  refusal(upstream: string, running: Running): Refusal | null;
  refused(): number;
  unused(): { readonly mocks: readonly Mock[]; readonly refusals: readonly Refusal[] };
}

interface UpstreamState {
  readonly mocks: number;
  /** Mocks served at least once. */
  served: number;
  /** The same for each case, and how many mocks each has. */
  readonly servedUnder: Map<string, number>;
  readonly mocksUnder: ReadonlyMap<string, number>;
  readonly refusals: readonly Refusal[];
  readonly used: Set<Refusal>;
}

export function createLedger(set: MockSet): Ledger {
  const servedTimes = new Uint32Array(set.mocks.length);
  const upstreams = upstreamStates(set);
  let refused = 0;
  const isServed = (mock: Mock): boolean => (servedTimes[mock.index] ?? 0) !== 0;
  const serve = (mock: Mock): void => {
    const upstream = upstreams.get(mock.upstream);
    if (servedTimes[mock.index] === 0 && upstream !== undefined) noteServed(upstream, mock);
    servedTimes[mock.index] = (servedTimes[mock.index] ?? 0) + 1;
  };
  return {
    serve,
    isServed,
    refusal(name, running) {
      const upstream = upstreams.get(name);
      if (upstream === undefined) return null;
      const next = running.isPlayed ? dueInRun(upstream, running) : dueRefusal(upstream);
      if (next === null) return null;
      upstream.used.add(next);
      refused++;
      return next;
    },
    refused: () => refused,
    unused: () => ({
      mocks: set.mocks.filter((mock) => servedTimes[mock.index] === 0),
      refusals: [...upstreams.values()].flatMap(({ refusals, used }) => refusals.filter((each) => !used.has(each))),
    }),
  };
}

function upstreamStates(set: MockSet): ReadonlyMap<string, UpstreamState> {
  const mocks = countBy(set.mocks);
  return new Map(
    set.upstreams.map(({ name }) => {
      const refusals = set.refusals.filter((refusal) => refusal.upstream === name);
      return [
        name,
        {
          mocks: mocks.get(name) ?? 0,
          served: 0,
          servedUnder: new Map(),
          mocksUnder: byCause(set.mocks, name),
          refusals,
          used: new Set(),
        },
      ];
    }),
  );
}

function byCause(mocks: readonly Mock[], upstream: string): ReadonlyMap<string, number> {
  const own = mocks.filter((mock) => mock.upstream === upstream);
  return new Map([...Map.groupBy(own, ({ cause }) => cause ?? '')].map(([cause, all]) => [cause, all.length]));
}

function countBy(mocks: readonly Mock[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { upstream } of mocks) counts.set(upstream, (counts.get(upstream) ?? 0) + 1);
  return counts;
}

function noteServed(upstream: UpstreamState, { cause }: Mock): void {
  upstream.served++;
  if (cause !== null) upstream.servedUnder.set(cause, (upstream.servedUnder.get(cause) ?? 0) + 1);
}

function dueRefusal({ refusals, used, mocks, served }: UpstreamState): Refusal | null {
  const last = refusals.at(-1);
  const next = refusals.find((each) => !used.has(each)) ?? (last?.after === mocks ? last : undefined);
  return next === undefined || next.after > served ? null : next;
}

/** A case meets the refusals that were recorded under it; those of no known case come in the order of all. */
function dueInRun(upstream: UpstreamState, running: Running): Refusal | null {
  const ids = new Set<string | null>(running.ids);
  const { used, servedUnder, mocksUnder } = upstream;
  const own = upstream.refusals.filter(({ cause }) => ids.has(cause));
  const last = own.at(-1);
  const stands = last !== undefined && last.own === (mocksUnder.get(last.cause ?? '') ?? 0) ? last : undefined;
  const next = own.find((each) => !used.has(each)) ?? stands;
  if (next !== undefined) return next.own > (servedUnder.get(next.cause ?? '') ?? 0) ? null : next;
  return dueRefusal({ ...upstream, refusals: upstream.refusals.filter(({ cause }) => cause === null) });
}
