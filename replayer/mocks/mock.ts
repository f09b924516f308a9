/**
 * Mocks as plain data: what was asked of an upstream and what came back, in recorded order. Identity is not here:
 * it is computed when a matcher loads the mocks, so that changing how requests are matched never needs a new tape.
 * Nothing incomplete becomes a mock; what is left out is listed with the reason.
 */
import type { Exchange, Outcome } from '../../tape/model/exchange';
import { type HttpContent, type HttpRequest, type HttpResponse, noHttp } from '../../tape/model/http/http';
import { httpOf, modelFor } from '../../tape/model/registry';
import type { RedactionEntry } from '../../tape/redact/redacted';
import type { StoredExchange } from '../../tape/store/tape';
import { type Naming, namingFor, type Serve } from './served';
import type { Upstream } from './upstream';

/** How an upstream ends a request it does not answer. */
export type Failure = 'reset' | 'closed' | 'timeout';

export type Answer =
  | { readonly kind: 'response'; readonly response: HttpResponse; readonly latencyMs: number }
  | { readonly kind: Failure };

export interface Mock {
  /** The id of the exchange on the tape. */
  readonly id: string;
  /** Position in recorded order, from 0. */
  readonly index: number;
  readonly upstream: string;
  readonly request: HttpRequest;
  /** What redaction took out of the request, and what stands there now. */
  readonly redacted: readonly RedactionEntry[];
  readonly answer: Answer;
}

/** A connect that was refused: due once `after` mocks of its upstream have been served. */
export interface Refusal {
  readonly id: string;
  readonly upstream: string;
  readonly after: number;
}

export interface NotServed {
  readonly id: string;
  readonly upstream: string | null;
  readonly reason: string;
}

export interface MockSet {
  readonly mocks: readonly Mock[];
  readonly refusals: readonly Refusal[];
  /** In order of first appearance. */
  readonly upstreams: readonly Upstream[];
  readonly notServed: readonly NotServed[];
  /** Whether a Host that names none of the upstreams means the one on that port, or the only one. */
  readonly anyHost: boolean;
}

/** Problems that leave the request and its answer whole. */
const harmless = new Set<string>(['uncertain-connection']);
const failures = new Set<string>(['reset', 'closed', 'timeout'] satisfies Failure[]);

export interface MocksFromOptions {
  /** Whose answers; default `outbound`. */
  readonly serve?: Serve;
  /** Whether what serves them can stand for every version of HTTP; default false: the host speaks HTTP/1.1 alone. */
  readonly anyVersion?: boolean;
}

/** The exchanges of one side as mocks, by default the outbound ones; those of the other and unknown protocols are passed over. */
export function mocksFrom(exchanges: Iterable<StoredExchange>, options: MocksFromOptions = {}): MockSet {
  const { serve = 'outbound', anyVersion = false } = options;
  const chosen = [...exchanges].filter((stored) => stored.exchange.connection.direction === serve);
  const naming = namingFor(serve, chosen);
  const found: Found = { mocks: [], refusals: [], upstreams: new Map(), counts: new Map(), notServed: [] };
  for (const stored of chosen) sort(stored, { naming, anyVersion }, found);
  const { mocks, refusals, notServed } = found;
  return { mocks, refusals, notServed, upstreams: [...found.upstreams.values()], anyHost: serve === 'inbound' };
}

interface Sorting {
  readonly naming: Naming;
  readonly anyVersion: boolean;
}

interface Found {
  readonly mocks: Mock[];
  readonly refusals: Refusal[];
  readonly upstreams: Map<string, Upstream>;
  /** Mocks of each upstream so far. */
  readonly counts: Map<string, number>;
  readonly notServed: NotServed[];
}

function sort(stored: StoredExchange, { naming, anyVersion }: Sorting, found: Found): void {
  const { exchange, id } = stored;
  if (!modelFor(exchange.protocol).isParsed && exchange.outcome !== 'refused') return;
  const content = httpOf(exchange) ?? noHttp;
  const { request } = content;
  const upstream = naming(exchange);
  const reason =
    upstream === null ? 'unknown-upstream' : (whyNot(exchange, content) ?? (anyVersion ? null : unspoken(content)));
  if (upstream === null || reason !== null) {
    found.notServed.push({ id, upstream: upstream?.name ?? null, reason: reason ?? 'unknown-upstream' });
    return;
  }
  if (!found.upstreams.has(upstream.name)) found.upstreams.set(upstream.name, upstream);
  if (request === null) {
    found.refusals.push({ id, upstream: upstream.name, after: found.counts.get(upstream.name) ?? 0 });
    return;
  }
  found.counts.set(upstream.name, (found.counts.get(upstream.name) ?? 0) + 1);
  found.mocks.push({
    id,
    index: found.mocks.length,
    upstream: upstream.name,
    request,
    redacted: stored.redacted.filter((entry) => entry.in === 'request'),
    answer: answerOf(exchange.outcome, content),
  });
}

function answerOf(outcome: Outcome, { request, response }: HttpContent): Answer {
  if (response === null || request === null) return { kind: outcome as Failure };
  const latencyMs = Math.max(0, response.endedAtUs - request.endedAtUs) / 1000;
  return { kind: 'response', response, latencyMs };
}

/** Why an exchange cannot be served, or null. */
function whyNot(exchange: Exchange, { request, response }: HttpContent): string | null {
  const { outcome } = exchange;
  if (request === null) return outcome === 'refused' ? null : 'no-request';
  if (request.method === 'CONNECT') return 'tunnel';
  if (response === null) {
    const broken = exchange.problems.filter((problem) => problem !== 'no-response' && !harmless.has(problem));
    if (broken.length > 0) return broken.join(', ');
    return failures.has(outcome) ? null : 'no-response';
  }
  const broken = exchange.problems.filter((problem) => !harmless.has(problem));
  if (broken.length > 0) return broken.join(', ');
  if (outcome !== 'response') return outcome;
  if (response.status < 200 || response.status > 999) return response.status === 101 ? 'upgrade' : 'parse-error';
  return null;
}

/** Why the host of mocks cannot say it, or null. */
function unspoken({ request, response }: HttpContent): string | null {
  return request?.version === '2' || response?.version === '2' ? 'http2' : null;
}
