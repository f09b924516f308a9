/**
 * The one filter grammar: `METHOD host/path` with globs, as in 'GET *\/orders/**' or '* payments:8443/**'.
 * `*` matches within a segment, `**` across segments; the query string is not matched.
 */
import { WiretapeError } from '../../errors/wiretape-error';
import { addressOf, type Exchange } from './exchange';

export interface ExchangeFilter {
  readonly include?: readonly FilterPattern[];
  readonly exclude?: readonly FilterPattern[];
  readonly session?: string;
  readonly direction?: 'inbound' | 'outbound';
}

export interface FilterPattern {
  readonly text: string;
  readonly method: string;
  readonly hostAndPath: RegExp;
}

/** Throws BAD_FILTER where the text is not `METHOD host/path`. */
export function parseFilterPattern(text: string): FilterPattern {
  const parts = text.trim().split(/\s+/);
  const [method, place] = parts;
  if (parts.length !== 2 || method === undefined || place === undefined || !/^(\*|[A-Za-z-]+)$/.test(method)) {
    throw new WiretapeError(
      'BAD_FILTER',
      `Cannot read the filter ${JSON.stringify(text)}: it is not METHOD host/path`,
      {
        remedy: "Write it as 'GET */orders/**' or '* payments:8443/**'",
      },
    );
  }
  return { text, method: method.toUpperCase(), hostAndPath: globToRegExp(place.includes('/') ? place : `${place}/**`) };
}

/** True when the filter lets the exchange pass; raw streams match only `* host:port/**` by their remote or local address. */
export function passesFilter(exchange: Exchange, filter: ExchangeFilter): boolean {
  if (filter.direction !== undefined && exchange.connection.direction !== filter.direction) return false;
  if (filter.include !== undefined && filter.include.length > 0 && !filter.include.some((p) => matches(p, exchange))) {
    return false;
  }
  return !(filter.exclude ?? []).some((p) => matches(p, exchange));
}

function matches(pattern: FilterPattern, exchange: Exchange): boolean {
  const { method, place } = placeOf(exchange);
  return (pattern.method === '*' || pattern.method === method) && pattern.hostAndPath.test(place);
}

function placeOf(exchange: Exchange): { method: string; place: string } {
  if (exchange.request !== null) {
    const { host, path } = addressOf(exchange.request);
    return { method: exchange.request.method.toUpperCase(), place: `${host ?? ''}${path.split('?')[0]}` };
  }
  const { direction, local, remote } = exchange.connection;
  return { method: '', place: `${(direction === 'inbound' ? local : remote) ?? ''}/` };
}

function globToRegExp(glob: string): RegExp {
  const body = glob.replace(/\*\*|\*|[.+?^${}()|[\]\\]/g, (found) => {
    if (found === '**') return '.*';
    return found === '*' ? '[^/]*' : `\\${found}`;
  });
  return new RegExp(`^${body}$`);
}
