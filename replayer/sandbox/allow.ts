/** `--allow`: what the command may reach although it is real. Pure. */
import { WiretapeError } from '../../errors/wiretape-error';
import { parseAuthority } from '../mocks/upstream';
import type { Allowed } from './book';

export interface Allowance {
  readonly addresses: readonly Allowed[];
  /** Unix sockets. */
  readonly paths: readonly string[];
}

export const noAllowance: Allowance = { addresses: [], paths: [] };

/** Throws USAGE for what is neither `host:port` nor an absolute path. */
export function readAllowance(texts: readonly string[]): Allowance {
  const paths = texts.filter((text) => text.startsWith('/'));
  const addresses = texts.filter((text) => !text.startsWith('/')).map(addressOf);
  return { addresses, paths };
}

function addressOf(text: string): Allowed {
  const parsed = parseAuthority(text);
  if (parsed?.port != null) return { host: parsed.host, port: parsed.port };
  throw new WiretapeError('USAGE', `Cannot read --allow ${JSON.stringify(text)}: it is no address with a port`, {
    remedy: 'Write it as  --allow 127.0.0.1:5432  or, for a unix socket,  --allow /run/postgresql/.s.PGSQL.5432',
  });
}

export function allowanceNames({ addresses, paths }: Allowance): readonly string[] {
  return [...addresses.map(({ host, port }) => `${host}:${port}`), ...paths];
}
