/** What is said of sessions that were cut short, or are samples: their exchanges alone look as whole as any. Pure. */
import type { ExchangeFilter } from '../tape/model/filter';
import type { ProtoFiles } from '../tape/store/described';
import { isCutShort, type SessionState, sessionStateWords } from '../tape/store/session-state';
import type { Session } from '../tape/store/tape';
import { visibleLine } from './terminal';

/** What the lines of exchanges say of their session. */
export interface SessionFacts {
  readonly sessionState: SessionState | null;
  /** Left out where all connections were recorded. */
  readonly sessionSample?: number;
}

/** Looks them up by the id of the session. */
export function sessionFacts(sessions: readonly Session[]): (id: string) => SessionFacts {
  const facts = new Map(sessions.map((session) => [session.id, factsOf(session)]));
  return (id) => facts.get(id) ?? factsOf(undefined);
}

export function factsOf(session: Session | undefined): SessionFacts {
  const sample = session?.sample === undefined ? {} : { sessionSample: session.sample };
  return { sessionState: session?.state ?? null, ...sample };
}

/** A line for each session that something is missing from which no exchange tells of. */
export function partialLines(sessions: readonly Session[], filter: Pick<ExchangeFilter, 'session'>): readonly string[] {
  return sessions
    .filter(({ id }) => filter.session === undefined || id === filter.session)
    .filter(isPartial)
    .map(noteOf);
}

/** The same of one session; null where it is whole, or goes on. */
export function partialLine(session: Session | undefined): string | null {
  return session !== undefined && isPartial(session) ? noteOf(session) : null;
}

/**
 * A line for each session in which fields may have the names of another file: servers told descriptors that say otherwise
 * than those that are kept. What is `given` to the command counts before either.
 */
export function contestedLines(
  sessions: readonly Session[],
  filter: Pick<ExchangeFilter, 'session'>,
  given: ProtoFiles,
): readonly string[] {
  return sessions.flatMap(({ id, contestedFiles = [] }) => {
    const names = contestedFiles.filter((name) => !given.has(name)).map(visibleLine);
    const isMeant = filter.session === undefined || id === filter.session;
    if (names.length === 0 || !isMeant) return [];
    const which = 'those of --proto-set, or the first, name the fields';
    return [`session ${id}: servers told other descriptors of ${names.join(', ')}, too; ${which}`];
  });
}

function isPartial({ state, sample }: Session): boolean {
  return isCutShort(state) || sample !== undefined;
}

function noteOf({ id, state, sample }: Session): string {
  const words = isCutShort(state) ? [sessionStateWords[state]] : [];
  return `session ${id}: ${[...words, ...(sample === undefined ? [] : [sampleWords(sample)])].join('; ')}`;
}

/** Calls that one request caused go over other connections than it came by. */
function sampleWords(sample: number): string {
  return `a sample: ${percent(sample)} of the connections were recorded, chosen one by one`;
}

/** `10%`, `0.5%`. */
export function percent(share: number): string {
  return `${Number((share * 100).toPrecision(6))}%`;
}
