/**
 * A recorded call of gRPC as a mock: its steps, and the messages of both sides. Of a call that was given up what had been
 * said is served, and its end; of any other nothing that is incomplete.
 */
import { envelopesOf } from '../../../../tape/body/rpc/envelope';
import { rpcTypeOf } from '../../../../tape/body/rpc/type';
import { type Body, describedAs, noBytes } from '../../../../tape/model/body';
import type { Exchange } from '../../../../tape/model/exchange';
import { addressOf, type HttpContent, type HttpRequest, type HttpResponse } from '../../../../tape/model/http/http';
import type { Message } from '../../../../tape/model/message';
import { httpOf } from '../../../../tape/model/registry';
import type { RedactionEntry } from '../../../../tape/redact/redacted';
import type { Mock } from '../../mock';
import type { MockReader, Read } from '../readers';
import { isTalk, openingOf, type Step, stepsOf } from './script';

export interface CallAnswer {
  readonly kind: 'call';
  /** Null where the call ended without one. */
  readonly response: HttpResponse | null;
  /** From the last byte of the request to the last of the answer; of a call that was given up all it took. */
  readonly latencyMs: number;
  readonly messages: readonly Message[];
  readonly steps: readonly Step[];
  /** `timeout`: its client gave it up because its time was over. */
  readonly ending: 'response' | 'reset' | 'closed' | 'timeout' | 'refused';
  /** Whether the client is answered while it still speaks. Its mock asks then for the first message alone. */
  readonly isTalk: boolean;
}

const harmless = new Set<string>(['uncertain-connection']);
const givenUp = new Set<string>(['reset', 'closed', 'timeout', 'refused'] satisfies CallAnswer['ending'][]);
/** What is true of every call that was given up. */
const ofGivenUp = new Set<string>([...harmless, 'cut-short', 'no-response']);

export const readGrpc: MockReader<'grpc'> = {
  host: 'grpc',
  takes(exchange) {
    const request = httpOf(exchange)?.request ?? null;
    return request !== null && isCall(request.headers);
  },
  read(exchange): Read<'grpc'> {
    const { request, response }: HttpContent = httpOf(exchange) ?? { request: null, response: null };
    if (request === null) return { reason: 'no-request' };
    const broken = exchange.problems.filter((problem) => !allowed(exchange).has(problem));
    if (broken.length > 0) return { reason: broken.join(', ') };
    const ending = endingOf(exchange, request);
    if (ending === null || (ending === 'response' && response === null)) return { reason: exchange.outcome };
    const { messages } = exchange;
    const steps = stepsOf(exchange, { request, response });
    const answeredUs = (response?.endedAtUs ?? 0) - request.endedAtUs;
    const latencyMs = Math.max(0, ending === 'response' ? answeredUs : (exchange.durationUs ?? 0)) / 1000;
    return { request, answer: { kind: 'call', response, latencyMs, messages, steps, ending, isTalk: isTalk(steps) } };
  },
  arrange: asAskedFor,
};

export function isCall(headers: HttpRequest['headers']): boolean {
  return rpcTypeOf(headers)?.enveloping === 'grpc';
}

/** Where calls go: to the same place their messages are of the same kinds, and come in the same manner. */
export function placeOf({ upstream, request }: Pick<Mock, 'upstream' | 'request'>): string {
  return `${upstream} ${pathOf(addressOf(request).path)}`;
}

export function pathOf(target: string): string {
  return target.split('?')[0] ?? '';
}

/** A body of the one message. */
export function bodyWith(message: Pick<Message, 'kind' | 'facts' | 'body'>): Body {
  const bytes = envelopesOf([message]);
  return { bytes, codings: [], wireSize: bytes.length };
}

export const emptyBody: Body = { bytes: noBytes, codings: [], wireSize: 0 };

function allowed({ outcome }: Exchange): ReadonlySet<string> {
  return givenUp.has(outcome) ? ofGivenUp : harmless;
}

/** Null for calls of which nobody knows how they ended. A client resets a call when its deadline has passed. */
function endingOf({ outcome, durationUs }: Exchange, { headers }: HttpRequest): CallAnswer['ending'] | null {
  if (outcome === 'response') return 'response';
  if (!givenUp.has(outcome)) return null;
  const timeoutUs = timeoutOf(headers);
  const isLate = timeoutUs !== null && durationUs !== null && durationUs >= timeoutUs * almost;
  return outcome === 'reset' && isLate ? 'timeout' : (outcome as CallAnswer['ending']);
}

/** A client sends what is left of its time, and rounds. */
const almost = 0.98;
const unitsUs: Readonly<Record<string, number>> = { H: 3.6e9, M: 6e7, S: 1e6, m: 1e3, u: 1, n: 1e-3 };

/** Microseconds (PROTOCOL-HTTP2, Timeout). */
function timeoutOf(headers: HttpRequest['headers']): number | null {
  const value = headers.find(([name]) => name.toLowerCase() === 'grpc-timeout')?.[1] ?? '';
  const found = /^(\d{1,8})([HMSmun])$/.exec(value);
  return found === null ? null : Number(found[1]) * (unitsUs[found[2] ?? ''] ?? 0);
}

/**
 * Where one call was answered while its client still spoke, none is read whole before it is answered: all to the same place
 * are then asked for by their first message.
 */
function asAskedFor(mocks: readonly Mock[]): readonly Mock[] {
  const calls = mocks.filter(({ answer }) => answer.kind === 'call');
  const talking = new Set(calls.filter(({ answer }) => answer.kind === 'call' && answer.isTalk).map(placeOf));
  return mocks.map((mock) => {
    const { answer } = mock;
    if (answer.kind !== 'call') return mock;
    return talking.has(placeOf(mock)) ? openedBy(mock, answer) : { ...mock, redacted: inBody(mock, clientsOf(answer)) };
  });
}

function openedBy(mock: Mock, answer: CallAnswer): Mock {
  const { request } = mock;
  const position = openingOf(answer.steps);
  const message = position === null ? undefined : answer.messages[position];
  const body = message === undefined ? emptyBody : bodyWith(message);
  return {
    ...mock,
    request: { ...request, body: describedAs(body, request.body) },
    redacted: inBody(mock, position === null ? [] : [position]),
    answer: { ...answer, isTalk: true },
  };
}

function clientsOf({ messages }: CallAnswer): readonly number[] {
  return [...messages.keys()].filter((position) => messages[position]?.from === 'client');
}

/** What was taken from messages, also by where it stands in the body that these make. */
function inBody({ redacted }: Mock, positions: readonly number[]): readonly RedactionEntry[] {
  return redacted.flatMap((entry) => {
    const position = Number(/^message\[(\d+)\]\.body/.exec(entry.path)?.[1] ?? Number.NaN);
    const index = positions.indexOf(position);
    if (index < 0) return [entry];
    return [entry, { ...entry, path: `body[${index}]${entry.path.slice(`message[${position}].body`.length)}` }];
  });
}
