/**
 * What a tape file tells of its commits. SQLite has no way to be woken by another process, so it is asked: `PRAGMA
 * data_version` reads one number of shared memory. Files are not watched: a journal that is written in place changes long
 * before its commit does, and not every file system tells.
 */
import { setTimeout as passed } from 'node:timers/promises';
import { WiretapeError } from '../../../errors/wiretape-error';
import { markOf } from '../cursor';
import type { Commits } from '../follow';
import { believed, boundedColumns } from './cells';
import { isWriterAlive } from './lock';
import { guarded } from './open';
import { statesOf } from './sessions';
import type { Source } from './source';
import { summariesAfter } from './summaries';

/** How often it is asked while somebody waits. A recorder commits every 100 ms at the most. */
const pollMs = 50;

/** How many times until everything is looked at again: that a recorder was killed is no commit. */
const pollsPerLook = 10;

/** The first version whose commits are numbered. */
const numberedSince = 2;

export function commitsOf(source: Source): Commits {
  const { path, database, cells } = source;
  const dataVersion = database.prepare<[], number>('PRAGMA data_version').pluck();
  const reading = async <T>(read: () => T): Promise<T> => guarded(path, 'read', read);
  const marks = new Map<string, string>();
  const markOfSession = (id: string): string => {
    const known = marks.get(id) ?? markFrom(source, Number(id));
    marks.set(id, known);
    return known;
  };
  return {
    location: path,
    find: (id) =>
      reading(() => {
        const columns = boundedColumns(['e.commit_number', 'e.session_id'], cells.joined);
        const row = database
          .prepare<[number], { commit_number: number; session_id: number }>(
            `SELECT ${columns} FROM exchanges e WHERE e.id = ?`,
          )
          .get(id);
        if (row === undefined) return undefined;
        const { commit_number: commit, session_id: session } = believed(row, cells.joined);
        return { commit, mark: markOfSession(String(session)) };
      }),
    page: (after, asked) =>
      reading(() =>
        summariesAfter(source, after, asked).map(({ session, ...row }) => ({ ...row, mark: markOfSession(session) })),
      ),
    states: () => reading(() => statesOf(source)),
    isBeingWritten: () => reading(() => isWriterAlive(database)),
    requireFollowable: () => reading(() => requireFollowable(source)),
    version: () => reading(() => dataVersion.get() ?? 0),
    async changed(version, signal) {
      for (let polls = 0; polls < pollsPerLook && !signal.aborted; polls++) {
        await passed(pollMs, undefined, { signal }).catch(() => undefined); // rejects only where the signal came
        if (!signal.aborted && (await this.version()) !== version) return;
      }
    },
  };
}

function markFrom({ database, cells }: Source, id: number): string {
  const columns = ['started_us', 'machine', 'kernel', 'user', 'wiretape_version'] as const;
  const row = database
    .prepare<[number], MarkRow>(`SELECT ${boundedColumns(columns, cells.sessions)} FROM sessions WHERE id = ?`)
    .get(id);
  if (row === undefined) return '';
  const { started_us: startedAtUs, machine, kernel, user, wiretape_version } = believed(row, cells.sessions);
  return markOf({ startedAtUs, machine, kernel, user, wiretapeVersion: wiretape_version });
}

interface MarkRow {
  readonly started_us: number;
  readonly machine: string;
  readonly kernel: string;
  readonly user: string;
  readonly wiretape_version: string;
}

function requireFollowable({ path, database }: Source): void {
  const version = Number(database.prepare<[], number>('PRAGMA user_version').pluck().get());
  if (version < numberedSince) throw notFollowed(path, `tape version ${version}, which does not number its commits`);
  if (database.name !== path) throw notFollowed(path, 'it can only be read as a copy: its folder may not be written');
}

function notFollowed(path: string, seen: string): WiretapeError {
  return new WiretapeError('TAPE_NOT_FOLLOWED', `Cannot tell what is new on ${path}`, {
    seen: [seen],
    remedy: 'List what is there, without --follow; a tape that this wiretape records to can be followed',
  });
}
