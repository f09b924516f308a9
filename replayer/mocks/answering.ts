/**
 * What all hosts of mocks share: the mock that answers a request, the miss explained, counted and answered as the policy
 * says, and who is told of it. Opens no port.
 */

import { isToken } from '../../tape/http/lists';
import type { HttpRequest } from '../../tape/model/http/http';
import type { RedactionEntry } from '../../tape/redact/redacted';
import type { HostName } from './answers';
import { answeredCall, CallLog, missedCall, refusedCall } from './calls';
import type { Asked, Reply } from './front/asked';
import type { ClientProcess } from './front/client-process';
import { type Budget, createBudget, type MockLimits } from './front/limits';
import { differingFields } from './match/call-differences';
import { rightDigests } from './match/digests';
import type { Ask, EntryOptions } from './match/entry';
import { createMatcher, type Matched, type Matcher, type Missed, type Strictness } from './match/matcher';
import { explainMiss, type Miss } from './match/miss';
import type { Mock, MockSet, Refusal } from './mock';
import type { MockServerOptions, ServedEvent } from './server';
import { FromTape } from './shelf/from-tape';
import { Soon } from './soon';
import { type Addresses, addressesOf } from './translate/addresses';
import { createTokenMint } from './translate/tokens';
import { createTranslation, type Translation } from './translate/translation';
import type { Upstream } from './upstream';

export interface Answering {
  readonly options: MockServerOptions;
  readonly set: MockSet;
  readonly limits: MockLimits;
  /** Room for the bodies of all requests that are held at the same time. */
  readonly budget: Budget;
  /** Whether the recording says that answers depend on a header field, by its lower-case name. */
  decides(name: string): boolean;
  /** The next answer to a request whose bytes were matched exactly before; `wire` is the key given to `find` then. */
  again(asked: Asked, wire: string): FoundMock | undefined;
  /**
   * The mock of `host` that answers, or the miss. `wire` names the host and the bytes of the request: equal keys must
   * mean equal requests to equal upstreams.
   */
  find(asked: Asked, live: HttpRequest, by: Finding): Found;
  /** As `find`; in a run, what fits nothing waits for the answers that are on their way. */
  findSoon(asked: Asked, live: HttpRequest, by: Finding): Found | Promise<Found>;
  /** Set where mocks are shelved: their host asks these. */
  readonly shelved: {
    /** As `find`, once what that takes was read; requests must be given in the order in which they came, one after another. */
    find(asked: Asked, live: HttpRequest, by: Finding): Promise<Found>;
    /** The mock with its answer. */
    whole(mock: Mock): Promise<Mock>;
  } | null;
  /** The request as the recorded ones are: without what redaction takes. */
  redact(live: HttpRequest): Redacted;
  /** The process that asked, as far as that can be told. */
  whoAsked(asked: Asked): ClientProcess | null;
  /** Counts and tells a miss of something that was said after the request was answered. */
  noteMiss(asked: Asked, miss: Miss): void;
  readonly matching: EntryOptions;
  readonly translation: Translation;
  /** Whether the client dialled the port of one upstream: it was led there, and follows addresses wherever they lead. */
  isOwnPort(asked: Asked): boolean;
  /** Does work for a request that must not end the server, whatever bytes from the network make of our code: what it throws is answered 500. */
  guard(asked: Asked, work: () => void): void;
  /** Counts what could not be handled at all: the run fails. */
  noteRefused(): void;
  /** The refusal that is due now, if a client may not connect to this upstream. */
  refuse(upstream: string): Refusal | null;
}

export interface Finding {
  readonly host: HostName;
  /** Asked for once all that was recorded of the place is known: that says which fields the key takes in. */
  wire(): string;
  /** False where a miss cannot be sent on, whatever the policy. */
  readonly mayPass?: boolean;
}

export interface FoundMock {
  readonly kind: 'mock';
  readonly mock: Mock;
  readonly strictness: Strictness;
  /** Header fields that no answer depends on, and in which the request is another than the recorded one. */
  readonly differing: readonly string[];
}

export type Found =
  | FoundMock
  /** `passTo` is where the request goes instead, under `passthrough`; null where the miss is the answer. */
  | { readonly kind: 'miss'; readonly miss: Miss; readonly passTo: Upstream | null };

/** The half of a redactor that mocks need: live requests go through the rules the recorded ones went through. */
export interface RequestRedactor {
  redactRequest(request: HttpRequest): Redacted;
}

export interface Redacted {
  readonly request: HttpRequest;
  readonly entries: readonly RedactionEntry[];
}

export interface Tally {
  readonly misses: readonly Miss[];
  readonly faults: Error[];
  readonly calls: CallLog;
  missed(): number;
  failed(): boolean;
}

const keptMisses = 1000;
/** To find out who asks takes milliseconds each time. */
const mostLooks = 200;

export interface Answerer {
  readonly answering: Answering;
  readonly matcher: Matcher;
  readonly tally: Tally;
  /** To be told when a case begins or is over. */
  readonly soon: Soon;
}

/** Where the mocks are to be found; filled while ports are opened. */
export interface Places {
  /** Upstream to the base URL of its own port, and the port to the upstream. */
  readonly urls: ReadonlyMap<string, string>;
  readonly ownPorts: ReadonlyMap<number, string>;
  readonly limits: MockLimits;
}

export function createAnswering(set: MockSet, options: MockServerOptions, places: Places): Answerer {
  const { limits, urls, ownPorts } = places;
  const { shiftMs = 0, redactor } = options;
  const matching = { rules: options.rules ?? [], keyed: options.keyed ?? true, shiftMs };
  const redacted = (mock: Mock): Mock => (redactor === undefined ? mock : redactedMock(mock, redactor));
  const matcher = createMatcher({ ...set, mocks: set.mocks.map(redacted) }, matching);
  const translation = createTranslation({
    addresses: { toMocks: (text) => addresses().toMocks(text), toUpstreams: (text) => addresses().toUpstreams(text) },
    tokens: createTokenMint(() => Date.now() + shiftMs),
    secrets: options.secrets ?? new Map(),
  });
  let known: { readonly ports: number; readonly addresses: Addresses } | null = null;
  const addresses = (): Addresses => {
    if (known?.ports !== urls.size) known = { ports: urls.size, addresses: addressesOf(set.upstreams, urls) };
    return known.addresses;
  };
  const misses: Miss[] = [];
  const faults: Error[] = [];
  const calls = new CallLog(options.keptCalls);
  let missed = 0;
  let looks = 0;
  let failed = false;
  const note = (miss: Miss): void => {
    missed++;
    failed ||= miss.answeredWith === '502';
    if (misses.length < keptMisses) misses.push(miss);
  };
  const noteMiss = (asked: Asked, miss: Miss): void => {
    note(miss);
    tell(options, { ...told(asked), found: 'miss', exchange: null, miss });
  };
  const whoAsked = ({ arrival }: Asked): ClientProcess | null => {
    return ++looks > mostLooks ? null : (arrival.client?.holder?.() ?? null);
  };
  const redact = (live: HttpRequest): Redacted => {
    const request = translation.request(live);
    return redactor?.redactRequest(request) ?? { request, entries: [] };
  };
  const missOf = (asked: Asked, { entry, whose }: Missed, mayPass: boolean): Found => {
    const asGiven = options.onMiss ?? 'fail';
    const policy = asGiven === 'passthrough' && !mayPass ? 'fail' : asGiven;
    const process = whoAsked(asked);
    const miss = explainMiss(entry, { matcher, upstreams: set.upstreams, tls: asked.arrival.tls, policy, process });
    noteMiss(asked, miss);
    const { method, upstream } = asked;
    calls.note(() => missedCall({ method, upstream, target: entry.request.target }, whose));
    const known = set.upstreams.find(({ name }) => name === asked.upstream) ?? null;
    return { kind: 'miss', miss, passTo: miss.answeredWith === 'upstream' ? known : null };
  };
  const served = (asked: Asked, match: Matched): FoundMock => {
    const { mock, strictness } = match;
    calls.note(() => answeredCall(match, translation.placeholdersIn(mock)));
    const { differences } = match.call;
    tell(options, { ...told(asked), found: strictness, exchange: mock.id, miss: null, differences });
    return { kind: 'mock', mock, strictness, differing: differingFields(match.call) };
  };
  const askOf = (asked: Asked, live: HttpRequest, { host }: Finding): Ask => {
    const { request, entries } = redact(live);
    return { host, upstream: asked.upstream, request, redacted: entries, digests: rightDigests(live) };
  };
  const soon = new Soon(options.patienceMs);
  const fitting = (ask: Ask, by: Finding): Matched | null => {
    const match = matcher.match(ask, by.wire());
    return match.kind === 'miss' ? null : match;
  };
  const { shelved } = set;
  const fromTape =
    shelved === undefined || options.tape === undefined
      ? null
      : new FromTape({ shelved, tape: options.tape, matcher, matching, redacted });
  const answering: Answering = {
    options,
    set,
    limits,
    budget: createBudget(limits.allBodiesBytes),
    decides: matcher.decides,
    again(asked, wire) {
      const match = matcher.again(wire);
      return match === undefined ? undefined : served(asked, match);
    },
    matching,
    translation,
    isOwnPort: ({ arrival }) => ownPorts.has(arrival.port),
    redact,
    whoAsked,
    noteMiss,
    find(asked, live, by) {
      const match = matcher.match(askOf(asked, live, by), by.wire());
      return match.kind === 'miss' ? missOf(asked, match, by.mayPass ?? true) : served(asked, match);
    },
    findSoon(asked, live, by) {
      const ask = askOf(asked, live, by);
      const match = matcher.match(ask, by.wire());
      if (match.kind !== 'miss') return served(asked, match);
      if (!matcher.isPlayed) return missOf(asked, match, by.mayPass ?? true);
      return soon
        .find(() => fitting(ask, by))
        .then((found) => {
          return found === null ? missOf(asked, match, by.mayPass ?? true) : served(asked, found);
        });
    },
    shelved: fromTape && {
      async find(asked, live, by) {
        const ask = askOf(asked, live, by);
        const match = await fromTape.matching(ask, () => matcher.match(ask, by.wire()));
        if (match.kind !== 'miss') return served(asked, match);
        return fromTape.comparing(match.entry, () => missOf(asked, match, by.mayPass ?? true));
      },
      whole: (mock) => (mock.isOnTape === true ? fromTape.whole(mock) : Promise.resolve(mock)),
    },
    guard({ reply }, work) {
      try {
        work();
      } catch (error) {
        faults.push(error instanceof Error ? error : new Error(String(error)));
        if (reply.isBegun) reply.abort();
        else replyJson(reply, 500, { error: 'INTERNAL', message: String(error) });
      }
    },
    noteRefused() {
      failed = true;
    },
    refuse(upstream) {
      const refusal = matcher.refusal(upstream);
      const event = { method: 'connect', upstream, target: '', found: 'refused', miss: null } as const;
      if (refusal !== null) {
        calls.note(() => refusedCall(refusal, matcher.whose([])));
        tell(options, { ...event, exchange: refusal.id });
      }
      return refusal;
    },
  };
  const tally = { misses, faults, calls, missed: () => missed, failed: () => failed || faults.length > 0 };
  return { answering, matcher, tally, soon };
}

/** A rule that is younger than the tape takes as much out of the recorded request as of a live one; placeholders pass it. */
function redactedMock(mock: Mock, redactor: RequestRedactor): Mock {
  const { request, entries } = redactor.redactRequest(mock.request);
  return entries.length === 0 ? mock : { ...mock, request, redacted: [...mock.redacted, ...entries] };
}

function told({ method, upstream, target }: Asked) {
  return { method, upstream, target };
}

function tell({ onServed }: MockServerOptions, event: ServedEvent): void {
  onServed?.(event);
}

/** Says which mock answered and how it was found: `exact; exchange=41`. */
export const markHeader = 'wiretape-mock';

/** Names beyond it are told where calls are told. */
const mostDiffering = 10;

/** `exact; exchange=41; differs="x-tenant"` */
export function markOf({ mock, strictness, differing }: Omit<FoundMock, 'kind'>): string {
  const names = differing.slice(0, mostDiffering).filter(isToken);
  return `${strictness}; exchange=${mock.id}${names.length === 0 ? '' : `; differs="${names.join(', ')}"`}`;
}

/** An explanation of ours in place of an answer. `isLast` ends the connection of HTTP/1 with it. */
export function replyJson(reply: Reply, status: number, content: object, isLast = false): void {
  const bytes = Buffer.from(`${JSON.stringify(content, null, 2)}\n`);
  const headers = ['Content-Type', 'application/json', 'Content-Length', String(bytes.length), markHeader, 'miss'];
  const head = { status, reason: null, headers: isLast ? [...headers, 'Connection', 'close'] : headers, framing: [] };
  reply.send(head, { bytes, shortText: null }, []);
}

export function replyMiss(reply: Reply, miss: Miss): void {
  replyJson(reply, miss.answeredWith === '404' ? 404 : 502, { error: miss.code, ...miss });
}
