/**
 * Finds the mock that answers a request, and keeps the order: the ladder is `exact`, then `noise`; of several mocks for
 * one request the first that was not served yet answers, and when all were, the last one again. Which mock answers
 * depends only on the requests so far and their order, so parallel identical requests share out the recorded answers.
 * Does no near-miss work: that is for a miss, and stands in near.ts.
 */
import { isJsonObject, type JsonValue } from '../../../tape/body/json';
import type { Mock, MockSet, Refusal } from '../mock';
import { differencesBetween } from './differences';
import { type Ask, type Entry, type EntryOptions, entryOf, exactKey, type MockEntry, noiseKey } from './entry';
import { createIdentifiers } from './identifiers';
import { createLedger, type Group } from './ledger';
import type { Excuser } from './near';
import { type Excuse, excuseFor } from './noise';

export type Rung = 'exact' | 'noise';

export type Match =
  | { readonly kind: 'match'; readonly rung: Rung; readonly mock: Mock; readonly excused: readonly Excuse[] }
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
  const entries = set.mocks.map((mock) => ({ ...entryOf(mock, options), mock }));
  const counts = { exact: 0, noise: 0 };
  const ledger = createLedger(set);
  const identifiers = createIdentifiers(entries);
  const exact = groupBy(entries, exactKey);
  const remembered = new Map<string, Group>();
  let noise: ReadonlyMap<string, Group> | null = null;

  const serveExact = (group: Group): Mock => {
    counts.exact++;
    return ledger.next(group).mock;
  };
  const serveNoise = (found: Candidate): Match => {
    counts.noise++;
    ledger.serve(found.entry.mock);
    identifiers.bind(found.excused.flatMap((excuse) => excuse.ids));
    return { kind: 'match', rung: 'noise', mock: found.entry.mock, excused: found.excused };
  };
  const allowed = (found: Candidate | null, how: 'strict' | 'repeat'): found is Candidate =>
    found?.excused.every((excuse) => identifiers.allows(excuse.ids, how)) === true;

  /** A request about identifiers that stand for recorded ones: put those back and look again. */
  const byStandIns = (live: Entry): Candidate | null => {
    if (identifiers.isEmpty()) return null;
    const value = mapTexts(live.content.value, identifiers.recordedForm);
    const group = isJsonObject(value)
      ? exact.get(exactKey({ ...live, content: { ...live.content, value } }))
      : undefined;
    return group === undefined ? null : verified(ledger.peek(group), live);
  };
  const byShape = (live: Entry): Candidate | null => {
    noise ??= groupBy(entries, noiseKey);
    const group = noise.get(noiseKey(live));
    if (group === undefined) return null;
    for (const candidate of ledger.unserved(group)) {
      const found = verified(candidate, live);
      if (allowed(found, 'strict')) return found;
    }
    for (const candidate of group.entries.toReversed()) {
      const found = verified(candidate, live);
      if (allowed(found, 'repeat')) return found;
    }
    return null;
  };

  return {
    entries,
    excuse(difference, { recorded, live }) {
      const excuse = excuseFor(difference, { recorded: recorded.side, live: live.side });
      return excuse !== null && identifiers.allows(excuse.ids, 'repeat') ? excuse : null;
    },
    again(wire) {
      const group = remembered.get(wire);
      return group === undefined ? undefined : serveExact(group);
    },
    match(ask, wire) {
      const live = entryOf(ask, options);
      const group = exact.get(exactKey(live));
      if (group !== undefined) {
        if (remembered.size >= rememberedLimit) remembered.clear();
        remembered.set(wire, group);
        return { kind: 'match', rung: 'exact', mock: serveExact(group), excused: [] };
      }
      const found = byStandIns(live) ?? byShape(live);
      return found === null ? { kind: 'miss', entry: live } : serveNoise(found);
    },
    refusal: ledger.refusal,
    served: () => ({ ...counts, refused: ledger.refused() }),
    unused: ledger.unused,
  };
}

interface Candidate {
  readonly entry: MockEntry;
  readonly excused: readonly Excuse[];
}

/** The candidate with every difference excused; null where one is not. */
function verified(candidate: MockEntry, live: Entry): Candidate | null {
  const excused: Excuse[] = [];
  for (const difference of differencesBetween(candidate.content.value, live.content.value)) {
    const excuse = excuseFor(difference, { recorded: candidate.side, live: live.side });
    if (excuse === null) return null;
    excused.push(excuse);
  }
  return { entry: candidate, excused };
}

function groupBy(entries: readonly MockEntry[], key: (entry: Entry) => string): ReadonlyMap<string, Group> {
  const groups = new Map<string, Group>();
  for (const entry of entries) {
    const name = key(entry);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, { entries: [entry], cursor: 0 });
    else group.entries.push(entry);
  }
  return groups;
}

function mapTexts(value: JsonValue, map: (text: string) => string): JsonValue {
  if (typeof value === 'string') return map(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, map));
  if (!isJsonObject(value)) return value;
  const members = Object.entries(value).map(([name, member]) => [name, mapTexts(member, map)] as const);
  return Object.fromEntries(members);
}
