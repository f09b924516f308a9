/**
 * What the command inherits, led to the mocks: a value that names a recorded upstream names its mock instead. Pure. Only for a
 * command that has no network of its own; where it has, the recorded names are right as they stand.
 */
import { parseAuthority, type Upstream } from '../mocks/upstream';

export interface Led {
  readonly env: NodeJS.ProcessEnv;
  /** `PAYMENTS_URL -> payments:8443`. */
  readonly told: readonly string[];
}

const defaultPorts: Readonly<Record<string, number>> = { http: 80, https: 443, ws: 80, wss: 443 };
const address = /\b(https?|wss?):\/\/([^/?#\s'",;]+)/gi;

export function ledToMocks(
  inherited: NodeJS.ProcessEnv,
  { urls, upstreams }: { readonly urls: ReadonlyMap<string, string>; readonly upstreams: readonly Upstream[] },
): Led {
  const told: string[] = [];
  const entries = Object.entries(inherited).map(([name, value = '']): [string, string] => {
    if (/proxy$/i.test(name)) return [name, value];
    const led = leadValue(value, (authority, scheme) => {
      const upstream = upstreamAt(authority, scheme, upstreams);
      const url = upstream === undefined ? undefined : urls.get(upstream.name);
      if (url !== undefined) told.push(`${name} -> ${upstream?.name}`);
      return url;
    });
    return [name, led];
  });
  return { env: Object.fromEntries(entries), told };
}

type MockAt = (authority: string, scheme: string | null) => string | undefined;

/** Every URL in it; or all of it, where it is `host:port` and no more. */
function leadValue(value: string, mockAt: MockAt): string {
  const whole = /^[^/\s@]+:\d+$/.test(value) ? mockAt(value, null) : undefined;
  if (whole !== undefined) return new URL(whole).host;
  return value.replace(address, (text, scheme: string, authority: string) => {
    const url = mockAt(authority, scheme.toLowerCase());
    return url === undefined ? text : url.replace(/^http/, /^ws/i.test(scheme) ? 'ws' : 'http');
  });
}

function upstreamAt(authority: string, scheme: string | null, upstreams: readonly Upstream[]): Upstream | undefined {
  const parsed = parseAuthority(authority);
  const port = parsed?.port ?? (scheme === null ? null : defaultPorts[scheme]);
  return upstreams.find((each) => each.host === parsed?.host && each.port === port);
}
