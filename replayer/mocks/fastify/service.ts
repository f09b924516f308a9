/**
 * What happens to one request: its upstream is found, its body read, its mock matched, and the recorded answer written;
 * or the miss is explained, counted, and answered as the policy says. Opens no port.
 */
import { hash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createMatcher, type Match, type Matcher, type Rung } from '../match/matcher';
import { explainMiss, type Miss } from '../match/miss';
import type { Mock, MockSet, Refusal } from '../mock';
import { type Address, type Arrival, arrivalOf, createResolver } from './arrival';
import type { MockServerOptions, ServedEvent } from './index';
import { createBudget, defaultLimits, type MockLimits } from './limits';
import { hasBody, liveRequest, noBody, type ReadBody, readBody, type Wire, wireKey } from './live-request';
import { createPassthrough, type Passthrough } from './passthrough';
import { createReplies, type Replies, writeFailure, writeJson, writeMiss, writeResponse } from './reply';

export interface Service {
  readonly matcher: Matcher;
  readonly misses: readonly Miss[];
  readonly faults: readonly Error[];
  missed(): number;
  failed(): boolean;
  handle(request: IncomingMessage, response: ServerResponse, url: string): void;
  /** The refusal that is due now, if a client may not connect to this upstream. */
  refuse(upstream: string): Refusal | null;
  close(): void;
}

const keptMisses = 1000;

export function createService(
  set: MockSet,
  options: MockServerOptions,
  ownPorts: ReadonlyMap<number, string>,
): Service {
  const matcher = createMatcher(set, { rules: options.rules ?? [], keyed: options.keyed ?? true });
  const resolve = createResolver(set, ownPorts);
  const tally = createTally();
  const limits = { ...defaultLimits, ...options.limits };
  const bodies = { bodyBytes: limits.bodyBytes, budget: createBudget(limits.allBodiesBytes) };
  const context: Context = {
    set,
    options,
    matcher,
    replies: createReplies({ mark: options.mark ?? false }),
    passthrough: createPassthrough(),
    tally,
    limits,
  };
  const refuse = (upstream: string): Refusal | null => {
    const refusal = matcher.refusal(upstream);
    if (refusal !== null) tell(options, { upstream, found: 'refused', exchange: refusal.id });
    return refusal;
  };
  return {
    matcher,
    misses: tally.misses,
    faults: tally.faults,
    missed: tally.missed,
    failed: tally.failed,
    refuse,
    handle(request, response, url) {
      const arrival = arrivalOf(request.socket);
      if (arrival === undefined) return; // the connection is gone
      const address = resolve(url, request.headers.host, arrival);
      if (arrival.upstream === null && refuse(address.upstream) !== null) writeFailure(request, 'refused');
      else if (hasBody(request))
        readBody(request, bodies, (body) => take({ request, response, arrival, address, body }, context));
      else take({ request, response, arrival, address, body: none }, context);
    },
    close: () => context.passthrough.close(),
  };
}

interface Tally {
  readonly misses: Miss[];
  readonly faults: Error[];
  note(miss: Miss): void;
  /** A request that could not be handled at all. */
  noteRefusedBody(): void;
  missed(): number;
  failed(): boolean;
}

function createTally(): Tally {
  const misses: Miss[] = [];
  const faults: Error[] = [];
  let missed = 0;
  let failed = false;
  return {
    misses,
    faults,
    note(miss) {
      missed++;
      failed ||= miss.answeredWith === '502';
      if (misses.length < keptMisses) misses.push(miss);
    },
    noteRefusedBody() {
      failed = true;
    },
    missed: () => missed,
    failed: () => failed || faults.length > 0,
  };
}

interface Arrived {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly arrival: Arrival;
  readonly address: Address;
  readonly body: ReadBody;
}

const none: ReadBody = { kind: 'whole', bytes: noBody, release: () => undefined };

/** Bytes from the network must not end the server, whatever they make of our code. */
function take({ request, response, arrival, address, body }: Arrived, context: Context): void {
  try {
    if (body.kind !== 'whole') refuseBody(response, body.kind, context);
    else {
      // Sent on, a body is needed until the answer is there; otherwise only until it is matched.
      response.once('close', body.release);
      answer({ request, response, arrival, wire: { ...address, body: body.bytes } }, context);
      if (context.options.onMiss !== 'passthrough') body.release();
    }
  } catch (error) {
    context.tally.faults.push(error instanceof Error ? error : new Error(String(error)));
    if (response.headersSent) response.destroy();
    else writeJson(response, 500, { error: 'INTERNAL', message: String(error) });
  }
}

/** One request and the way to its answer. */
interface Turn {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly arrival: Arrival;
  readonly wire: Wire;
}

interface Context {
  readonly set: MockSet;
  readonly options: MockServerOptions;
  readonly matcher: Matcher;
  readonly replies: Replies;
  readonly passthrough: Passthrough;
  readonly tally: Tally;
  readonly limits: MockLimits;
}

function answer(turn: Turn, context: Context): void {
  const key = wireKey(turn.request, turn.wire, digestOf);
  const known = context.matcher.again(key);
  if (known !== undefined) {
    serve(turn, { mock: known, rung: 'exact' }, context);
    return;
  }
  const match = matchInFull(turn, key, context);
  if (match.kind === 'match') serve(turn, match, context);
  else refuseOrPass(turn, match, context);
}

function matchInFull({ request, wire, arrival }: Turn, key: string, { options, matcher }: Context): Match {
  const live = liveRequest(request, wire, arrival.tls);
  const redacted = options.redactor?.redactRequest(live) ?? { request: live, entries: [] };
  return matcher.match({ upstream: wire.upstream, request: redacted.request, redacted: redacted.entries }, key);
}

function serve(turn: Turn, found: { mock: Mock; rung: Rung }, { options, replies }: Context): void {
  const { mock, rung } = found;
  const { request, response, wire } = turn;
  tell(options, { request, ...wire, found: rung, exchange: mock.id });
  if (mock.answer.kind !== 'response') {
    writeFailure(request, mock.answer.kind);
    return;
  }
  const prepared = replies.of(mock, rung);
  if (prepared === undefined) {
    response.destroy();
    return;
  }
  const { latencyMs } = mock.answer;
  if (options.latency !== 'recorded' || latencyMs === 0) {
    writeResponse(request, response, prepared);
    return;
  }
  setTimeout(() => writeResponse(request, response, prepared), latencyMs).unref();
}

function refuseOrPass(turn: Turn, match: Match & { kind: 'miss' }, context: Context): void {
  const { set, options, matcher, passthrough } = context;
  const { request, response, wire, arrival } = turn;
  const policy = options.onMiss ?? 'fail';
  const miss = explainMiss(match.entry, { matcher, upstreams: set.upstreams, tls: arrival.tls, policy });
  context.tally.note(miss);
  tell(options, { request, ...wire, found: 'miss', miss });
  const known = set.upstreams.find(({ name }) => name === wire.upstream);
  if (miss.answeredWith !== 'upstream' || known === undefined) {
    writeMiss(response, miss);
    return;
  }
  passthrough.send(known, { message: request, target: wire.target, body: wire.body }, response);
}

interface Told extends Partial<Omit<ServedEvent, 'method'>> {
  readonly upstream: string;
  readonly found: ServedEvent['found'];
  readonly request?: IncomingMessage;
}

function tell({ onServed }: MockServerOptions, { request, upstream, target, found, exchange, miss }: Told): void {
  if (onServed === undefined) return;
  const method = request?.method ?? 'connect';
  onServed({ method, upstream, target: target ?? '', found, exchange: exchange ?? null, miss: miss ?? null });
}

function refuseBody(response: ServerResponse, kind: 'too-large' | 'no-room', { limits, tally }: Context): void {
  tally.noteRefusedBody();
  response.shouldKeepAlive = false;
  if (kind === 'too-large') {
    const message = `The request body is larger than ${limits.bodyBytes} bytes, which is all a mock takes`;
    writeJson(response, 413, { error: 'REQUEST_TOO_LARGE', message });
  } else {
    const message = `The bodies of all requests together are larger than ${limits.allBodiesBytes} bytes; try again when others are answered`;
    writeJson(response, 503, { error: 'TOO_MANY_BODIES', message });
  }
}

function digestOf(bytes: Buffer): string {
  return hash('sha256', bytes, 'base64');
}
