/**
 * Which file a tape is, beyond its name: names can be taken away or given to another file while it is written. Also
 * where traffic may be written at all: into an ordinary file of our own that nobody else may read.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { WiretapeError } from '../../../errors/wiretape-error';
import { giveOpenFileToCaller } from '../give-to-caller';
import { reasonNotPrivate } from '../trust';
import { unreadable, unsafe } from './errors';

export interface Place {
  readonly path: string;
  readonly dev: bigint;
  readonly ino: bigint;
  /** The file was made for this tape. */
  readonly isNew: boolean;
}

/** Files SQLite keeps beside a database, which hold the same traffic. */
const companions = ['-wal', '-shm', '-journal'] as const;

/** The file that a recording may go into. `isNew` says that it was made for it. Throws TAPE_UNSAFE or TAPE_UNREADABLE. */
export function takePlace(path: string, isNew: boolean): Place {
  const { dev, ino } = inspectOwn(path);
  refuseForeignCompanions(path);
  return { path, dev, ino, isNew };
}

/** SQLite opened the file by its name a moment later: refuses when that was another one. */
export function requireHeld(place: Place): void {
  if (linkOfHeld(place) === undefined) throw unsafe(place.path, `${place.path} was replaced while it was opened`);
  refuseForeignCompanions(place.path);
}

/** What became of the name since: it may be gone, or name another file. */
export function fateOf({ path, dev, ino }: Place): 'there' | 'deleted' | 'replaced' {
  const now = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (now === undefined) return 'deleted';
  return now.dev === dev && now.ino === ino ? 'there' : 'replaced';
}

/** Where the file lies now, whatever its name was; undefined where it has no name any more. */
export function whereabouts(place: Place): string | undefined {
  const link = linkOfHeld(place);
  return link === undefined || link.endsWith(' (deleted)') ? undefined : link;
}

/** Makes an empty file for its owner alone; false where there is one. SQLite gives its journals the mode and owner of the file they belong to. */
export function createPrivately(path: string): boolean {
  try {
    makeForOwner(path);
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw new WiretapeError('FILE_UNREADABLE', `Cannot create the tape ${path}`, {
      cause,
      seen: [(cause as Error).message],
      remedy: `Choose a folder that exists and may be written:  -o FILE  (tried ${dirname(path)})`,
    });
  }
}

/** Throws EEXIST where the name is taken, by a link too. */
export function makeForOwner(path: string): void {
  const fd = openSync(path, constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW | constants.O_RDWR, 0o600);
  try {
    giveOpenFileToCaller(fd);
  } finally {
    closeSync(fd);
  }
}

/** Looks at the file that was opened, not at its name: what is looked at by name may be another file by then. */
function inspectOwn(path: string): { dev: bigint; ino: bigint } {
  const fd = openOwn(path);
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) throw unreadable(path, new Error('it is no ordinary file'));
    const reason = reasonNotPrivate(path, stats);
    if (reason !== null) throw unsafe(path, reason);
    const { dev, ino } = fstatSync(fd, { bigint: true });
    return { dev, ino };
  } finally {
    closeSync(fd);
  }
}

/** Never waits for the other end of a pipe, and never follows a link. */
function openOwn(path: string): number {
  try {
    return openSync(path, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (thrown) {
    const cause = thrown as NodeJS.ErrnoException;
    throw cause.code === 'ELOOP' ? unsafe(path, `${path} is a symbolic link`) : unreadable(path, cause as Error);
  }
}

/** SQLite takes a journal that lies there as its own, and would write the traffic into it. */
function refuseForeignCompanions(path: string): void {
  for (const companion of companions.map((suffix) => path + suffix)) {
    const stats = lstatSync(companion, { throwIfNoEntry: false });
    const reason = stats === undefined ? null : reasonNotPrivate(companion, stats);
    if (reason !== null) throw unsafe(path, reason);
  }
}

function linkOfHeld({ dev, ino }: Place): string | undefined {
  const found = readdirSync('/proc/self/fd').find((fd) => {
    try {
      const stats = fstatSync(Number(fd), { bigint: true });
      return stats.dev === dev && stats.ino === ino;
    } catch {
      return false; // closed by another thread meanwhile
    }
  });
  return found === undefined ? undefined : readlinkSync(`/proc/self/fd/${found}`);
}
