/**
 * How an upstream is named: `host:port`, lower-case, the port always there. Names come from what the client asked
 * for (absolute-form target or Host), since that is what another build will ask for; never from a DNS lookup.
 */
import type { Connection, Exchange } from '../../tape/model/exchange';
import { addressOf, type HttpRequest } from '../../tape/model/http/http';
import { httpOf } from '../../tape/model/registry';

export interface Upstream {
  /** `payments:8443`: the host as the client named it, lower-case, and the port. IPv6 in brackets. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Whether the recorded connections to it were TLS. */
  readonly tls: boolean;
}

/** Reads `host`, `host:port`, `[v6]:port`; null for text that is neither. `port` is null where there is none. */
export function parseAuthority(text: string): { host: string; port: number | null } | null {
  const found = /^(?:[^@/]*@)?(\[[0-9a-fA-F:.%]+\]|[^:[\]@/?#\s]+)(?::(\d{1,5})?)?$/.exec(text);
  const host = found?.[1];
  if (host === undefined) return null;
  const port = found?.[2] === undefined ? null : Number(found[2]);
  return port !== null && port > 65535 ? null : { host: host.toLowerCase(), port };
}

/** The default port of a scheme (RFC 9110 4.2). */
export function defaultPort(tls: boolean): number {
  return tls ? 443 : 80;
}

/** `host:port` of an authority; the scheme's port where it names none. Null for text that names no host. */
export function upstreamName(authority: string, tls: boolean): string | null {
  const parsed = parseAuthority(authority);
  return parsed === null ? null : `${parsed.host}:${parsed.port ?? defaultPort(tls)}`;
}

/** The upstream a request was recorded on: by the request, else by the address of the socket; null where neither is known. */
export function upstreamOf(exchange: Exchange): Upstream | null {
  const { connection } = exchange;
  const request = httpOf(exchange)?.request ?? null;
  if (request === null) return upstreamAsked({ host: null, scheme: null, connection });
  return upstreamAsked({ host: addressOf(request).host, scheme: schemeOf(request), connection });
}

/** The same for what is known of a request besides: `host` as it was asked for, `scheme` where the request says one. */
export function upstreamAsked({ host, scheme, connection }: AskedUpstream): Upstream | null {
  const { remote } = connection;
  const tls = connection.tls !== null || scheme === 'https';
  const asked = dialled(host, remote);
  const name = (asked === null ? null : upstreamName(asked, scheme === null ? tls : scheme === 'https')) ?? remote;
  return name === null ? null : upstreamNamed(name, tls);
}

export interface AskedUpstream {
  readonly host: string | null;
  readonly scheme: string | null;
  readonly connection: Pick<Connection, 'remote' | 'tls'>;
}

/** Some clients leave the port out of Host though they dialled another one than the scheme's: an address tells which. */
function dialled(host: string | null, remote: string | null): string | null {
  const [named, address] = [host, remote].map((text) => (text === null ? null : parseAuthority(text)));
  if (named == null || address == null || named.port !== null || address.port === null) return host;
  const isLocal = named.host === 'localhost' && (address.host === '[::1]' || address.host.startsWith('127.'));
  return named.host === address.host || isLocal ? `${named.host}:${address.port}` : host;
}

/** Throws nothing: a name that cannot be read is kept whole as the host. */
export function upstreamNamed(name: string, tls: boolean): Upstream {
  const parsed = parseAuthority(name);
  return { name, host: parsed?.host ?? name, port: parsed?.port ?? defaultPort(tls), tls };
}

/** The base URL of an upstream as its clients wrote it: the port is left out where it is the scheme's own. */
export function baseUrl(upstream: Upstream): string {
  const scheme = upstream.tls ? 'https' : 'http';
  const port = upstream.port === defaultPort(upstream.tls) ? '' : `:${upstream.port}`;
  return `${scheme}://${upstream.host}${port}`;
}

/** What a request says of its scheme, lower-case: an absolute-form target, or `:scheme` of HTTP/2; null where nothing does. */
function schemeOf({ target, scheme }: HttpRequest): string | null {
  return (/^([a-z][a-z0-9+.-]*):\/\//i.exec(target)?.[1] ?? scheme ?? null)?.toLowerCase() ?? null;
}
