/**
 * One writer a tape: two recorders in one file would interleave their sessions. SQLite's own locks last a transaction;
 * this one lasts as long as the process that took it, and a process that was killed holds nothing.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { busy } from './errors';
import type { TapeDatabase } from './open';

interface WriterRow {
  readonly pid: number;
  readonly birth: string;
}

/** Takes the tape for this process, and marks the sessions of those that were killed. Throws TAPE_BUSY while another writer lives. */
export function takeWriterLock(database: TapeDatabase, path: string): void {
  const mine = { pid: process.pid, birth: birthOf(process.pid) ?? 'unknown' };
  database
    .transaction(() => {
      const holder = holderOf(database);
      if (holder !== undefined && birthOf(holder.pid) === holder.birth) {
        throw busy(path, `process ${holder.pid} is writing it`);
      }
      database.prepare('INSERT OR REPLACE INTO writer (id, pid, birth) VALUES (1, @pid, @birth)').run(mine);
      database.exec("UPDATE sessions SET end_reason = 'killed' WHERE ended_us IS NULL AND end_reason IS NULL");
    })
    .immediate();
}

export function releaseWriterLock(database: TapeDatabase): void {
  database.exec('DELETE FROM writer');
}

/** Whether the process that took the tape still lives; null where it cannot be seen from here: from another container. */
export function isWriterAlive(database: TapeDatabase): boolean | null {
  const holder = holderOf(database);
  if (holder === undefined) return false;
  const now = birthOf(holder.pid);
  if (now === holder.birth) return true;
  const [boot, namespace] = holder.birth.split('/');
  const here = birthOf(process.pid)?.split('/');
  if (boot !== here?.[0]) return false; // it was another boot, or another machine
  return namespace === here?.[1] && (now !== undefined || !existsUnseen(holder.pid)) ? false : null;
}

/** Where /proc hides the processes of others (hidepid), a signal that may not be sent tells that there is one. */
function existsUnseen(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function holderOf(database: TapeDatabase): WriterRow | undefined {
  const row = database.prepare<[], WriterRow>('SELECT pid, birth FROM writer').get();
  return Number.isSafeInteger(row?.pid) && typeof row?.birth === 'string' ? row : undefined;
}

/** Boot, pid namespace and start time: together with the pid they name a process for good (proc(5)). */
function birthOf(pid: number): string | undefined {
  try {
    const afterName = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1) ?? '';
    const startTicks = afterName.split(' ')[19];
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}/${readlinkSync('/proc/self/ns/pid')}/${startTicks}`;
  } catch {
    return undefined;
  }
}
