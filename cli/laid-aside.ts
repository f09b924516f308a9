/** Where generated files lie until it is known that they may be written: one temporary file for all of them, which nobody else can read. */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cannotWrite } from '../errors/cannot-write';
import type { GeneratedFile, GrowingFile } from '../replayer/generate/generator';
import { HashOfFile } from '../replayer/generate/write-plan';

const blockBytes = 256 * 1024;

/** A part of the temporary file. */
interface Extent {
  readonly at: number;
  length: number;
}

export class LaidAside {
  private readonly fd = openNameless();
  /** What comes last, and how much of it is there; it begins where the file ends. */
  private readonly block = Buffer.allocUnsafeSlow(blockBytes);
  private gathered = 0;
  private written = 0;

  begin(path: string): GrowingFile {
    const hash = new HashOfFile();
    const extents: Extent[] = [];
    return {
      add: (piece) => {
        hash.add(piece);
        const at = this.written + this.gathered;
        const length = this.append(piece);
        const last = extents.at(-1);
        if (last !== undefined && last.at + last.length === at) last.length += length;
        else if (length > 0) extents.push({ at, length });
      },
      end: () => this.fileOf(path, extents, hash.text()),
    };
  }

  /** The files are gone then. */
  close(): void {
    closeSync(this.fd);
  }

  /** How many bytes it is. */
  private append(piece: Uint8Array | string): number {
    const length = typeof piece === 'string' ? Buffer.byteLength(piece) : piece.length;
    if (length > blockBytes - this.gathered) this.flush();
    if (length > blockBytes) this.write(typeof piece === 'string' ? Buffer.from(piece) : piece);
    else {
      if (typeof piece === 'string') this.block.write(piece, this.gathered);
      else this.block.set(piece, this.gathered);
      this.gathered += length;
    }
    return length;
  }

  private flush(): void {
    const gathered = this.block.subarray(0, this.gathered);
    this.gathered = 0;
    this.write(gathered);
  }

  private write(bytes: Uint8Array): void {
    try {
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(this.fd, bytes, done, bytes.length - done, this.written + done);
      }
    } catch (cause) {
      throw cannotWrite(tmpdir(), cause, remedy);
    }
    this.written += bytes.length;
  }

  private fileOf(path: string, extents: readonly Extent[], hash: string): GeneratedFile {
    const pieces = () => this.read(extents);
    return {
      path,
      get bytes() {
        return Buffer.concat(Array.from(pieces(), (piece) => Buffer.from(piece)));
      },
      yours: false,
      aside: { pieces, hash },
    };
  }

  /** Each piece is there until the next one is asked for. */
  private *read(extents: readonly Extent[]): Generator<Uint8Array> {
    this.flush();
    const block = Buffer.allocUnsafeSlow(blockBytes);
    for (const { at, length } of extents) {
      for (let from = 0; from < length; from += blockBytes) {
        yield this.piece(block.subarray(0, Math.min(blockBytes, length - from)), at + from);
      }
    }
  }

  private piece(block: Uint8Array, at: number): Uint8Array {
    for (let done = 0; done < block.length; ) done += readSync(this.fd, block, done, block.length - done, at + done);
    return block;
  }
}

const remedy = 'Make room in the folder for temporary files, or name another with TMPDIR';

/** It goes away with this process, however that ends. Throws FILE_UNREADABLE. */
function openNameless(): number {
  try {
    const folder = mkdtempSync(join(tmpdir(), 'wiretape-generate-'));
    try {
      return openSync(join(folder, 'files'), 'wx+', 0o600);
    } finally {
      rmSync(folder, { recursive: true });
    }
  } catch (cause) {
    throw cannotWrite(tmpdir(), cause, remedy);
  }
}
