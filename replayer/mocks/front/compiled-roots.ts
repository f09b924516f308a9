/** Whether a program has root certificates compiled into it, so that no file and no variable makes it trust another. */
import { type FileHandle, open } from 'node:fs/promises';

/**
 * The name of a root that every list of the last years has, as DER holds it (a PrintableString): programs that read roots from
 * files have it nowhere, and those that carry them as text, as Node.js does, not in this form.
 */
const root = Buffer.concat([Buffer.from([0x13, 12]), Buffer.from('ISRG Root X1')]);

const chunkBytes = 1024 * 1024;
const mostChunks = 512;

/** The file that a process runs, held open: a client that refuses a certificate may have ended before it is read. */
export interface Program {
  /** False where it cannot be read. Never rejects. */
  hasCompiledRoots(): Promise<boolean>;
  close(): void;
}

/** Null where nobody may look, and where the process has ended. Never rejects. */
export async function programOf(pid: number): Promise<Program | null> {
  const file = await open(`/proc/${pid}/exe`).catch(() => null);
  if (file === null) return null;
  return {
    hasCompiledRoots: () => holds(file, root).catch(() => false),
    close: () => void file.close().catch(() => undefined),
  };
}

/** Chunks overlap by as much as what is sought may lie in two of them. */
async function holds(file: FileHandle, sought: Buffer): Promise<boolean> {
  const buffer = Buffer.alloc(chunkBytes + sought.length);
  for (let i = 0; i < mostChunks; i++) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, i * chunkBytes);
    if (buffer.subarray(0, bytesRead).includes(sought)) return true;
    if (bytesRead < buffer.length) return false;
  }
  return false;
}
