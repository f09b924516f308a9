/**
 * Serves mocks: one port for everything (by Host, as an HTTP proxy, through CONNECT), and a port for each upstream; plain
 * and TLS on each, HTTP/1 and HTTP/2. Brings connections, fronts and hosts together. Never dials anything, except under
 * passthrough.
 */

import type { Socket } from 'node:net';
import type { NoiseRule } from '../noise/rules';
import { type Answerer, createAnswering, type RequestRedactor } from './answering';
import type { OutgoingCall } from './calls';
import { type Client, createResolver } from './front/arrival';
import type { Asked } from './front/asked';
import { writeCaFile } from './front/ca-file';
import { aMonthFrom, createAuthority, type Validity } from './front/certificates';
import { createFront, type Front } from './front/front';
import { carryHttp1 } from './front/http1';
import { carryHttp2 } from './front/http2';
import { defaultLimits, type MockLimits } from './front/limits';
import type { Serving } from './front/serving';
import { createTrustWatch, type Distrust } from './front/trust';
import { createTunnels } from './front/tunnel';
import type { MockHost } from './hosts/host';
import { hosts as allHosts } from './hosts/registry';
import type { CallDifference } from './match/call-differences';
import type { Unused } from './match/ledger';
import type { Matcher, Strictness } from './match/matcher';
import type { Miss, MissPolicy } from './match/miss';
import type { MockSet } from './mock';
import type { MocksOnTape } from './shelf/from-tape';

export type { RequestRedactor } from './answering';

export interface MockServerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Of the port for everything; 0, the default, lets the system choose. */
  readonly port?: number;
  readonly onMiss?: MissPolicy;
  /** Noise rules; those for responses are passed over. */
  readonly rules?: readonly NoiseRule[];
  readonly redactor?: RequestRedactor;
  /** Whether the redactor has the key the tape was recorded with; without it redacted values count as equal. */
  readonly keyed?: boolean;
  /** `recorded` waits as long as the upstream took to answer. Default `none`. */
  readonly latency?: 'recorded' | 'none';
  /** Adds `wiretape-mock: exact; exchange=41` to answers. Default false: a service may pass headers on. */
  readonly mark?: boolean;
  /** Secrets by what stands for them on the tape: answers hold them, and requests may. */
  readonly secrets?: ReadonlyMap<string, string>;
  /** Where to write the CA certificate; default a temporary file that goes with the server. */
  readonly caFile?: string;
  /** When the certificates are valid; default a month from now. */
  readonly valid?: Validity;
  /** How far the clock of the clients is from the real one, in milliseconds: what they are told of time is by theirs. Default 0. */
  readonly shiftMs?: number;
  /** How long a request of a run that fits nothing waits for the answer of a case to say what it speaks of. */
  readonly patienceMs?: number;
  /** What a client may take up; the defaults are in limits.ts. */
  readonly limits?: Partial<MockLimits>;
  /** Who serves which mocks; default all of the registry. */
  readonly hosts?: readonly MockHost[];
  /** How many calls are kept for `calls()`; default 10 000. */
  readonly keptCalls?: number;
  /** The tape that shelved mocks are of. */
  readonly tape?: MocksOnTape;
  /** Called for each request after it was matched. */
  readonly onServed?: (event: ServedEvent) => void;
}

export interface ServedEvent {
  readonly method: string;
  readonly upstream: string;
  readonly target: string;
  readonly found: Strictness | 'refused' | 'miss';
  /** The recorded exchange that answered; null on a miss. */
  readonly exchange: string | null;
  readonly miss: Miss | null;
  /** In what it differs from that one though it was answered. */
  readonly differences?: readonly CallDifference[];
}

export interface ServedCounts {
  readonly exact: number;
  readonly noise: number;
  /** The same request, recorded at another moment. */
  readonly moment: number;
  readonly refused: number;
  readonly missed: number;
}

export interface MockServer {
  /** The port for everything: base URL, HTTP proxy, CONNECT. */
  readonly url: string;
  /** Upstream name (`payments:8443`) to the base URL of its own port, in the scheme it was recorded with. */
  readonly urls: ReadonlyMap<string, string>;
  /** The CA certificate as PEM, and the file it lies in. */
  readonly ca: string;
  readonly caFile: string;
  /** The first 1000, in order; `served().missed` counts all. */
  misses(): readonly Miss[];
  /** What was asked so far, in order, misses included; the first ones (`keptCalls`). */
  calls(): readonly OutgoingCall[];
  /** How many there were. */
  callCount(): number;
  /** Clients that refused the certificates. */
  distrust(): readonly Distrust[];
  /** Told as cases of a run begin and end: what was recorded under a case answers it. Not where mocks are shelved. */
  readonly cases: Pick<Matcher, 'begin' | 'end'> & {
    /** A text of the build's answers with recorded addresses and tokens in place of those that mocks gave it. */
    asRecorded(text: string): string;
  };
  /** True when a miss was one that the policy does not allow, or a request could not be handled at all. */
  failed(): boolean;
  /** Faults of our own, answered 500. */
  faults(): readonly Error[];
  unused(): Unused;
  served(): ServedCounts;
  /** Serves a connection that was accepted elsewhere; `upstream` is whom its requests are for, null where each names it. */
  take(socket: Socket, upstream: string | null, who?: Pick<Client, 'holder'>): void;
  close(): Promise<void>;
}

/** Starts serving. Throws PORT_IN_USE, USAGE (an address that is not ours) and FILE_UNREADABLE (the CA file). */
export async function startMocks(set: MockSet, options: MockServerOptions = {}): Promise<MockServer> {
  const host = options.host ?? '127.0.0.1';
  const authority = createAuthority({
    valid: options.valid ?? aMonthFrom(new Date()),
    alsoNamed: isWildcard(host) ? [] : [host],
  });
  const limits = { ...defaultLimits, ...options.limits };
  const ownPorts = new Map<number, string>();
  const urls = new Map<string, string>();
  const answerer = createAnswering(set, options, { limits, urls, ownPorts });
  const { answering, matcher, tally, soon } = answerer;
  const placeholders = new Set(set.mocks.flatMap(({ redacted }) => redacted.map(({ placeholder }) => placeholder)));
  const trust = createTrustWatch();
  const desk = openDesk(answerer, options.hosts ?? allHosts);
  const refuses = (upstream: string): boolean => answering.refuse(upstream) !== null;
  const serving: Serving = {
    limits,
    resolve: createResolver(set, ownPorts),
    tunnels: createTunnels(ownPorts, refuses),
    ask(asked) {
      trust.asked(asked.arrival);
      desk.ask(asked);
    },
    tunnel: (stream, arrival) => front.tunnel(stream, arrival),
  };
  const http1 = await carryHttp1(serving);
  const http2 = carryHttp2(serving);
  const front: Front = createFront({
    http1: http1.take,
    http2: http2.take,
    authority,
    trust,
    refuses,
    headMs: limits.headMs,
  });
  const stop = async (): Promise<void> => {
    trust.stop();
    await front.close();
    await Promise.all([http1.close(), http2.close()]);
    desk.close();
  };
  try {
    const port = await front.listen({ host, port: options.port ?? 0, upstream: null });
    for (const { name, tls } of set.upstreams) {
      const own = await front.listen({ host, port: 0, upstream: name });
      ownPorts.set(own, name);
      urls.set(name, urlAt(tls, host, own));
    }
    const caFile = writeCaFile(authority.certificate, options.caFile ?? null);
    return {
      url: urlAt(false, host, port),
      urls,
      ca: authority.certificate,
      caFile: caFile.path,
      misses: () => tally.misses,
      calls: () => tally.calls.calls,
      callCount: () => tally.calls.made,
      distrust: trust.distrust,
      cases: {
        begin(each) {
          answering.translation.learn(each.carried.filter(({ recorded }) => placeholders.has(recorded)));
          matcher.begin(each);
          soon.tell();
        },
        end(id, named) {
          matcher.end(id, named);
          soon.tell();
        },
        asRecorded: answering.translation.recorded,
      },
      failed: () => tally.failed(),
      faults: () => tally.faults,
      unused: matcher.unused,
      served: () => ({ ...matcher.served(), missed: tally.missed() }),
      take: (socket, upstream, who) => front.take(socket, { upstream, port: socket.localPort ?? 0, ...who }),
      async close() {
        caFile.remove();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Desk {
  ask(asked: Asked): void;
  close(): void;
}

/** Brings each request to its host. */
function openDesk({ answering }: Answerer, hosts: readonly MockHost[]): Desk {
  const open = hosts.map((host) => ({ takes: host.takes, opened: host.open(answering) }));
  return {
    ask(asked) {
      answering.guard(asked, () => {
        const { arrival, upstream, reply } = asked;
        if (arrival.upstream === null && answering.refuse(upstream) !== null) reply.fail('unreachable');
        else open.find(({ takes }) => takes(asked, answering.set))?.opened.serve(asked);
      });
    },
    close() {
      for (const { opened } of open) opened.close();
    },
  };
}

function urlAt(tls: boolean, host: string, port: number): string {
  const named = isWildcard(host) ? '127.0.0.1' : host;
  return `${tls ? 'https' : 'http'}://${named.includes(':') ? `[${named}]` : named}:${port}`;
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}
