/** Numbers of a file that is too large to hold, read one after another: a window that moves with them. */
import type { ReadAt } from '../../elf/elf';

const WINDOW_BYTES = 1 << 20;

export class WindowReader {
  private start = 0;
  private window: Buffer = Buffer.alloc(0);

  constructor(private readonly read: ReadAt) {}

  /** Undefined beyond the end of the file. */
  u32(at: number): number | undefined {
    if (at < this.start || at + 4 > this.start + this.window.length) this.moveTo(at);
    return this.window.length < 4 ? undefined : this.window.readUInt32LE(at - this.start);
  }

  private moveTo(at: number): void {
    const bytes = this.read(at, WINDOW_BYTES);
    this.start = at;
    this.window = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}
