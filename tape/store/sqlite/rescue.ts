/**
 * Saves the rows of a tape whose file was taken away: the open database still holds them, and is the only one that does.
 * A file that was only renamed needs nothing but its new name.
 */
import type { TapeDatabase } from './open';
import { makeForOwner, type Place, whereabouts } from './place';

/** How many names are tried; more leftovers than this are somebody's to look at. */
const names = 100;

/** Says in words where the rows are, or why they are lost. */
export function rescue(database: TapeDatabase, place: Place): string {
  const moved = whereabouts(place);
  try {
    if (moved !== undefined) {
      database.pragma('wal_checkpoint(TRUNCATE)'); // the journal kept the old name, and belongs to nothing now
      return `what was recorded until then is in ${moved}, the same file under another name`;
    }
    const saved = createBeside(place.path);
    database.prepare('VACUUM INTO ?').run(saved);
    return `what was recorded until then is in ${saved}`;
  } catch (error) {
    return `what was recorded could not be saved: ${(error as Error).message}`;
  }
}

/** An empty file that nobody else may read; SQLite writes into one that is there. */
function createBeside(path: string): string {
  for (let number = 1; number <= names; number++) {
    const name = `${path}.rescued${number === 1 ? '' : `-${number}`}`;
    try {
      makeForOwner(name);
      return name;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  throw new Error(`${path}.rescued-${names} is there already`);
}
