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

/** Takes the tape for this process. Throws TAPE_BUSY while another writer lives. */
export function takeWriterLock(database: TapeDatabase, path: string): void {
  const mine = { pid: process.pid, birth: birthOf(process.pid) ?? 'unknown' };
  database
    .transaction(() => {
      const holder = database.prepare<[], WriterRow>('SELECT pid, birth FROM writer').get();
      if (holder !== undefined && birthOf(holder.pid) === holder.birth) {
        throw busy(path, `process ${holder.pid} is writing it`);
      }
      database.prepare('INSERT OR REPLACE INTO writer (id, pid, birth) VALUES (1, @pid, @birth)').run(mine);
    })
    .immediate();
}

export function releaseWriterLock(database: TapeDatabase): void {
  database.exec('DELETE FROM writer');
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
