/** The build under test: where it is, and what a request to it must look like. Opens nothing. */
import { WiretapeError } from '../../errors/wiretape-error';

export interface Target {
  /** `http://127.0.0.1:8080`, without a path. */
  readonly origin: string;
  /** `127.0.0.1:8080`, IPv6 in brackets, the default port left out: what a Host header says. */
  readonly authority: string;
  readonly secure: boolean;
  /** Put before every path; without a slash at its end, '' for none. */
  readonly basePath: string;
}

/** Reads `--target`. Throws USAGE for what is no http(s) address, or says more than an address. */
export function parseTarget(text: string): Target {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    const guess = /^[\w.[\]:-]+$/.test(text) ? `http://${text}` : 'http://127.0.0.1:8080';
    throw refused(text, 'it is not an http or https address', `Type --target ${guess}`);
  }
  if (url.username !== '' || url.password !== '') {
    throw refused(
      text.replace(/\/\/.*@/, '//…@'),
      'it holds credentials',
      `Leave them out and use --set-header 'authorization: Basic …'`,
    );
  }
  if (url.search !== '' || url.hash !== '') {
    throw refused(text, 'it holds a query or a fragment', 'Give the address and, where there is one, the base path');
  }
  const basePath = url.pathname.replace(/\/+$/, '');
  return { origin: url.origin, authority: url.host, secure: url.protocol === 'https:', basePath };
}

/** Where to connect to. */
export function endpointOf({ hostname, port, protocol }: URL): { readonly host: string; readonly port: number } {
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || (protocol === 'https:' ? 443 : 80) };
}

function refused(text: string, why: string, remedy: string): WiretapeError {
  return new WiretapeError('USAGE', `Cannot use the target ${JSON.stringify(text)}: ${why}`, { remedy });
}
