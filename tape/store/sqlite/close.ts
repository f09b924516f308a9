/** How who wrote a tape leaves it. */
import { releaseWriterLock } from './lock';
import type { TapeDatabase } from './open';

/** Where a reader keeps the journal from going away, what it holds need not stay in it. */
function fold(database: TapeDatabase): void {
  try {
    database.pragma('wal_checkpoint(TRUNCATE)');
  } catch {
    // a reader in the middle of a transaction, or a full disk: the journal stays as it is
  }
}

/**
 * Leaves one file without journal, which opens from read-only media and by other users; where a reader is in the way,
 * or the disk is full, the journal stays and the tape is as good.
 */
export function closeQuietly(database: TapeDatabase): void {
  if (!database.open) return;
  try {
    releaseWriterLock(database);
    database.pragma('busy_timeout = 0');
    if (database.pragma('journal_mode = DELETE', { simple: true }) === 'wal') fold(database);
  } catch {
    fold(database); // the lock ends with the process, and the journal is read by whoever opens the tape next
  }
  database.close();
}
