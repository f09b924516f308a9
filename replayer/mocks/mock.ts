/**
 * Mocks as plain data: what was asked of an upstream and what came back, in recorded order. Identity is not here:
 * it is computed when a matcher loads the mocks, so that changing how requests are matched never needs a new tape.
 * Nothing incomplete becomes a mock; what is left out is listed with the reason.
 */
import type { HttpRequest } from '../../tape/model/http/http';
import { httpOf } from '../../tape/model/registry';
import type { RedactionEntry } from '../../tape/redact/redacted';
import type { StoredExchange } from '../../tape/store/tape';
import type { Answer, HostName } from './answers';
import type { OutlinedMock } from './hosts/readers';
import { namingFor, type Serve } from './served';
import { draftOf, Sorting } from './sorting';
import type { Upstream } from './upstream';

export interface Mock {
  /** The id of the exchange on the tape. */
  readonly id: string;
  /** Position in recorded order, from 0. */
  readonly index: number;
  /** The id of the inbound exchange that caused it; null where that is not known. */
  readonly cause: string | null;
  readonly upstream: string;
  /** Who serves it. */
  readonly host: HostName;
  readonly request: HttpRequest;
  /** What redaction took out of the request, and what stands there now. */
  readonly redacted: readonly RedactionEntry[];
  /** The same of the answer. */
  readonly answerRedacted: readonly RedactionEntry[];
  readonly answer: Answer;
  /** Set where what was answered lies on the tape, to be read when it is due: here are its kind and its status. */
  readonly isOnTape?: true;
}

/** A mock of a long tape, as far as it is known before anybody asks for it. */
export interface ShelvedMock extends OutlinedMock, Pick<Mock, 'id' | 'index' | 'cause' | 'upstream'> {}

/** What is the same of many shelved mocks. */
export type ShelvedKind = Pick<ShelvedMock, 'upstream' | 'method' | 'status'>;

/** There may be a million: they are counted, and made when somebody asks for them. */
export interface ShelvedMocks {
  readonly size: number;
  /** Several may be equal. */
  readonly kinds: readonly (ShelvedKind & { readonly count: number })[];
  /** In recorded order, made anew each time. */
  of(isWanted: (kind: ShelvedKind) => boolean): readonly ShelvedMock[];
}

/** A connect that was refused: due once `after` mocks of its upstream have been served. */
export interface Refusal {
  readonly id: string;
  readonly upstream: string;
  readonly after: number;
  /** The id of the inbound exchange that caused it; null where that is not known. */
  readonly cause: string | null;
  /** How many of the mocks before it have the same cause. */
  readonly own: number;
}

export interface NotServed {
  readonly id: string;
  readonly upstream: string | null;
  readonly reason: string;
}

export interface MockSet {
  readonly mocks: readonly Mock[];
  /** More of them, of which the rest is read when it is asked for; left out where all are at hand. */
  readonly shelved?: ShelvedMocks;
  readonly refusals: readonly Refusal[];
  /** In order of first appearance. */
  readonly upstreams: readonly Upstream[];
  readonly notServed: readonly NotServed[];
  /** What the recorded service was asked itself, where that is known. */
  readonly heard: readonly HttpRequest[];
  /** Whether a Host that names none of the upstreams means the one on that port, or the only one. */
  readonly anyHost: boolean;
}

export interface MocksFromOptions {
  /** Whose answers; default `outbound`. */
  readonly serve?: Serve;
  /** The requests of the other side, which say what the service did not make up itself. */
  readonly heard?: readonly HttpRequest[];
}

/** The exchanges of one side as mocks, by default the outbound ones; those of the other and unknown protocols are passed over. */
export function mocksFrom(exchanges: Iterable<StoredExchange>, options: MocksFromOptions = {}): MockSet {
  const { serve = 'outbound', heard = [] } = options;
  const chosen = [...exchanges].filter((stored) => stored.exchange.connection.direction === serve);
  const naming = namingFor(serve, chosen);
  const sorting = new Sorting();
  for (const stored of chosen) sorting.add(draftOf(stored, naming));
  return { ...sorting.set(null), heard, anyHost: serve === 'inbound' };
}

/** What was asked in exchanges, one by one as they are read: of a long recording their answers need not be held. */
export async function requestsIn(exchanges: AsyncIterable<StoredExchange>): Promise<readonly HttpRequest[]> {
  const asked: HttpRequest[] = [];
  for await (const stored of exchanges) asked.push(...requestIn(stored));
  return asked;
}

/** None where it is no HTTP, or the request was not seen. */
export function requestIn({ exchange }: StoredExchange): readonly HttpRequest[] {
  const request = httpOf(exchange)?.request ?? null;
  return request === null ? [] : [request];
}
