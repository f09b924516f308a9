/**
 * Turns the inbound exchanges of a tape into test cases: what to send, what to expect, and, for what cannot be sent
 * again, why not. Decides nothing about values, order of sending or verdicts.
 */
import { changesToHttp2 } from '../../tape/http/upgrade';
import type { Exchange } from '../../tape/model/exchange';
import { type HttpRequest, type HttpResponse, noHttp } from '../../tape/model/http/http';
import type { Message } from '../../tape/model/message';
import type { Path } from '../../tape/model/path';
import { httpOf, isConversation, modelFor, operationOf } from '../../tape/model/registry';
import { asksForWebSocket } from '../../tape/model/websocket/websocket';
import { placeInWhole } from '../../tape/redact/messages';
import type { StoredExchange } from '../../tape/store/tape';
import { conversationOf, problemsOfConversation } from './conversation';
import { caseName, operationName } from './name';

/** Words of `reason` for cases that are never sent, and what they mean; scripts read them. docs/replay.md lists the same. */
export const skipWords = {
  incomplete: 'something of the request or the answer is missing on the tape, or there was no answer',
  upgrade: 'the connection left HTTP, for a protocol that is not played',
  connect: 'a tunnel is not a request',
  'needs-secret': 'the service refuses what stands for a secret, and no earlier answer gives the secret',
  unsendable: '`OPTIONS *` has no path to send it to, and a WebSocket refused over HTTP/2 is not asked for again',
} as const;
export type SkipReason = keyof typeof skipWords;

export interface CaseBase {
  /** The id of the exchange on the tape. */
  readonly id: string;
  /** `POST /orders/{orderId} -> 201`; not unique. */
  readonly name: string;
  readonly stored: StoredExchange;
  /** Not chosen, but a chosen case carries a value of its answer: see correlate/set-up.ts. */
  readonly setUp?: boolean;
}

/** A request and its answer, or one message of a conversation: what values travel by. */
export interface Turn extends CaseBase {
  /** Where it stands in its exchange: [] for a request and its answer, `['message', 3]` for a message. */
  readonly at: Path;
  /** The request under whose address it is said: its own, or the one that began the conversation. */
  readonly asked: HttpRequest;
  readonly request: HttpRequest;
  readonly response: HttpResponse;
  /** Of a message: the end of what was said before it. What says it may have been at it since. */
  readonly saidBeforeUs?: number;
}

export interface RunnableCase extends Turn {
  readonly kind: 'run';
}

/** A message as a turn: what the client says is the body of its request, what the server says that of its response. */
export interface MessageTurn extends Turn {
  readonly message: Message;
}

/** A request, its answer, and what both sides said afterwards. */
export interface ConversationCase extends CaseBase {
  readonly kind: 'conversation';
  readonly handshake: Turn;
  readonly messages: readonly MessageTurn[];
  /** True where the recording ended before the conversation did. */
  readonly isOpenEnded: boolean;
}

export type SentCase = RunnableCase | ConversationCase;

export interface SkippedCase extends CaseBase {
  readonly kind: 'skip';
  readonly reason: SkipReason;
  /** For people: what is missing. */
  readonly detail: string;
}

export type TestCase = SentCase | SkippedCase;

/**
 * The inbound exchanges as cases, in the order in which they began. Outbound exchanges are left out: they are mocks. So are
 * streams that nobody parses: which side of such a connection asked is not known for certain, and nothing of it can be sent.
 * A request that asked for HTTP/2 is on the tape with the 101 and with its answer: it is one case, that of its answer.
 */
export function casesFrom(
  exchanges: Iterable<StoredExchange>,
  hold: (test: TestCase) => TestCase = (test) => test,
): readonly TestCase[] {
  const gathered = new GatheredCases(hold);
  for (const stored of exchanges) gathered.add(stored);
  return gathered.all();
}

/** The same from exchanges that come one by one; `hold` says how each case is kept (lean.ts). */
export class GatheredCases {
  private readonly cases: TestCase[] = [];
  private readonly askingForHttp2 = new Set<string>();
  private readonly upgraded = new Set<string>();

  constructor(private readonly hold: (test: TestCase) => TestCase) {}

  add(stored: StoredExchange): void {
    if (!isInbound(stored) || !isParsed(stored)) return;
    if (isAnsweredOverHttp2(stored)) this.upgraded.add(stored.connectionId);
    if (changesToHttp2(httpOf(stored.exchange))) this.askingForHttp2.add(stored.id);
    this.cases.push(this.hold(caseOf(stored)));
  }

  all(): readonly TestCase[] {
    const isCase = ({ id, stored }: TestCase) =>
      !(this.upgraded.has(stored.connectionId) && this.askingForHttp2.has(id));
    const cases = this.cases.filter(isCase);
    return cases.sort((a, b) => a.stored.exchange.startedAtUs - b.stored.exchange.startedAtUs);
  }
}

/** The exchanges of the cases, one after another, as often as somebody asks: those of a long tape are made when they are looked at (lean.ts). */
export function storedOf(cases: readonly TestCase[]): Iterable<StoredExchange> {
  return {
    *[Symbol.iterator]() {
      for (const { stored } of cases) yield stored;
    },
  };
}

/** True for an inbound exchange that is no test case at all. */
export function isUnparsed(stored: StoredExchange): boolean {
  return isInbound(stored) && !isParsed(stored);
}

/** A request of HTTP/1.1 with an answer over HTTP/2 (RFC 7540, 3.2). */
function isAnsweredOverHttp2({ exchange }: StoredExchange): boolean {
  const { request, response } = httpOf(exchange) ?? noHttp;
  return request !== null && request.version !== '2' && response?.version === '2';
}

function isSwitch({ exchange }: Pick<StoredExchange, 'exchange'>): boolean {
  return httpOf(exchange)?.response?.status === 101 && !isConversation(exchange);
}

function isInbound({ exchange }: StoredExchange): boolean {
  return exchange.connection.direction === 'inbound';
}

function isParsed({ exchange }: StoredExchange): boolean {
  return modelFor(exchange.protocol).isParsed;
}

/** True for the cases that will be sent. */
export function isSent(testCase: TestCase): testCase is SentCase {
  return testCase.kind !== 'skip';
}

/** True for those that are one request and its answer. */
export function isRunnable(testCase: TestCase): testCase is RunnableCase {
  return testCase.kind === 'run';
}

/** The request that began it. */
export function askedIn(testCase: SentCase): HttpRequest {
  return testCase.kind === 'run' ? testCase.request : testCase.handshake.request;
}

/**
 * How it came over HTTP/2, by what is on the tape; null for HTTP/1. The request that asked for an upgrade is answered over
 * HTTP/2.
 */
export function recordedHttp2({ stored }: Turn): 'tls' | 'plaintext' | null {
  const { request, response } = httpOf(stored.exchange) ?? noHttp;
  if (request?.version !== '2' && response?.version !== '2') return null;
  return stored.exchange.connection.tls === null ? 'plaintext' : 'tls';
}

/** What is made of one exchange by itself. */
export function caseOf(stored: StoredExchange): TestCase {
  const { exchange } = stored;
  const base = { id: stored.id, name: nameOf(stored), stored: withWholePlaces(stored) };
  const skip = skipReason(exchange);
  if (skip !== null) return { kind: 'skip', ...base, ...skip };
  const { request, response } = httpOf(exchange) ?? noHttp;
  if (request === null || response === null) {
    return { kind: 'skip', ...base, reason: 'incomplete', detail: `the recorded outcome is ${exchange.outcome}` };
  }
  if (isConversation(exchange)) return conversationOf({ ...base, stored }, { request, response });
  return { kind: 'run', ...base, at: [], asked: request, request, response };
}

/** Messages are put together to the body they came in: what was taken out of them was taken out of it. */
function withWholePlaces(stored: StoredExchange): StoredExchange {
  if (stored.exchange.messages.length === 0) return stored;
  const redacted = stored.redacted.map((entry) => ({ ...entry, path: placeInWhole(entry.path, stored.exchange) }));
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
  const problems = isConversation(exchange) ? problemsOfConversation(exchange) : exchange.problems;
  if (problems.length > 0) return { reason: 'incomplete', detail: problems.join(', ') };
  const { request } = httpOf(exchange) ?? noHttp;
  if (request !== null && asksForWebSocket(request) && !isConversation(exchange))
    return { reason: 'unsendable', detail: 'a WebSocket refused over HTTP/2 is not asked for again' };
  if (request?.method === 'CONNECT' && !isConversation(exchange))
    return { reason: 'connect', detail: 'a tunnel is not a request' };
  if (request?.target === '*') return { reason: 'unsendable', detail: 'OPTIONS * has no path to send it to' };
  if (isSwitch({ exchange })) return { reason: 'upgrade', detail: 'the connection left HTTP' };
  return null;
}
