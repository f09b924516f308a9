/**
 * Absolute addresses that name a recorded upstream, as addresses of its mock, and back: what a client follows out of an
 * answer leads to the mock again, and what it says of a mock is known for what was recorded. Pure.
 */
import { baseUrl, type Upstream, upstreamName, upstreamNamed } from '../upstream';
import type { Replace } from './texts';

export interface Addresses {
  readonly toMocks: Replace;
  readonly toUpstreams: Replace;
}

/** An address in plain text, with the slashes of JSON escaped, or percent-encoded in a query. What follows is no part of the host. */
const plain =
  /(https?):(\\?\/\\?\/)(\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::(\d{1,5}))?(?![\w@:-]|\.\w)/gi;
const encoded = /(https?)(%3A%2F%2F)([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?:%3A(\d{1,5}))?(?![\w@-]|%40|%3A)/gi;

/** `urls` has the base URL of each upstream's own port. */
export function addressesOf(upstreams: readonly Upstream[], urls: ReadonlyMap<string, string>): Addresses {
  const known = new Map(upstreams.map((upstream) => [upstream.name, upstream]));
  const byPort = new Map(
    [...urls].map(([name, url]) => [new URL(url).port, known.get(name) ?? upstreamNamed(name, false)]),
  );
  const toMock = (scheme: string, host: string, port: string | undefined): string | undefined => {
    const name = upstreamName(port === undefined ? host : `${host}:${port}`, scheme.toLowerCase() === 'https');
    return name === null ? undefined : urls.get(name);
  };
  const toUpstream = (_scheme: string, host: string, port: string | undefined): string | undefined => {
    const upstream = isLoopback(host) ? byPort.get(port ?? '') : undefined;
    return upstream === undefined ? undefined : baseUrl(upstream);
  };
  return { toMocks: replacer(toMock), toUpstreams: replacer(toUpstream) };
}

type Translate = (scheme: string, host: string, port: string | undefined) => string | undefined;

function replacer(translate: Translate): Replace {
  const inPlain = (whole: string, scheme: string, slashes: string, host: string, port?: string): string => {
    const url = translate(scheme, host, port);
    return url === undefined ? whole : url.replace('//', slashes);
  };
  const inEncoded = (whole: string, scheme: string, _: string, host: string, port?: string): string => {
    const url = translate(scheme, host, port);
    return url === undefined ? whole : encodeURIComponent(url);
  };
  return (text) => {
    if (text.length < 8) return text;
    const once = text.includes('//') || text.includes('\\/') ? text.replace(plain, inPlain) : text;
    return /%3a%2f%2f/i.test(once) ? once.replace(encoded, inEncoded) : once;
  };
}

function isLoopback(host: string): boolean {
  return /^(?:localhost|\[::1\]|127\.\d+\.\d+\.\d+)$/i.test(host);
}
