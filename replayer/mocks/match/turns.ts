/**
 * Whose turn it is among the mocks of one request. Outside of a run: in recorded order, as the state of the upstream allows.
 * In a run each case has its own: those recorded under it, then those whose case is not known, and only then what was
 * recorded under another, which is lent and stays the other's.
 */
import type { MockEntry } from './entry';
import { beforeAll, type Epoch, type Epochs } from './epochs';
import type { Group } from './group';
import type { Running } from './running';
import { again, elsewhere, fresh, nextOf, type Offer, type Strand } from './strand';
import { idsOf, type Whose } from './whose';

/** Of all that is recorded, whichever case it belongs to. */
const everything = '*';
/** Of what is known to belong to no case in particular. */
const open = '';

export interface Turns {
  /** The mocks that may answer, best first; in a run as the case has them that asks. */
  offers(group: Group, whose: Whose): Generator<Offer>;
  /** The first of them. */
  next(group: Group, whose: Whose): Offer;
  /** Further mocks, whose epochs are known. */
  add(entries: readonly MockEntry[], epochOf: (entry: MockEntry) => EntryEpochs): void;
  /** Takes note of one that answered: a write moves the state of its upstream. */
  gave(entry: MockEntry): void;
}

/** The writes a mock was recorded after: of all that is recorded, and of its own case. */
export interface EntryEpochs {
  readonly all: Epoch;
  readonly own: Epoch;
}

export interface TurnOptions {
  /** Empty, for what is served from now on. */
  readonly made: Epochs;
  /** For the recording as a whole. */
  readonly recorded: Epochs;
  readonly running: Running;
  isGiven(entry: MockEntry): boolean;
}

/** `entries` are all mocks, in recorded order, but for those that are added. */
export function createTurns(entries: readonly MockEntry[], { made, recorded, running, isGiven }: TurnOptions): Turns {
  const epochs = new Map<MockEntry, EntryEpochs>();
  for (const entry of entries) {
    epochs.set(entry, { all: recorded.of(entry, everything), own: recorded.of(entry, scopeOf(entry)) });
    recorded.note(entry, [everything, scopeOf(entry)]);
  }
  const strands = new WeakMap<Group, Strands>();
  const strandsOf = (group: Group): Strands => {
    const known = strands.get(group);
    if (known !== undefined) return known;
    const all = byPath(group.entries, (entry) => epochs.get(entry)?.all ?? beforeAll);
    const byScope = new Map(
      [...Map.groupBy(group.entries, scopeOf)].map(([scope, own]) => [
        scope,
        byPath(own, (entry) => epochs.get(entry)?.own ?? beforeAll),
      ]),
    );
    const cut = { all, byScope };
    strands.set(group, cut);
    return cut;
  };
  const nowIn = (scope: string) => (strand: Strand) => {
    const [first] = strand.entries;
    return first === undefined ? beforeAll : made.of(first, scope);
  };
  const freshOf = (own: readonly Strand[], scope: string) =>
    merged(
      own.map((strand) => fresh(strand, nowIn(scope)(strand), isGiven)),
      inOrder,
    );
  const againOf = (own: readonly Strand[], scope: string) =>
    merged(
      own.map((strand) => again(strand, nowIn(scope)(strand))),
      lastFirst,
    );

  function* inRun({ all, byScope }: Strands, ids: readonly string[]): Generator<Offer> {
    for (const offer of merged(
      ids.map((id) => freshOf(byScope.get(id) ?? [], id)),
      inOrder,
    ))
      yield offer;
    const opens = byScope.get(open) ?? [];
    for (const offer of freshOf(opens, open)) if (running.isWithin(offer.entry.span.fromUs, ids)) yield offer;
    for (const id of ids) yield* againOf(byScope.get(id) ?? [], id);
    yield* freshOf(opens, open);
    yield* againOf(opens, open);
    yield* lent(all, running.untilUs(ids));
  }

  function* offers(group: Group, whose: Whose): Generator<Offer> {
    const own = strandsOf(group);
    if (running.isPlayed) {
      yield* inRun(own, idsOf(whose));
      return;
    }
    yield* freshOf(own.all, everything);
    yield* againOf(own.all, everything);
    for (const strand of own.all) yield* elsewhere(strand, nowIn(everything)(strand));
  }

  return {
    offers,
    next(group, whose) {
      const [strand, second] = running.isPlayed ? [] : strandsOf(group).all;
      const isOne = strand !== undefined && second === undefined;
      const offer = isOne ? nextOf(strand, nowIn(everything)(strand), isGiven) : offers(group, whose).next().value;
      if (offer === undefined) throw new RangeError('a group holds at least one mock');
      return offer;
    },
    add(more, epochOf) {
      for (const entry of more) epochs.set(entry, epochOf(entry));
    },
    gave(entry) {
      made.note(entry, [everything, scopeOf(entry)]);
    },
  };
}

interface Strands {
  readonly all: readonly Strand[];
  readonly byScope: ReadonlyMap<string, readonly Strand[]>;
}

function scopeOf({ mock }: MockEntry): string {
  return mock.cause ?? open;
}

/** A strand for each path: what a write moves is a question of paths. */
function byPath(entries: readonly MockEntry[], epochOf: (entry: MockEntry) => Epoch): readonly Strand[] {
  const paths = Map.groupBy(entries, ({ content }) => JSON.stringify(content.value.path));
  return [...paths.values()].map((own) => ({ entries: own, epochs: own.map(epochOf), next: 0 }));
}

/** As things stood when the running cases were over in the recording: the last before that, then what came after it. */
function* lent(strands: readonly Strand[], untilUs: number): Generator<Offer> {
  const entries = strands.flatMap((strand) => strand.entries).sort((a, b) => a.mock.index - b.mock.index);
  const before = entries.filter(({ span }) => span.fromUs <= untilUs).reverse();
  const after = entries.filter(({ span }) => span.fromUs > untilUs);
  for (const entry of [...before, ...after]) yield { entry, isOff: true, isRepeat: true };
}

type ByIndex = (a: Offer, b: Offer) => number;
const inOrder: ByIndex = (a, b) => a.entry.mock.index - b.entry.mock.index;
const lastFirst: ByIndex = (a, b) => inOrder(b, a);

/** One alone is in its order already, and need not be taken out whole. */
function* merged(sources: readonly Generator<Offer>[], order: ByIndex): Generator<Offer> {
  const [only] = sources;
  if (sources.length > 1) yield* sources.flatMap((source) => [...source]).sort(order);
  else if (only !== undefined) yield* only;
}
