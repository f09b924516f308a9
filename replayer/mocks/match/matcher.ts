/**
 * Finds the mock that answers a request, and keeps the order: first `exact`, then under `noise`; of several mocks for
 * one request the first that was not served yet answers, and when all were, the last one again. Which mock answers
 * depends only on the requests so far and their order, so parallel identical requests share out the recorded answers.
 * Does no near-miss work: that is for a miss, and stands in near.ts.
 */
import { describedAs } from '../../../tape/model/body';
import { addressOf } from '../../../tape/model/http/http';
import { RunClock, type SpanPair } from '../../judge/causes/run-clock';
import type { Mock, MockSet, Refusal } from '../mock';
import { type Ask, type Entry, type EntryOptions, entryOf, exactKey, type MockEntry, mockEntryOf } from './entry';
import type { Excuse } from './excuse';
import { type Group, groupBy } from './group';
import { createLedger } from './ledger';
import type { Excuser } from './near';
import { placesIn } from './places';
import { splitTarget } from './request-value';
import { createNoiseMatching } from './under-noise';

export type Strictness = 'exact' | 'noise';

export type Match =
  | {
      readonly kind: 'match';
      readonly strictness: Strictness;
      readonly mock: Mock;
      readonly excused: readonly Excuse[];
    }
  | { readonly kind: 'miss'; readonly entry: Entry };

export interface Matcher {
  /** All mocks, in recorded order. */
  readonly entries: readonly MockEntry[];
  /** Why a difference between a mock and a request may be there now; null where it stands in the way. */
  readonly excuse: Excuser;
  /** The next answer to a request whose bytes were matched exactly before; `wire` is the key given to `match` then. */
  again(wire: string): Mock | undefined;
  /** `wire` names the bytes of the request; equal keys must mean equal requests to equal upstreams. */
  match(ask: Ask, wire: string): Match;
  /** The refusal that is due when a client connects to this upstream now; null where it may connect. */
  refusal(upstream: string): Refusal | null;
  served(): { readonly exact: number; readonly noise: number; readonly refused: number };
  /** Mocks and refusals that nobody asked for. */
  unused(): { readonly mocks: readonly Mock[]; readonly refusals: readonly Refusal[] };
}

/** Requests remembered by their bytes; past it they are all forgotten and matched by value again. */
const rememberedLimit = 10_000;

export function createMatcher(set: MockSet, options: EntryOptions): Matcher {
  const described = describer(set.mocks);
  const loaded = set.mocks.map((mock) => mockEntryOf(mock, options));
  const places = placesIn(loaded);
  const entries = loaded.map(places.asked);
  const counts = { exact: 0, noise: 0 };
  const ledger = createLedger(set);
  const exact = groupBy(entries, exactKey);
  const remembered = new Map<string, Group>();
  const clock = new RunClock();
  const pairOf = (recorded: MockEntry, live: Entry): SpanPair => ({ recorded: recorded.span, live: live.span });
  const grounds = { clock, keyed: options.keyed, pairOf };
  const noise = createNoiseMatching(entries, { ledger, grounds, heard: set.heard });

  const serveExact = (group: Group): Mock => {
    counts.exact++;
    return ledger.next(group).mock;
  };
  const timed = new Set<MockEntry>();
  /** Once for each mock: asked again, it says nothing new of how far the two runs lie apart. */
  const noteTime = (recorded: MockEntry, live: Entry): void => {
    if (timed.has(recorded)) return;
    timed.add(recorded);
    clock.note(pairOf(recorded, live));
  };
  const serveNoise = ({ entry, excused }: Candidate, live: Entry): Match => {
    counts.noise++;
    ledger.serve(entry.mock);
    noise.learn(excused);
    noteTime(entry, live);
    return { kind: 'match', strictness: 'noise', mock: entry.mock, excused };
  };
  return {
    entries,
    excuse: noise.excuse,
    again(wire) {
      const group = remembered.get(wire);
      return group === undefined ? undefined : serveExact(group);
    },
    match(ask, wire) {
      const live = places.asked(entryOf(described(ask), options));
      const group = exact.get(exactKey(live));
      if (group !== undefined) {
        if (remembered.size >= rememberedLimit) remembered.clear();
        remembered.set(wire, group);
        noteTime(ledger.peek(group), live);
        return { kind: 'match', strictness: 'exact', mock: serveExact(group), excused: [] };
      }
      const settled = noise.withRecordedIds(live);
      const same = settled === live ? undefined : exact.get(exactKey(settled));
      const found = same === undefined ? noise.find(settled) : ledger.peek(same);
      if (found === null) return { kind: 'miss', entry: live };
      return serveNoise({ entry: found, excused: noise.excusesOf(found, live) }, live);
    },
    refusal: ledger.refusal,
    served: () => ({ ...counts, refused: ledger.refused() }),
    unused: ledger.unused,
  };
}

/** What is known of the messages of a recorded call is true of a live one to the same path. */
function describer(mocks: readonly Mock[]): (ask: Ask) => Ask {
  const known = new Map(
    mocks.filter(({ request }) => request.body.schema !== undefined).map((mock) => [pathOf(mock), mock.request.body]),
  );
  return (ask) => {
    const body = known.get(pathOf(ask));
    return body === undefined
      ? ask
      : { ...ask, request: { ...ask.request, body: describedAs(ask.request.body, body) } };
  };
}

function pathOf({ request }: Pick<Ask, 'request'>): string {
  return splitTarget(addressOf(request).path).path;
}

interface Candidate {
  readonly entry: MockEntry;
  readonly excused: readonly Excuse[];
}
