/** CONNECT (RFC 9110 9.3.6): whom a proxy's tunnel leads to, so that whatever it carries is answered by mocks. */
import { parseAuthority, upstreamName } from '../upstream';
import { type Arrival, ownUpstream } from './arrival';

export interface Tunnels {
  /**
   * The tunnel to an authority: how what it carries arrives; `unreadable` where nothing is named, and `refused` where the
   * upstream takes no connections now.
   */
  to(authority: string, arrival: Arrival): Arrival | 'unreadable' | 'refused';
}

export function createTunnels(ownPorts: ReadonlyMap<number, string>, refuses: (upstream: string) => boolean): Tunnels {
  return {
    to(authority, arrival) {
      const upstream = upstreamOfTunnel(authority, ownPorts);
      if (upstream === null) return 'unreadable';
      return refuses(upstream) ? 'refused' : { ...arrival, upstream, tls: false };
    },
  };
}

function upstreamOfTunnel(authority: string, ownPorts: ReadonlyMap<number, string>): string | null {
  const parsed = parseAuthority(authority);
  return (parsed === null ? undefined : ownUpstream(parsed, ownPorts)) ?? upstreamName(authority, true);
}
