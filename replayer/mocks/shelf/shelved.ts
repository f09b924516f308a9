/**
 * The mocks of a long tape by outlines of its exchanges, in the order and with the names they have where all of them are read
 * whole. What an outline does not say enough of is read here, and kept only where it cannot be read again when it is asked for.
 */
import type { ExchangeOutline, StoredExchange } from '../../../tape/store/tape';
import { outlinedMock } from '../hosts/readers';
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
  const drafts: (Draft | null)[] = [];
  const toRead = new Map<string, number>();
  const named = new Names();
  for await (const page of outlines) {
    for (const outline of page) {
      const draft = shelvedBy(outline, named);
      if (draft !== null) named.note(outline.connection.remote, draft.upstream, drafts.length);
      else toRead.set(outline.id, drafts.length);
      drafts.push(draft);
    }
  }
  await readInto(drafts, { read, toRead, named });
  const sorting = new Sorting();
  for (const draft of drafts) sorting.add(draft);
  return { ...sorting.set(), heard: [], anyHost: false };
}

type Shelved = Draft & { readonly kind: 'shelved' };

function shelvedBy(outline: ExchangeOutline, named: Names): Shelved | null {
  const outlined = outlinedMock(outline);
  const upstream = outlined === null ? null : named.asked(outline);
  if (outlined === null || upstream === null) return null;
  const { method, target, status } = outlined;
  return { kind: 'shelved', mock: { id: outline.id, cause: outline.causeId, method, target, status }, upstream };
}

interface ToRead extends Pick<ShelvedFrom, 'read'> {
  /** Ids, and where their drafts stand. */
  readonly toRead: ReadonlyMap<string, number>;
  readonly named: Names;
}

/** What was never asked waits until every address has its name. */
async function readInto(drafts: (Draft | null)[], { read, toRead, named }: ToRead): Promise<void> {
  const unasked: StoredExchange[] = [];
  for await (const stored of read([...toRead.keys()])) {
    const at = toRead.get(stored.id) ?? 0;
    if (isAsked(stored.exchange)) {
      named.note(stored.exchange.connection.remote, upstreamOf(stored.exchange), at);
      drafts[at] = shelvedDraft(draftOf(stored, upstreamOf), stored);
    } else unasked.push(stored);
  }
  const naming = dependenciesNamed(named.byAddress());
  for (const stored of unasked) drafts[toRead.get(stored.id) ?? 0] = draftOf(stored, naming);
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
