/**
 * A nameless file beside the tape for the bytes of one long body. They have not been redacted yet, so they are encrypted
 * by a key that exists in memory only: what is on the disk is worthless once the recorder is gone, however it went.
 */
import { type Cipheriv, createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { closeSync, constants, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { letGo } from './follow/held-bytes';
import type { OpenSpill, Spill } from './parse/spill';

const pieceBytes = 256 * 1024;
const algorithm = 'aes-256-ctr';
/** O_TMPFILE of Linux on x86-64 and arm64, O_DIRECTORY included (fcntl.h); Node.js has no name for it. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/** Spills into files of this folder. Null from the returned function where none can be made there. */
export function spillInto(folder: string): OpenSpill {
  return () => {
    try {
      return new SpillFile(openNameless(folder));
    } catch {
      return null;
    }
  };
}

/** File systems without O_TMPFILE get a file whose name goes away at once. */
function openNameless(folder: string): number {
  try {
    return openSync(folder, O_TMPFILE | constants.O_RDWR, 0o600);
  } catch {
    const path = join(folder, `.wiretape-${randomBytes(8).toString('hex')}`);
    const fd = openSync(path, 'wx+', 0o600);
    unlinkSync(path);
    return fd;
  }
}

class SpillFile implements Spill {
  private readonly key = randomBytes(32);
  private readonly start = randomBytes(16);
  private readonly cipher: Cipheriv = createCipheriv(algorithm, this.key, this.start);
  private size = 0;

  constructor(private readonly fd: number) {}

  append(bytes: Uint8Array): boolean {
    const sealed = this.cipher.update(bytes);
    try {
      for (let done = 0; done < sealed.length; )
        done += writeSync(this.fd, sealed, done, sealed.length - done, this.size + done);
    } catch {
      return false; // the disk is full: what was kept so far stays readable
    }
    this.size += sealed.length;
    letGo(sealed);
    return true;
  }

  /** Opened piece by piece: a second copy of so much would be most of what a recorder takes. */
  read(roomBehind: number): Uint8Array {
    const all = Buffer.allocUnsafeSlow(this.size + roomBehind);
    const decipher = createDecipheriv(algorithm, this.key, this.start);
    const piece = Buffer.allocUnsafeSlow(Math.min(this.size, pieceBytes));
    let done = 0;
    while (done < this.size) {
      const count = readSync(this.fd, piece, 0, Math.min(piece.length, this.size - done), done);
      if (count === 0) throw new Error(`of ${this.size} bytes that were put aside, ${done} are there`);
      const opened = decipher.update(piece.subarray(0, count));
      all.set(opened, done);
      letGo(opened);
      done += count;
    }
    return all;
  }

  close(): void {
    closeSync(this.fd);
  }
}
