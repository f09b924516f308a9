/**
 * What a tape says of addresses: which names it knows, which upstream was recorded where, and so what a connection of the
 * command is meant for. Pure.
 */
import { isIP } from 'node:net';
import type { StoredExchange } from '../../tape/store/tape';
import { isAsked } from '../mocks/served';
import { parseAuthority, type Upstream, upstreamOf } from '../mocks/upstream';

export interface Addresses {
  readonly v4: string | null;
  readonly v6: string | null;
}

export interface Book {
  /** Names that resolve, lower-case, each with addresses that are nobody else's. */
  readonly names: ReadonlyMap<string, Addresses>;
  /** Ports of loopback addresses that somebody else served in the recording, or that are let through. */
  readonly loopbackPorts: readonly number[];
  meant(address: string, port: number): Meant;
}

/** `name` is `host:port` as people know it. */
export type Meant =
  /** Null where the request names it: several were recorded at this address. */
  | { readonly kind: 'mock'; readonly upstream: string | null; readonly name: string }
  /** Played by exact bytes. */
  | { readonly kind: 'bytes'; readonly name: string }
  | { readonly kind: 'allowed'; readonly name: string; readonly host: string; readonly port: number }
  /** On the tape, and nothing that can be served. */
  | { readonly kind: 'unserved'; readonly name: string }
  | { readonly kind: 'unrecorded'; readonly name: string };

export interface BookOptions {
  readonly outbound: readonly StoredExchange[];
  readonly upstreams: readonly Upstream[];
  /** `address:port` of streams that are played by exact bytes. */
  readonly raw: Iterable<string>;
  readonly allowed: readonly Allowed[];
  /** Where the command listens: what it says to itself there is its own affair. */
  readonly ownPort: number;
}

export interface Allowed {
  readonly host: string;
  readonly port: number;
}

export function bookOf({ outbound, upstreams, raw, allowed, ownPort }: BookOptions): Book {
  const remotes = remotesOf(outbound);
  const known = new Set(upstreams.map(({ name }) => name));
  const byName = namesOf([...upstreams, ...allowed], remotes.families);
  const hostAt = new Map([...byName].flatMap(([host, { v4, v6 }]) => [v4, v6].map((address) => [address, host])));
  const played = new Set(raw);
  const through = new Map(allowed.map((each) => [`${each.host}:${each.port}`, each]));
  return {
    names: byName,
    loopbackPorts: loopbackPorts([...remotes.at.keys(), ...known, ...through.keys()], ownPort),
    meant(address, port) {
      const literal = `${isIP(address) === 6 ? `[${address}]` : address}:${port}`;
      const host = hostAt.get(address);
      const name = host === undefined ? literal : `${host}:${port}`;
      const allowance = through.get(name) ?? (isLoopback(address) ? through.get(`localhost:${port}`) : undefined);
      if (allowance !== undefined) return { kind: 'allowed', name, ...allowance };
      if (played.has(name)) return { kind: 'bytes', name };
      if (known.has(name)) return { kind: 'mock', upstream: name, name };
      const there = host === undefined ? (remotes.at.get(literal) ?? new Set()) : new Set<string>();
      const served = [...there].filter((one) => known.has(one));
      if (served.length > 0) return { kind: 'mock', upstream: served.length === 1 ? (served[0] ?? null) : null, name };
      return { kind: remotes.at.has(literal) ? 'unserved' : 'unrecorded', name };
    },
  };
}

interface Remotes {
  /** `address:port` to the upstreams that were called there. */
  readonly at: ReadonlyMap<string, Set<string>>;
  /** Host name to the families of its addresses. */
  readonly families: ReadonlyMap<string, ReadonlySet<number>>;
}

function remotesOf(outbound: readonly StoredExchange[]): Remotes {
  const at = new Map<string, Set<string>>();
  const families = new Map<string, Set<number>>();
  for (const { exchange } of outbound) {
    const { remote } = exchange.connection;
    if (remote === null || remote.startsWith('unix:')) continue;
    const upstream = isAsked(exchange) ? upstreamOf(exchange) : null;
    const names = at.get(remote) ?? new Set();
    at.set(remote, names);
    if (upstream === null) continue;
    names.add(upstream.name);
    const seen = families.get(upstream.host) ?? new Set();
    families.set(upstream.host, seen.add(remote.startsWith('[') ? 6 : 4));
  }
  return { at, families };
}

/** Of RFC 2544: nobody's, and more than any tape has names. */
const firstV4 = 0xc612_0001;
const isOwnName = (host: string): boolean => host === 'localhost' || isIP(bare(host)) !== 0;

/** A name has an address of the families it was called at; IPv4 where that is not known. */
function namesOf(
  hosts: readonly { readonly host: string }[],
  families: ReadonlyMap<string, ReadonlySet<number>>,
): ReadonlyMap<string, Addresses> {
  const named = [...new Set(hosts.map(({ host }) => host))].filter((host) => !isOwnName(host));
  return new Map(
    named.map((host, i) => {
      const seen = families.get(host) ?? new Set([4]);
      return [host, { v4: seen.has(4) ? v4At(firstV4 + i) : null, v6: seen.has(6) ? v6At(i + 1) : null }];
    }),
  );
}

function v4At(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 0xff).join('.');
}

function v6At(index: number): string {
  return `2001:db8:1::${index.toString(16)}`;
}

function loopbackPorts(names: readonly string[], ownPort: number): number[] {
  const ports = names.flatMap((name) => {
    const parsed = parseAuthority(name);
    if (parsed?.port == null || parsed.port === ownPort) return [];
    return parsed.host === 'localhost' || isLoopback(bare(parsed.host)) ? [parsed.port] : [];
  });
  return [...new Set(ports)].sort((a, b) => a - b);
}

function bare(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}

export function isLoopback(address: string): boolean {
  return address === '::1' || (isIP(address) === 4 && address.startsWith('127.'));
}
