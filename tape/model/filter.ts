/**
 * The one filter grammar: `METHOD host/path` with globs, as in 'GET *\/orders/**' or '* payments:8443/**'.
 * `*` matches within a segment, `**` across segments, and a last `/**` also nothing: 'GET *\/orders/**' takes /orders.
 * Methods and hosts match in any case; the query string is not matched. Where an application is spoken over HTTP its own
 * verb and target match as well: 'query OrderById', 'call eth_*'. Behind it, or alone, stand facts of the connection, all of
 * which must hold: 'process=nginx', 'GET *\/orders/** user=www-data host-name=*.example'.
 */
import { WiretapeError } from '../../errors/wiretape-error';
import { type OperationLine, protocolLineOf } from './content-model';
import type { Connection, Direction, Exchange } from './exchange';
import { operationOf } from './registry';

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
  /** The same glob for the target of an application. */
  readonly named: RegExp;
  readonly facts: readonly FactPattern[];
}

interface FactPattern {
  readonly fact: FactName;
  readonly glob: RegExp;
}

/** What a filter looks at; `verb`, `authority` and `target` are null for raw streams. */
export interface FilterSubject {
  readonly direction: Direction;
  readonly local: string | null;
  readonly remote: string | null;
  readonly verb: string | null;
  readonly authority: string | null;
  readonly target: string | null;
  readonly result: string | null;
  /** Set where verb and target are those of an application. */
  readonly over: OperationLine | null;
  /** Asked only where a pattern has facts. */
  readonly connection: () => Peers;
}

type Peers = Pick<Connection, 'process' | 'serverName' | 'hostName'>;

/** What a pattern may ask of a connection: one of the texts must match; where there is none, nothing does. */
const facts = {
  process: ({ process: speaker }: Peers) => [speaker?.name],
  executable: ({ process: speaker }: Peers) => [speaker?.executable],
  user: ({ process: speaker }: Peers) => [speaker?.user?.name, speaker?.user?.id.toString()],
  container: ({ process: speaker }: Peers) => [speaker?.container?.name, speaker?.container?.id],
  'server-name': ({ serverName }: Peers) => [serverName],
  'host-name': ({ hostName }: Peers) => [hostName?.name],
} as const satisfies Record<string, (peers: Peers) => readonly (string | null | undefined)[]>;
type FactName = keyof typeof facts;

/** The names of those facts, for people. */
export const filterFacts: readonly string[] = Object.keys(facts);

/** Throws BAD_FILTER where the text is not `METHOD host/path`, facts, or both. */
export function parseFilterPattern(text: string): FilterPattern {
  const parts = text.trim().split(/\s+/);
  const first = parts.findIndex((part) => factPart.test(part));
  const [line, rest] = first < 0 ? [parts, []] : [parts.slice(0, first), parts.slice(first)];
  const [method = '*', place = '**'] = line;
  if ((line.length !== 2 && first !== 0) || !/^(\*|[A-Za-z-]+)$/.test(method))
    throw notAFilter(text, 'it is not METHOD host/path');
  return {
    text,
    method: method.toUpperCase(),
    hostAndPath: globToRegExp(first === 0 ? place : withLowerHost(place.includes('/') ? place : `${place}/**`)),
    named: globToRegExp(place),
    facts: rest.map((part) => factPattern(text, part)),
  };
}

/** No method has an equals sign, and a host has none either. */
const factPart = /^([a-z-]+)=(.*)$/;

function factPattern(text: string, part: string): FactPattern {
  const [, fact = '', glob = ''] = factPart.exec(part) ?? [];
  if (!isFact(fact) || glob === '') throw notAFilter(text, `${JSON.stringify(part)} is no fact of a connection`);
  return { fact, glob: globToRegExp(fact.endsWith('-name') ? glob.toLowerCase() : glob) };
}

function isFact(name: string): name is FactName {
  return Object.hasOwn(facts, name);
}

function notAFilter(text: string, why: string): WiretapeError {
  return new WiretapeError('BAD_FILTER', `Cannot read the filter ${JSON.stringify(text)}: ${why}`, {
    remedy: [
      "Write it as 'GET */orders/**' or '* payments:8443/**'",
      `Or ask for facts, as 'process=nginx': ${filterFacts.join(', ')}`,
    ],
  });
}

/** True when the filter lets the exchange pass; raw streams match only `* host:port/**` by the server's address. `session` is the tape's to check. */
export function passesFilter(exchange: Exchange, filter: ExchangeFilter): boolean {
  return isOpen(filter) || subjectPasses(subjectOf(exchange), filter);
}

/** Lets everything pass. */
function isOpen({ direction, include = [], exclude = [] }: ExchangeFilter): boolean {
  return direction === undefined && include.length + exclude.length === 0;
}

/** The same for what is known of an exchange without its messages. */
export function subjectPasses(subject: FilterSubject, filter: ExchangeFilter): boolean {
  if (filter.direction !== undefined && subject.direction !== filter.direction) return false;
  if (filter.include !== undefined && filter.include.length > 0 && !filter.include.some((p) => matches(p, subject))) {
    return false;
  }
  return !(filter.exclude ?? []).some((p) => matches(p, subject));
}

/** What a filter looks at of an exchange. */
export function subjectOf(exchange: Exchange): FilterSubject {
  const { direction, local, remote } = exchange.connection;
  return { direction, local, remote, connection: () => exchange.connection, ...operationOf(exchange) };
}

function matches(pattern: FilterPattern, subject: FilterSubject): boolean {
  return isSaid(pattern, subject) && pattern.facts.every((wanted) => holds(wanted, subject.connection()));
}

function holds({ fact, glob }: FactPattern, peers: Peers): boolean {
  return facts[fact](peers).some((text) => text !== null && text !== undefined && glob.test(text));
}

/** By what was asked for. */
function isSaid(pattern: FilterPattern, subject: FilterSubject): boolean {
  const { verb, target } = protocolLineOf(subject);
  if (isVerb(pattern, verb) && pattern.hostAndPath.test(placeOf(subject, target))) return true;
  return subject.over !== null && isVerb(pattern, subject.verb) && pattern.named.test(subject.target ?? '');
}

function isVerb({ method }: FilterPattern, verb: string | null): boolean {
  return method === '*' || method === verb?.toUpperCase();
}

function placeOf(subject: FilterSubject, target: string | null): string {
  if (target === null) {
    const server = subject.direction === 'inbound' ? subject.local : subject.remote;
    return `${server ?? ''}/`;
  }
  return `${(subject.authority ?? '').toLowerCase()}${target.split('?', 1)[0]}`;
}

function withLowerHost(glob: string): string {
  const slash = glob.indexOf('/');
  return glob.slice(0, slash).toLowerCase() + glob.slice(slash);
}

function globToRegExp(glob: string): RegExp {
  const body = glob.replace(/\/\*\*$|\*\*|\*|[.+?^${}()|[\]\\]/g, (found) => {
    if (found === '/**') return '(?:/.*)?';
    if (found === '**') return '.*';
    return found === '*' ? '[^/]*' : `\\${found}`;
  });
  return new RegExp(`^${body}$`, 's');
}
