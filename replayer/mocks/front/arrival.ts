/**
 * How a connection reached the mock server, and which upstream a request on it is meant for. Knows names only: an
 * upstream is never looked up or dialled here.
 */
import type { Duplex } from 'node:stream';
import type { MockSet } from '../mock';
import { defaultPort, parseAuthority, type Upstream, upstreamName } from '../upstream';
import type { ClientProcess } from './client-process';

export interface Arrival {
  /** Fixed by the listener or the CONNECT tunnel; null where each request names its own. */
  readonly upstream: string | null;
  readonly tls: boolean;
  /** What it came in on, under all layers of TLS: a TCP socket, or a stream of HTTP/2 that carries a tunnel. */
  readonly carrier: Carrier;
  /** The port of ours that the client connected to. */
  readonly port: number;
  /** The other end of the TCP connection under it all; null where nobody knows. */
  readonly client: Client | null;
}

export interface Client {
  readonly port: number;
  readonly ourPort: number;
  /** Which process it is, for one in a network of its own; null where nobody is found. Takes milliseconds. */
  readonly holder?: () => ClientProcess | null;
}

/** Ways to end what carries a connection. */
export interface Carrier {
  close(): void;
  /** Without a goodbye. */
  reset(): void;
}

const arrivals = new WeakMap<Duplex, Arrival>();

export function noteArrival(stream: Duplex, arrival: Arrival): void {
  arrivals.set(stream, arrival);
}

export function arrivalOf(stream: Duplex): Arrival | undefined {
  return arrivals.get(stream);
}

/** What a request says of where it goes. */
export interface Said {
  /** `:path` of HTTP/2, and any form of HTTP/1. */
  readonly target: string;
  /** Host, or `:authority` of HTTP/2. */
  readonly authority: string | undefined;
  /** `:scheme` of HTTP/2. */
  readonly scheme?: string | undefined;
}

/** What is understood of it. */
export interface Address {
  /** `host:port`, or '' where the request names none that can be read. */
  readonly upstream: string;
  /** Origin-form: path and query. */
  readonly target: string;
}

export type Resolver = (said: Said, arrival: Arrival) => Address;

/** Host headers are few and come often; past this many they are read anew. */
const rememberedHosts = 1000;
const absoluteForm = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/i;

/**
 * A fixed upstream wins, then an absolute-form target (RFC 9112 3.2.2), then Host or `:authority`. A Host whose port is missing or is
 * our own names the one upstream with that host name; our own address names the only upstream, where there is one.
 * Under `anyHost` so does any other Host, and where there are several, one names the upstream on its port.
 * `ownPorts` may grow while requests come: the ports of single upstreams, which a client may ask the proxy for.
 */
export function createResolver(
  { upstreams, anyHost }: Pick<MockSet, 'upstreams' | 'anyHost'>,
  ownPorts: ReadonlyMap<number, string>,
): Resolver {
  const known = new Set(upstreams.map(({ name }) => name));
  const cache = new Map<string, string>();
  const resolve = (authority: string, tls: boolean, port: number): string => {
    const key = `${tls ? 's' : 'p'}${port} ${authority}`;
    const cached = cache.get(key);
    if (cached !== undefined) return cached;
    if (cache.size >= rememberedHosts) cache.clear();
    const name = upstreamMeant(authority, { tls, port, known, upstreams, anyHost, ownPorts });
    cache.set(key, name);
    return name;
  };
  return ({ target, authority, scheme }, arrival) => {
    const absolute = target.startsWith('/') ? null : absoluteForm.exec(target);
    const path = absolute === null ? target : originForm(absolute[3] ?? '');
    if (arrival.upstream !== null) return { upstream: arrival.upstream, target: path };
    if (absolute === null) {
      const secure = scheme === undefined ? arrival.tls : scheme === 'https';
      return { upstream: resolve(authority ?? '', secure, arrival.port), target: path };
    }
    const tls = (absolute[1] ?? '').toLowerCase() === 'https';
    return { upstream: resolve(absolute[2] ?? '', tls, arrival.port), target: path };
  };
}

function originForm(rest: string): string {
  return rest.startsWith('/') ? rest : `/${rest}`;
}

interface Meaning {
  readonly tls: boolean;
  readonly port: number;
  readonly known: ReadonlySet<string>;
  readonly upstreams: readonly Upstream[];
  readonly anyHost: boolean;
  readonly ownPorts: ReadonlyMap<number, string>;
}

function upstreamMeant(authority: string, meaning: Meaning): string {
  const name = upstreamNamedBy(authority, meaning);
  if (!meaning.anyHost || meaning.known.has(name)) return name;
  const { upstreams } = meaning;
  const meant = upstreams.length === 1 ? upstreams : upstreams.filter(({ port }) => name.endsWith(`:${port}`));
  return meant.length === 1 ? (meant[0]?.name ?? name) : name;
}

function upstreamNamedBy(authority: string, { tls, port, known, upstreams, ownPorts }: Meaning): string {
  const name = upstreamName(authority, tls);
  const parsed = parseAuthority(authority);
  if (name === null || parsed === null) return '';
  const own = known.has(name) ? undefined : ownUpstream(parsed, ownPorts);
  if (own !== undefined) return own;
  if (known.has(name) || (parsed.port !== null && parsed.port !== port && parsed.port !== defaultPort(tls)))
    return name;
  const sameHost = upstreams.filter(({ host }) => host === parsed.host);
  const candidates = sameHost.length === 0 && isLocal(parsed.host) ? upstreams : sameHost;
  return candidates.length === 1 ? (candidates[0]?.name ?? name) : name;
}

/** A client that was pointed at the port of one upstream, and sends everything through a proxy, asks us for ourselves. */
export function ownUpstream(
  { host, port }: { host: string; port: number | null },
  ownPorts: ReadonlyMap<number, string>,
): string | undefined {
  return port !== null && isLocal(host) ? ownPorts.get(port) : undefined;
}

function isLocal(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
