/**
 * A place among the commits of a tape, as text that outlives the reader: the commit, the exchange in it, and a mark of
 * the session that exchange belongs to, by which another tape is known. Pure but for the hash.
 */
import { createHash } from 'node:crypto';
import { WiretapeError } from '../../errors/wiretape-error';
import type { Cursor, SessionStart } from './tape';

export interface CursorPlace {
  readonly commit: number;
  readonly id: number;
  readonly mark: string;
}

export type MarkedStart = Pick<SessionStart, 'startedAtUs' | 'machine' | 'kernel' | 'user' | 'wiretapeVersion'>;

/** Microsecond and machine name a session for good; a copy of a tape has the marks of its original. */
export function markOf({ startedAtUs, machine, kernel, user, wiretapeVersion }: MarkedStart): string {
  const facts = JSON.stringify([startedAtUs, machine, kernel, user, wiretapeVersion]);
  return createHash('sha256').update(facts).digest('base64url').slice(0, 12);
}

export function cursorText({ commit, id, mark }: CursorPlace): Cursor {
  return `${commit}-${id}-${mark}`;
}

/** Throws CURSOR_FOREIGN where it is none. */
export function cursorPlace(cursor: Cursor, tape: string): CursorPlace {
  const [, commit, id, mark = ''] = /^(\d{1,15})-(\d{1,15})-([\w-]{12})$/.exec(cursor) ?? [];
  if (commit === undefined || id === undefined) throw foreignCursor(cursor, tape, 'it is no cursor');
  return { commit: Number(commit), id: Number(id), mark };
}

/** `seen` says how that is known. */
export function foreignCursor(cursor: Cursor, tape: string, seen: string): WiretapeError {
  return new WiretapeError('CURSOR_FOREIGN', `The cursor ${JSON.stringify(cursor)} is of no place on ${tape}`, {
    seen: [seen],
    remedy: ['Continue on the tape it was given for', `or begin anew:  wiretape ls ${tape} --follow`],
  });
}
