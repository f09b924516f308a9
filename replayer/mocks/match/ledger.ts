/**
 * What has been served so far, and which refused connects are due: each in its place between the mocks of its upstream, in a
 * run between those of its case.
 */
import type { Mock, MockSet, Refusal, ShelvedMock } from '../mock';
import type { Running } from './running';

export interface Ledger {
  serve(mock: Mock): void;
  isServed(mock: Mock): boolean;
  /** Due once the mocks recorded before it were served; the last one stands for good when nothing followed it. */
  refusal(upstream: string, running: Running): Refusal | null;
  refused(): number;
  unused(): Unused;
}

/** What nobody asked for. */
export interface Unused {
  readonly mocks: readonly Mock[];
  readonly shelved: readonly ShelvedMock[];
  readonly refusals: readonly Refusal[];
}

interface UpstreamState {
  readonly mocks: number;
  /** Mocks served at least once. */
  served: number;
  /** The same for each case, and how many mocks each has, where that says when a refusal is due. */
  readonly servedUnder: Map<string, number>;
  readonly mocksUnder: ReadonlyMap<string, number>;
  readonly refusals: readonly Refusal[];
  readonly used: Set<Refusal>;
}

export function createLedger(set: MockSet): Ledger {
  const { mocks, shelved } = set;
  const servedTimes = new Uint32Array(mocks.length + (shelved?.size ?? 0));
  const upstreams = upstreamStates(set);
  const isUnused = ({ index }: Pick<Mock, 'index'>): boolean => servedTimes[index] === 0;
  let refused = 0;
  const isServed = (mock: Mock): boolean => (servedTimes[mock.index] ?? 0) !== 0;
  const serve = (mock: Mock): void => {
    const upstream = servedTimes[mock.index] === 0 ? upstreams.get(mock.upstream) : undefined;
    if (upstream !== undefined) noteServed(upstream, mock);
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
      mocks: mocks.filter(isUnused),
      shelved: shelved?.of(() => true).filter(isUnused) ?? [],
      refusals: [...upstreams.values()].flatMap(({ refusals, used }) => refusals.filter((each) => !used.has(each))),
    }),
  };
}

type Counted = Pick<Mock, 'upstream' | 'cause'>;

function upstreamStates({ mocks, shelved, refusals, upstreams }: MockSet): ReadonlyMap<string, UpstreamState> {
  const counts = new Map<string, number>();
  const note = (upstream: string, count: number) => counts.set(upstream, (counts.get(upstream) ?? 0) + count);
  for (const { upstream } of mocks) note(upstream, 1);
  for (const { upstream, count } of shelved?.kinds ?? []) note(upstream, count);
  return new Map(
    upstreams.map(({ name }) => {
      const isOwn = ({ upstream }: Pick<Mock, 'upstream'>): boolean => upstream === name;
      const own = refusals.filter(isOwn);
      const counted = own.length === 0 ? [] : [...mocks.filter(isOwn), ...(shelved?.of(isOwn) ?? [])];
      const state = { mocks: counts.get(name) ?? 0, served: 0, servedUnder: new Map(), used: new Set<Refusal>() };
      return [name, { ...state, refusals: own, mocksUnder: byCause(counted) }];
    }),
  );
}

function byCause(mocks: readonly Counted[]): ReadonlyMap<string, number> {
  return new Map([...Map.groupBy(mocks, ({ cause }) => cause ?? '')].map(([cause, all]) => [cause, all.length]));
}

function noteServed(upstream: UpstreamState, { cause }: Counted): void {
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
