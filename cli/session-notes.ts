/** What is said of sessions that were cut short, or are still recorded: their exchanges alone look as whole as any. Pure. */
import type { ExchangeFilter } from '../tape/model/filter';
import type { ProtoFiles } from '../tape/store/described';
import { isCutShort, type SessionState, sessionStateWords } from '../tape/store/session-state';
import type { Session } from '../tape/store/tape';
import { visibleLine } from './terminal';

/** Looks up the state of a session by its id. */
export function sessionStates(sessions: readonly Session[]): (id: string) => SessionState | null {
  const states = new Map(sessions.map(({ id, state }) => [id, state]));
  return (id) => states.get(id) ?? null;
}

/** A line for each session that something is missing from which no exchange tells of. */
export function cutShortLines(
  sessions: readonly Session[],
  filter: Pick<ExchangeFilter, 'session'>,
): readonly string[] {
  return sessions
    .filter(({ id }) => filter.session === undefined || id === filter.session)
    .filter(({ state }) => isCutShort(state))
    .map(noteOf);
}

/** The same of one session; null where it is whole, or goes on. */
export function cutShortLine(session: Session | undefined): string | null {
  return session !== undefined && isCutShort(session.state) ? noteOf(session) : null;
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

function noteOf({ id, state }: Session): string {
  return `session ${id}: ${sessionStateWords[state]}`;
}
