/**
 * Whose answers mocks give: the dependencies of the recorded service (its outbound exchanges), or the service itself (its
 * inbound ones). A dependency is known by the name its clients asked for; the service by the port it listened on, since
 * its clients may have reached it under any name.
 */
import type { Exchange } from '../../tape/model/exchange';
import { httpOf } from '../../tape/model/registry';
import type { StoredExchange } from '../../tape/store/tape';
import { type Upstream, upstreamNamed, upstreamOf } from './upstream';

export type Serve = 'outbound' | 'inbound';

/** The upstream an exchange is counted to; null where nothing names one. */
export type Naming = (exchange: Exchange) => Upstream | null;

export function namingFor(serve: Serve, exchanges: readonly StoredExchange[]): Naming {
  return serve === 'outbound' ? dependencies(exchanges) : service();
}

/** A refused connect carries no host name: it is counted to the upstream that other connections to the same address named. */
function dependencies(exchanges: readonly StoredExchange[]): Naming {
  const named = new Map<string, Upstream>();
  for (const { exchange } of exchanges) {
    const { remote } = exchange.connection;
    const upstream = isAsked(exchange) ? upstreamOf(exchange) : null;
    if (remote !== null && upstream !== null && !named.has(remote)) named.set(remote, upstream);
  }
  return dependenciesNamed(named);
}

/** What dependencies are called; `named` says so by the address of those that nothing was asked of. */
export function dependenciesNamed(named: ReadonlyMap<string, Upstream>): Naming {
  return (exchange) => {
    if (isAsked(exchange)) return upstreamOf(exchange);
    const { remote } = exchange.connection;
    return remote === null ? null : (named.get(remote) ?? upstreamNamed(remote, remote.endsWith(':443')));
  };
}

/** One a port, called by the first address it was seen under. */
function service(): Naming {
  const byPort = new Map<number, Upstream>();
  return (exchange) => {
    const { local, tls } = exchange.connection;
    const seen =
      local === null || local.startsWith('unix:') ? upstreamOf(exchange) : upstreamNamed(local, tls !== null);
    if (seen === null) return null;
    const known = byPort.get(seen.port) ?? seen;
    byPort.set(seen.port, known);
    return known;
  };
}

/** Whether a request was seen of it. */
export function isAsked(exchange: Exchange): boolean {
  return (httpOf(exchange)?.request ?? null) !== null;
}
