/**
 * Turns the inbound exchanges of a tape into test cases: what to send, what to expect, and, for what cannot be sent
 * again, why not. Decides nothing about values, order of sending or verdicts.
 */
import type { Exchange } from '../../tape/model/exchange';
import { type HttpRequest, type HttpResponse, noHttp } from '../../tape/model/http/http';
import { httpOf, operationOf } from '../../tape/model/registry';
import { placeInWhole } from '../../tape/redact/messages';
import type { StoredExchange } from '../../tape/store/tape';
import { caseName, operationName } from './name';

/** Words of `reason` for cases that are never sent, and what they mean; scripts read them. docs/replay.md lists the same. */
export const skipWords = {
  incomplete: 'something of the request or the answer is missing on the tape, or there was no answer',
  raw: 'the protocol is not parsed',
  upgrade: 'the connection left HTTP (a WebSocket)',
  connect: 'a tunnel is not a request',
  'needs-secret': 'it needs a secret that is not on the tape, and no earlier answer gives it',
  unsendable: '`OPTIONS *` has no path to send it to',
} as const;
export type SkipReason = keyof typeof skipWords;

interface CaseBase {
  /** The id of the exchange on the tape. */
  readonly id: string;
  /** `POST /orders/{orderId} -> 201`; not unique. */
  readonly name: string;
  readonly stored: StoredExchange;
}

export interface RunnableCase extends CaseBase {
  readonly kind: 'run';
  readonly request: HttpRequest;
  readonly response: HttpResponse;
}

export interface SkippedCase extends CaseBase {
  readonly kind: 'skip';
  readonly reason: SkipReason;
  /** For people: what is missing. */
  readonly detail: string;
}

export type TestCase = RunnableCase | SkippedCase;

/** The inbound exchanges as cases, in the order in which they began. Outbound exchanges are left out: they are mocks. */
export function casesFrom(exchanges: Iterable<StoredExchange>): readonly TestCase[] {
  const inbound = [...exchanges].filter((stored) => stored.exchange.connection.direction === 'inbound');
  return inbound.sort((a, b) => a.exchange.startedAtUs - b.exchange.startedAtUs).map(caseOf);
}

/** True for the cases that will be sent. */
export function isRunnable(testCase: TestCase): testCase is RunnableCase {
  return testCase.kind === 'run';
}

/** How it came over HTTP/2; null for HTTP/1. The request that asked for an upgrade is answered over HTTP/2. */
export function recordedHttp2({ request, response, stored }: RunnableCase): 'tls' | 'plaintext' | null {
  if (request.version !== '2' && response.version !== '2') return null;
  return stored.exchange.connection.tls === null ? 'plaintext' : 'tls';
}

function caseOf(stored: StoredExchange): TestCase {
  const { exchange } = stored;
  const base = { id: stored.id, name: nameOf(stored), stored: withWholePlaces(stored) };
  const skip = skipReason(exchange);
  if (skip !== null) return { kind: 'skip', ...base, ...skip };
  const { request, response } = httpOf(exchange) ?? noHttp;
  if (request === null || response === null) {
    return { kind: 'skip', ...base, reason: 'incomplete', detail: `the recorded outcome is ${exchange.outcome}` };
  }
  return { kind: 'run', ...base, request, response };
}

/** Messages are put together to the body they came in: what was taken out of them was taken out of it. */
function withWholePlaces(stored: StoredExchange): StoredExchange {
  if (stored.exchange.messages.length === 0) return stored;
  const redacted = stored.redacted.map((entry) => ({ ...entry, path: placeInWhole(entry.path) }));
  return { ...stored, redacted };
}

function nameOf(stored: StoredExchange): string {
  const { verb, target, result, over } = operationOf(stored.exchange);
  if (verb === null) return `${stored.exchange.protocol} stream`;
  if (over !== null) return operationName(verb, target ?? '', result);
  const placeholders = new Set(stored.redacted.map((entry) => entry.placeholder));
  return caseName(verb, target ?? '', result, placeholders);
}

function skipReason(exchange: Exchange): { reason: SkipReason; detail: string } | null {
  const http = httpOf(exchange);
  if (http === null) return { reason: 'raw', detail: `the protocol (${exchange.protocol}) is not parsed` };
  if (exchange.problems.length > 0) return { reason: 'incomplete', detail: exchange.problems.join(', ') };
  const { request, response } = http;
  if (request?.method === 'CONNECT') return { reason: 'connect', detail: 'a tunnel is not a request' };
  if (request?.target === '*') return { reason: 'unsendable', detail: 'OPTIONS * has no path to send it to' };
  if (response?.status === 101) return { reason: 'upgrade', detail: 'the connection left HTTP' };
  return null;
}
