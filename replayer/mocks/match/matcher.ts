/**
 * Finds the mock that answers a request: first `exact`, then under `noise`. Of several mocks for one request turns.ts says
 * which is next; which one answers depends only on the requests so far, their order, and the cases that are played, so
 * parallel identical requests share out the recorded answers. Does no near-miss work: that is for a miss, and stands in near.ts.
 */
import { describedAs, type HeaderList } from '../../../tape/model/body';
import { addressOf } from '../../../tape/model/http/http';
import { RunClock, type SpanPair } from '../../judge/causes/run-clock';
import type { Mock, MockSet, Refusal } from '../mock';
import { type CallDifferences, differencesOfCall } from './call-differences';
import { type Ask, type Entry, type EntryOptions, entryOf, exactKey, type MockEntry } from './entry';
import { Epochs } from './epochs';
import type { Excuse, IdPair } from './excuse';
import { type Group, Groups } from './group';
import { type RecordedWords, wordsOf } from './identifiers';
import { createLedger, type Unused } from './ledger';
import type { Excuser } from './near';
import { createPlaces, type LoadedMock, loadedMock } from './places';
import { RecordedWrites } from './recorded-writes';
import { splitTarget } from './request-value';
import { Running, type RunningCase } from './running';
import type { Offer } from './strand';
import { createTurns } from './turns';
import { createNoiseMatching } from './under-noise';
import { asRecorded, idsOf, type Whose } from './whose';

/**
 * How well a request fits the recorded one that answers it. `moment`: it is the same, and was recorded at another moment:
 * before a write that was made since, after one that was not, or under another case.
 */
export type Strictness = 'exact' | 'noise' | 'moment';

export interface Matched {
  readonly kind: 'match';
  readonly strictness: Strictness;
  readonly mock: Mock;
  /** The request, as it was matched. */
  readonly live: Entry;
  readonly excused: readonly Excuse[];
  /** In what else the call differs from the recorded one. */
  readonly call: CallDifferences;
  readonly whose: Whose;
}

export interface Missed {
  readonly kind: 'miss';
  readonly entry: Entry;
  readonly whose: Whose;
}

export type Match = Matched | Missed;

export interface Matcher {
  /** All mocks, in recorded order; of shelved ones those that were taken down, as they were. */
  readonly entries: readonly MockEntry[];
  /** Why a difference between a mock and a request may be there now; null where it stands in the way. */
  readonly excuse: Excuser;
  /** Whether answers depend on a header field anywhere, as far as was recorded there; `name` in lower case. */
  decides(name: string): boolean;
  /** The next answer to a request whose bytes were matched exactly before; `wire` is the key given to `match` then. */
  again(wire: string): Matched | undefined;
  /** Shelved mocks, read from the tape: all of one shelf, in recorded order. */
  take(shelf: readonly LoadedMock[]): void;
  /** What the whole recording says. Where mocks are shelved it must be read when a `WordsUnread` asks for it. */
  learnWords(words: RecordedWords): void;
  /** `wire` names the bytes of the request; equal keys must mean equal requests to equal upstreams. */
  match(ask: Ask, wire: string): Match;
  /** The refusal that is due when a client connects to this upstream now; null where it may connect. */
  refusal(upstream: string): Refusal | null;
  /** A case is played from now on: what was recorded under it is due. */
  begin(each: RunningCase): void;
  /** `named`: identifiers that the build's answers gave in the place of recorded ones meanwhile. */
  end(id: string, named?: readonly IdPair[]): void;
  /** Whether cases are played at all. */
  readonly isPlayed: boolean;
  /** The case that a call made now belongs to, as far as it says so itself. */
  whose(headers: HeaderList): Whose;
  served(): { readonly [S in Strictness]: number } & { readonly refused: number };
  /** Mocks and refusals that nobody asked for. */
  unused(): Unused;
}

/** Thrown where a request cannot be matched before all that was recorded is read; nothing was changed by then. */
export class WordsUnread extends Error {
  constructor() {
    super('what was recorded must be read before this request can be matched');
  }
}

/** Requests remembered by their bytes; past it they are all forgotten and matched by value again. */
const rememberedLimit = 10_000;

interface Remembered {
  readonly group: Group;
  readonly live: Entry;
  readonly calls: Map<MockEntry, CallDifferences>;
}

export function createMatcher(set: MockSet, options: EntryOptions): Matcher {
  const { shelved } = set;
  const described = new Described();
  const places = createPlaces();
  const exact = new Groups(exactKey);
  const entries: MockEntry[] = [];
  const load = (loaded: readonly LoadedMock[]): readonly MockEntry[] => {
    places.learn(loaded);
    const asked = loaded.map(({ entry }) => places.asked(entry));
    described.note(asked);
    exact.add(asked);
    for (const entry of asked) entries.push(entry);
    return asked;
  };
  load(set.mocks.map((mock) => loadedMock(mock, options)));
  const counts = { exact: 0, noise: 0, moment: 0 };
  const ledger = createLedger(set);
  const remembered = new Map<string, Remembered>();
  const running = new Running();
  const isGiven = ({ mock }: MockEntry): boolean => ledger.isServed(mock);
  const inOrder = shelved === undefined ? entries : [];
  const turns = createTurns(inOrder, { made: new Epochs(), recorded: new Epochs(), running, isGiven });
  const writes = new RecordedWrites(shelved ?? null);
  const epochOf = (entry: MockEntry) => ({ all: writes.ofAll(entry), own: writes.ofOwn(entry) });
  if (shelved !== undefined) turns.add(entries, epochOf);
  const clock = new RunClock(options.shiftMs);
  const pairOf = (recorded: MockEntry, live: Entry): SpanPair => {
    const ofCase = running.pairOf(recorded.mock.cause, live.span.toUs);
    return clock.pairOf(ofCase?.recorded ?? recorded.span, ofCase?.live ?? live.span);
  };
  const grounds = { clock, keyed: options.keyed, pairOf };
  let known: RecordedWords | null = null;
  const words = (): RecordedWords => {
    if (known === null && shelved !== undefined) throw new WordsUnread();
    known ??= wordsOf(entries, set.heard);
    return known;
  };
  const noise = createNoiseMatching(entries, { turns, grounds, words });

  const timed = new Set<MockEntry>();
  /** Once for each mock: asked again, it says nothing new of how far the two runs lie apart. */
  const noteTime = (recorded: MockEntry, live: Entry): void => {
    if (timed.has(recorded)) return;
    timed.add(recorded);
    clock.note(clock.pairOf(recorded.span, live.span));
  };
  const causes = new WeakMap<Group, ReadonlySet<string | null>>();
  /** The cases that the requests of a group were recorded under. */
  const causesOf = (group: Group): ReadonlySet<string | null> => {
    const known = causes.get(group);
    if (known !== undefined) return known;
    const own = new Set(group.entries.map(({ mock }) => mock.cause));
    causes.set(group, own);
    return own;
  };
  const settled = (asking: Whose, group: Group): Whose =>
    asking.among.length === 0 ? asking : asRecorded(asking, causesOf(group));
  const give = ({ entry, isOff }: Offer, how: 'exact' | 'noise', whose: Whose): Strictness => {
    const strictness = how === 'exact' && isOff ? 'moment' : how;
    counts[strictness]++;
    const isLent = running.isPlayed && entry.mock.cause !== null && !idsOf(whose).includes(entry.mock.cause);
    if (!isLent) ledger.serve(entry.mock); // what answers for another case than its own stays the other's
    turns.gave(entry);
    return strictness;
  };
  const giveExact = ({ group, live, calls }: Remembered): Matched => {
    const asking = running.whose(live.request.headers);
    const offer = turns.next(group, asking);
    const strictness = give(offer, 'exact', asking);
    const { entry } = offer;
    const whose = settled(asking, group);
    const known = calls.get(entry);
    const call = known ?? differencesOfCall(entry, live, noise.excuse);
    if (known === undefined) {
      calls.set(entry, call);
      noteTime(entry, live);
    }
    return { kind: 'match', strictness, mock: entry.mock, live, excused: [], call, whose };
  };
  const giveUnderNoise = ({ offer, group }: { offer: Offer; group: Group }, live: Entry, asking: Whose): Match => {
    const { entry } = offer;
    const excused = noise.excusesOf(entry, live);
    const call = differencesOfCall(entry, live, noise.excuse);
    const strictness = give(offer, 'noise', asking);
    noise.learn(excused);
    noteTime(entry, live);
    const whose = settled(asking, group);
    return { kind: 'match', strictness, mock: entry.mock, live, excused, call, whose };
  };
  return {
    entries,
    excuse: noise.excuse,
    decides: places.decides,
    take: (shelf) => turns.add(load(shelf), epochOf),
    learnWords(read) {
      known = read;
    },
    again(wire) {
      const known = remembered.get(wire);
      return known === undefined ? undefined : giveExact(known);
    },
    match(ask, wire) {
      const live = places.asked(entryOf(described.of(ask), options));
      const group = exact.of(live);
      if (group !== undefined) {
        if (remembered.size >= rememberedLimit) remembered.clear();
        const known = { group, live, calls: new Map<MockEntry, CallDifferences>() };
        remembered.set(wire, known);
        return giveExact(known);
      }
      const recordedAs = noise.withRecordedIds(live);
      const same = recordedAs === live ? undefined : exact.of(recordedAs);
      const whose = running.whose(live.request.headers);
      const found =
        same === undefined ? noise.find(recordedAs, whose) : { offer: turns.next(same, whose), group: same };
      return found === null ? { kind: 'miss', entry: live, whose } : giveUnderNoise(found, live, whose);
    },
    refusal: (upstream) => ledger.refusal(upstream, running),
    begin(each) {
      running.begin(each);
      clock.note(clock.pairOf(each.recorded, { fromUs: each.startedAtUs, toUs: each.startedAtUs }));
      noise.standsFor(each.carried);
    },
    end(id, named = []) {
      running.end(id);
      noise.standsFor(named);
    },
    get isPlayed() {
      return running.isPlayed;
    },
    whose: (headers) => running.whose(headers),
    served: () => ({ ...counts, refused: ledger.refused() }),
    unused: ledger.unused,
  };
}

/** What is known of the messages of a recorded call is true of a live one to the same path. */
class Described {
  private readonly bodies = new Map<string, Mock['request']['body']>();

  note(entries: readonly Entry[]): void {
    for (const { request } of entries) {
      if (request.body.schema !== undefined) this.bodies.set(pathOf({ request }), request.body);
    }
  }

  of(ask: Ask): Ask {
    if (this.bodies.size === 0) return ask;
    const body = this.bodies.get(pathOf(ask));
    return body === undefined
      ? ask
      : { ...ask, request: { ...ask.request, body: describedAs(ask.request.body, body) } };
  }
}

function pathOf({ request }: Pick<Ask, 'request'>): string {
  return splitTarget(addressOf(request).path).path;
}
