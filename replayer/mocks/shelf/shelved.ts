/**
 * The mocks of a long tape by outlines of its exchanges, in the order and with the names they have where all of them are read
 * whole. What an outline does not say enough of is read here, and kept only where it cannot be read again when it is asked for.
 */
import type { OutlineKind, Outlines, StoredExchange } from '../../../tape/store/tape';
import { type OutlinedMock, outlinedMocks } from '../hosts/readers';
import type { MockSet, ShelvedKind, ShelvedMock, ShelvedMocks } from '../mock';
import { dependenciesNamed, isAsked } from '../served';
import { type Draft, draftOf, Sorting, shelvedDraft } from '../sorting';
import { type Upstream, upstreamAsked, upstreamOf } from '../upstream';

export interface ShelvedFrom {
  /** Of outbound exchanges. */
  readonly outlines: Outlines;
  /** Those with these ids, in their order. */
  read(ids: readonly string[]): AsyncIterable<StoredExchange>;
}

/** `heard` of the set is empty: who serves it reads that from the tape, too. */
export async function shelvedFrom({ outlines, read }: ShelvedFrom): Promise<MockSet> {
  const known = outlines.kinds.map(knownOf);
  const drafts = await draftsOf({ outlines, known, read });
  const sorting = new Sorting();
  const indices = new Uint32Array(outlines.kindOf.length);
  outlines.kindOf.forEach((kind, at) => {
    const own = known[kind] ?? null;
    if (own === null) sorting.add(drafts.get(at) ?? null);
    else indices[at] = sorting.shelve(own.upstream);
  });
  const shelved = new OutlinedMocks({ outlines, known, indices, others: sorting.shelved });
  return { ...sorting.set(shelved), heard: [], anyHost: false };
}

/** What an outline alone says. */
interface Known extends Omit<OutlinedMock, 'target'> {
  readonly upstream: Upstream;
}

/** Null where the exchanges must be read. */
function knownOf(kind: OutlineKind): Known | null {
  const outlined = outlinedMocks(kind);
  const { connection, authority: host } = kind;
  const upstream = outlined === null ? null : upstreamAsked({ host, scheme: null, connection });
  return outlined === null || upstream === null ? null : { ...outlined, upstream };
}

interface Reading extends ShelvedFrom {
  /** By the numbers of their kinds. */
  readonly known: readonly (Known | null)[];
}

/** Of those that must be read, by their places. What was never asked waits until every address has its name. */
async function draftsOf({ outlines, known, read }: Reading): Promise<ReadonlyMap<number, Draft | null>> {
  const places = new Map(
    Array.from(
      outlines.of((kind) => known[kind] === null),
      ({ id, at }) => [id, at],
    ),
  );
  const names = namesIn(outlines, known);
  const drafts = new Map<number, Draft | null>();
  const unasked: [place: number, StoredExchange][] = [];
  for await (const stored of read([...places.keys()])) {
    const place = places.get(stored.id);
    if (place === undefined) continue;
    if (isAsked(stored.exchange)) {
      names.note(stored.exchange.connection.remote, upstreamOf(stored.exchange), place);
      drafts.set(place, shelvedDraft(draftOf(stored, upstreamOf), stored));
    } else unasked.push([place, stored]);
  }
  const naming = dependenciesNamed(names.byAddress());
  for (const [place, stored] of unasked) drafts.set(place, draftOf(stored, naming));
  return drafts;
}

function namesIn({ kinds, kindOf }: Outlines, known: Reading['known']): Names {
  const firsts = new Uint32Array(kinds.length);
  kindOf.toReversed().forEach((kind, fromEnd) => {
    firsts[kind] = kindOf.length - 1 - fromEnd;
  });
  const names = new Names();
  for (const [kind, { connection }] of kinds.entries()) {
    names.note(connection.remote, known[kind]?.upstream ?? null, firsts[kind] as number);
  }
  return names;
}

/** What upstreams were called by those who asked them. */
class Names {
  private readonly first = new Map<string, { readonly upstream: Upstream; readonly at: number }>();

  /** The first one on the tape gives an address its name. */
  note(remote: string | null, upstream: Upstream | null, at: number): void {
    if (remote === null || upstream === null) return;
    const first = this.first.get(remote);
    if (first === undefined || at < first.at) this.first.set(remote, { upstream, at });
  }

  byAddress(): ReadonlyMap<string, Upstream> {
    return new Map([...this.first].map(([remote, { upstream }]) => [remote, upstream]));
  }
}

interface OutlinedMocksOf extends Omit<Reading, 'read'> {
  /** What index each has, by its place. */
  readonly indices: Uint32Array;
  /** Those that had to be read. */
  readonly others: readonly ShelvedMock[];
}

class OutlinedMocks implements ShelvedMocks {
  readonly size: number;
  readonly kinds: ShelvedMocks['kinds'];
  private readonly kindAt: readonly (ShelvedKind | null)[];

  constructor(private readonly from: OutlinedMocksOf) {
    const { outlines, known, others } = from;
    this.kindAt = known.map((own) => own && { ...own, upstream: own.upstream.name });
    const counts = new Uint32Array(known.length);
    for (const kind of outlines.kindOf) counts[kind] = (counts[kind] as number) + 1;
    const outlined = this.kindAt.flatMap((own, kind) =>
      own === null ? [] : [{ ...own, count: counts[kind] as number }],
    );
    this.kinds = [...outlined, ...kindsOf(others)];
    this.size = this.kinds.reduce((sum, { count }) => sum + count, 0);
  }

  of(isWanted: (kind: ShelvedKind) => boolean): readonly ShelvedMock[] {
    const { outlines, indices, others } = this.from;
    const wanted = this.kindAt.map((kind) => kind !== null && isWanted(kind));
    const outlined = wanted.includes(true) ? outlines.of((kind) => wanted[kind] === true) : [];
    const mocks = Array.from(outlined, ({ at, id, causeId: cause, target }): ShelvedMock => {
      const { method, status, upstream } = this.kindAt[outlines.kindOf[at] as number] as ShelvedKind;
      return { id, cause, method, target: target as string, status, index: indices[at] as number, upstream };
    });
    const read = others.filter(isWanted);
    return read.length === 0 ? mocks : [...mocks, ...read].sort((a, b) => a.index - b.index);
  }
}

function kindsOf(mocks: readonly ShelvedMock[]): ShelvedMocks['kinds'] {
  const alike = Map.groupBy(mocks, ({ upstream, method, status }) => `${status} ${method} ${upstream}`);
  return [...alike.values()].map(([first, ...more]) => {
    const { upstream, method, status } = first as ShelvedMock;
    return { upstream, method, status, count: 1 + more.length };
  });
}
