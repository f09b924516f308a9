/** Whether a program has root certificates compiled into it, so that no file and no variable makes it trust another. */
import { type FileHandle, open } from 'node:fs/promises';

/**
 * The name of a root that every list of the last years has, as DER holds it (a PrintableString): programs that read roots from
 * files have it nowhere, and those that carry them as text, as Node.js does, not in this form.
 */
const root = Buffer.concat([Buffer.from([0x13, 12]), Buffer.from('ISRG Root X1')]);

const chunkBytes = 1024 * 1024;
const mostChunks = 512;

/** False where nobody may look, too, or the process has ended. Never rejects. */
export async function hasCompiledRoots(pid: number): Promise<boolean> {
  const file = await open(`/proc/${pid}/exe`).catch(() => null);
  if (file === null) return false;
  try {
    return await holds(file, root);
  } catch {
    return false;
  } finally {
    await file.close().catch(() => undefined);
  }
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
