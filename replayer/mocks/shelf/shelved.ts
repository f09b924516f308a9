/**
 * The mocks of a long tape by outlines of its exchanges, in the order and with the names they have where all of them are read
 * whole. What an outline does not say enough of is read here, and kept only where it cannot be read again when it is asked for.
 */
import type { ExchangeOutline, StoredExchange } from '../../../tape/store/tape';
import { type OutlinedMock, outlinedMock } from '../hosts/readers';
import type { MockSet } from '../mock';
import { dependenciesNamed, isAsked } from '../served';
import { type Draft, draftOf, Sorting, shelvedDraft } from '../sorting';
import { type Upstream, upstreamAsked, upstreamOf } from '../upstream';

export interface ShelvedFrom {
  /** Of outbound exchanges, in the order of the tape. */
  readonly outlines: AsyncIterable<readonly ExchangeOutline[]>;
  /** Those with these ids, in their order. */
  read(ids: readonly string[]): AsyncIterable<StoredExchange>;
}

/** `heard` of the set is empty: who serves it reads that from the tape, too. */
export async function shelvedFrom({ outlines, read }: ShelvedFrom): Promise<MockSet> {
  const sorting = new Sorting();
  const waiting: Waiting[] = [];
  const named = new Names();
  let count = 0;
  for await (const page of outlines) {
    for (const outline of page) {
      const outlined = outlinedMock(outline);
      const upstream = outlined === null ? null : named.asked(outline);
      const at = count++;
      if (outlined === null || upstream === null) waiting.push({ id: outline.id, at, draft: null });
      else {
        named.note(outline.connection.remote, upstream, at);
        if (waiting.length === 0) sorting.shelve(outline, outlined, upstream);
        else waiting.push({ id: outline.id, at, draft: draftFrom(outline, outlined, upstream) });
      }
    }
  }
  await readInto(waiting, { read, named });
  for (const { draft } of waiting) sorting.add(draft);
  return { ...sorting.set(), heard: [], anyHost: false };
}

/** One that must be read, or comes behind such a one. */
interface Waiting {
  readonly id: string;
  /** Its place among all. */
  readonly at: number;
  draft: Draft | null;
}

function draftFrom({ id, causeId: cause }: ExchangeOutline, outlined: OutlinedMock, upstream: Upstream): Draft {
  return { kind: 'shelved', mock: { id, cause, ...outlined }, upstream };
}

interface ToRead extends Pick<ShelvedFrom, 'read'> {
  readonly named: Names;
}

/** What was never asked waits until every address has its name. */
async function readInto(waiting: readonly Waiting[], { read, named }: ToRead): Promise<void> {
  const toRead = new Map(waiting.filter(({ draft }) => draft === null).map((each) => [each.id, each]));
  const unasked: [StoredExchange, Waiting][] = [];
  for await (const stored of read([...toRead.keys()])) {
    const each = toRead.get(stored.id);
    if (each === undefined) continue;
    if (isAsked(stored.exchange)) {
      named.note(stored.exchange.connection.remote, upstreamOf(stored.exchange), each.at);
      each.draft = shelvedDraft(draftOf(stored, upstreamOf), stored);
    } else unasked.push([stored, each]);
  }
  const naming = dependenciesNamed(named.byAddress());
  for (const [stored, each] of unasked) each.draft = draftOf(stored, naming);
}

/** What upstreams were called by those who asked them. */
class Names {
  private readonly known = new WeakMap<ExchangeOutline['connection'], Map<string | null, Upstream | null>>();
  private readonly first = new Map<string, { readonly upstream: Upstream; readonly at: number }>();

  /** Of an outline that says all of its address. */
  asked({ connection, authority: host }: ExchangeOutline): Upstream | null {
    const byHost = this.known.get(connection) ?? new Map<string | null, Upstream | null>();
    this.known.set(connection, byHost);
    const before = byHost.get(host);
    if (before !== undefined) return before;
    const upstream = upstreamAsked({ host, scheme: null, connection });
    byHost.set(host, upstream);
    return upstream;
  }

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
