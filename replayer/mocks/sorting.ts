/** What exchanges are to mocks, put into one order: mocks, refused connects between them, and what is not served, with the reason. */
import { addressOf } from '../../tape/model/http/http';
import type { ExchangeOutline, StoredExchange } from '../../tape/store/tape';
import { arranged, type OutlinedMock, readerOf } from './hosts/readers';
import type { Mock, MockSet, NotServed, Refusal, ShelvedMock } from './mock';
import { isAsked, type Naming } from './served';
import type { Upstream } from './upstream';

/** What one exchange is, before its place among the others is known. */
export type Draft =
  | { readonly kind: 'mock'; readonly mock: Omit<Mock, 'index' | 'upstream'>; readonly upstream: Upstream }
  | { readonly kind: 'shelved'; readonly mock: Omit<ShelvedMock, 'index' | 'upstream'>; readonly upstream: Upstream }
  | { readonly kind: 'refusal'; readonly id: string; readonly cause: string | null; readonly upstream: Upstream }
  | { readonly kind: 'not-served'; readonly notServed: NotServed };

/** Null for what is passed over: of no protocol that is served. */
export function draftOf(stored: StoredExchange, naming: Naming): Draft | null {
  const { exchange, id, causeId: cause } = stored;
  const reader = readerOf(exchange);
  const isRefusal = exchange.outcome === 'refused' && !isAsked(exchange);
  if (reader === null && !isRefusal) return null;
  const upstream = naming(exchange);
  if (upstream === null) return notServed(id, null, 'unknown-upstream');
  if (reader === null || isRefusal) return { kind: 'refusal', id, cause, upstream };
  const read = reader.read(exchange);
  if ('reason' in read) return notServed(id, upstream, read.reason);
  const mock = {
    id,
    cause,
    host: reader.host,
    request: read.request,
    redacted: stored.redacted.filter((entry) => entry.in === 'request'),
    answerRedacted: stored.redacted.filter((entry) => entry.in === 'response'),
    answer: read.answer,
  };
  return { kind: 'mock', mock, upstream };
}

/** The same as far as it must be known before anybody asks, where its host can read the rest when somebody does. */
export function shelvedDraft(draft: Draft | null, stored: StoredExchange): Draft | null {
  if (draft?.kind !== 'mock' || readerOf(stored.exchange)?.outlined === undefined) return draft;
  const { id, cause, request, answer } = draft.mock;
  const status = answer.kind === 'response' ? answer.response.status : null;
  const mock = { id, cause, method: request.method, target: addressOf(request).path, status };
  return { kind: 'shelved', mock, upstream: draft.upstream };
}

function notServed(id: string, upstream: Upstream | null, reason: string): Draft {
  return { kind: 'not-served', notServed: { id, upstream: upstream?.name ?? null, reason } };
}

type Counted = Pick<Mock, 'upstream' | 'cause'>;

export class Sorting {
  private readonly mocks: Mock[] = [];
  private readonly shelved: ShelvedMock[] = [];
  private readonly refusals: Refusal[] = [];
  private readonly left: NotServed[] = [];
  private readonly upstreams = new Map<string, Upstream>();
  /** Of the mocks that were there when it was looked last: most recordings have no refusals. */
  private readonly counted: Counted[] = [];
  private readonly counts = new Map<string, { all: number; readonly byCause: Map<string | null, number> }>();
  private looked = 0;

  add(draft: Draft | null): void {
    switch (draft?.kind) {
      case 'mock':
        this.mocks.push(this.placed<Mock>(draft));
        break;
      case 'shelved':
        this.shelved.push(this.placed<ShelvedMock>(draft));
        break;
      case 'refusal': {
        const { id, cause, upstream } = draft;
        const { all, byCause } = this.countsOf(upstream.name);
        const own = byCause.get(cause) ?? 0;
        this.refusals.push({ id, upstream: this.seen(upstream), after: all, cause, own });
        break;
      }
      case 'not-served':
        this.left.push(draft.notServed);
    }
  }

  /** The same as a draft of it, of which there may be a million: nothing is made beside it. */
  shelve({ id, causeId: cause }: Pick<ExchangeOutline, 'id' | 'causeId'>, outlined: OutlinedMock, of: Upstream): void {
    const { method, target, status } = outlined;
    const mock = { id, cause, method, target, status, index: this.counted.length, upstream: this.seen(of) };
    this.counted.push(mock);
    this.shelved.push(mock);
  }

  /** `shelved` is left out where nothing is. */
  set(): Pick<MockSet, 'mocks' | 'shelved' | 'refusals' | 'notServed' | 'upstreams'> {
    const { mocks, shelved, refusals, left: notServed } = this;
    const upstreams = [...this.upstreams.values()];
    return { mocks: arranged(mocks), ...(shelved.length === 0 ? {} : { shelved }), refusals, notServed, upstreams };
  }

  private placed<M extends Counted>(draft: {
    readonly mock: Omit<M, 'index' | 'upstream'>;
    readonly upstream: Upstream;
  }) {
    const mock = { ...draft.mock, index: this.counted.length, upstream: this.seen(draft.upstream) } as unknown as M;
    this.counted.push(mock);
    return mock;
  }

  private countsOf(upstream: string) {
    for (; this.looked < this.counted.length; this.looked++) {
      const { upstream: name, cause } = this.counted[this.looked] as Counted;
      const counts = this.counts.get(name) ?? { all: 0, byCause: new Map() };
      this.counts.set(name, counts);
      counts.all++;
      counts.byCause.set(cause, (counts.byCause.get(cause) ?? 0) + 1);
    }
    return this.counts.get(upstream) ?? { all: 0, byCause: new Map<string | null, number>() };
  }

  private seen(upstream: Upstream): string {
    const { name } = upstream;
    if (!this.upstreams.has(name)) this.upstreams.set(name, upstream);
    return name;
  }
}
