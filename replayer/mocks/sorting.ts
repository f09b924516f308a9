/** What exchanges are to mocks, put into one order: mocks, refused connects between them, and what is not served, with the reason. */
import { addressOf } from '../../tape/model/http/http';
import type { StoredExchange } from '../../tape/store/tape';
import { arranged, readerOf } from './hosts/readers';
import type { Mock, MockSet, NotServed, Refusal, ShelvedMock, ShelvedMocks } from './mock';
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

export class Sorting {
  /** Those that had to be looked at to be known. */
  readonly shelved: ShelvedMock[] = [];
  private readonly mocks: Mock[] = [];
  private readonly refused: Refused[] = [];
  private readonly left: NotServed[] = [];
  private readonly upstreams = new Map<string, Upstream>();
  private size = 0;

  add(draft: Draft | null): void {
    switch (draft?.kind) {
      case 'mock':
        this.mocks.push({ ...draft.mock, ...this.place(draft.upstream) });
        break;
      case 'shelved':
        this.shelved.push({ ...draft.mock, ...this.place(draft.upstream) });
        break;
      case 'refusal': {
        const { id, cause, upstream } = draft;
        this.refused.push({ id, cause, upstream: this.seen(upstream), index: this.size });
        break;
      }
      case 'not-served':
        this.left.push(draft.notServed);
    }
  }

  /** The index of a shelved mock of which nothing else need be known. */
  shelve(upstream: Upstream): number {
    return this.place(upstream).index;
  }

  /** `shelved` is left out where nothing is. */
  set(shelved: ShelvedMocks | null): Pick<MockSet, 'mocks' | 'shelved' | 'refusals' | 'notServed' | 'upstreams'> {
    const { mocks, refused, left: notServed } = this;
    return {
      mocks: arranged(mocks),
      ...(shelved === null || shelved.size === 0 ? {} : { shelved }),
      refusals: refused.length === 0 ? [] : refusalsAmong(refused, { mocks, shelved }),
      notServed,
      upstreams: [...this.upstreams.values()],
    };
  }

  private place(upstream: Upstream): Pick<Mock, 'index' | 'upstream'> {
    return { index: this.size++, upstream: this.seen(upstream) };
  }

  private seen(upstream: Upstream): string {
    const { name } = upstream;
    if (!this.upstreams.has(name)) this.upstreams.set(name, upstream);
    return name;
  }
}

/** `index` is that of the mock that follows. */
type Refused = Pick<Mock, 'id' | 'cause' | 'upstream' | 'index'>;

/** What was recorded before each of them: looked at only here, as most recordings have no refusals. */
function refusalsAmong(
  refused: readonly Refused[],
  { mocks, shelved }: { readonly mocks: readonly Mock[]; readonly shelved: ShelvedMocks | null },
): readonly Refusal[] {
  const upstreams = new Set(refused.map(({ upstream }) => upstream));
  const isOf = ({ upstream }: Pick<Mock, 'upstream'>): boolean => upstreams.has(upstream);
  const counted = [...mocks.filter(isOf), ...(shelved?.of(isOf) ?? [])].sort((a, b) => a.index - b.index);
  const counts = new Map([...upstreams].map((name) => [name, new Counts()]));
  let looked = 0;
  return refused.map(({ id, cause, upstream, index }) => {
    for (; (counted[looked]?.index ?? index) < index; looked++) {
      const mock = counted[looked] as Pick<Mock, 'upstream' | 'cause'>;
      counts.get(mock.upstream)?.note(mock.cause);
    }
    const before = counts.get(upstream);
    return { id, upstream, after: before?.all ?? 0, cause, own: before?.of(cause) ?? 0 };
  });
}

class Counts {
  all = 0;
  private readonly byCause = new Map<string | null, number>();

  note(cause: string | null): void {
    this.all++;
    this.byCause.set(cause, this.of(cause) + 1);
  }

  of(cause: string | null): number {
    return this.byCause.get(cause) ?? 0;
  }
}
