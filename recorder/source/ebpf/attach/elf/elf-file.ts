/** The edge under elf.ts: a file opened for reading by ranges, with the identity its plans are cached by. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { ReadAt } from './elf';

export interface OpenFile {
  readonly read: ReadAt;
  /** Device as /proc/PID/maps writes it (`fe:00`, hexadecimal) and inode. */
  readonly device: string;
  readonly inode: string;
  /** Changes whenever the content may have changed. */
  readonly identity: string;
  close(): void;
}

/** Opens a file for reading; undefined where it is gone, no plain file, or may not be read. */
export function openFile(path: string): OpenFile | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    const stat = fstatSync(descriptor, { bigint: true });
    if (stat.isFile()) {
      const [device, inode] = [deviceText(stat.dev), String(stat.ino)];
      const identity = `${device}:${inode}:${stat.size}:${stat.mtimeNs}`;
      const read = rangeReader(descriptor, Number(stat.size));
      return { read, device, inode, identity, close: () => closeSync(descriptor) };
    }
  } catch {
    // fall through: a file that cannot be described is as good as gone
  }
  closeSync(descriptor);
  return undefined;
}

/** Ranges as far as the file goes. Offsets come from untrusted headers, so nonsense reads as nothing. */
function rangeReader(descriptor: number, fileSize: number): ReadAt {
  return (offset, length) => {
    if (!Number.isSafeInteger(offset) || offset < 0 || !(length > 0)) return new Uint8Array(0);
    const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, fileSize - offset)));
    try {
      return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, offset));
    } catch {
      return new Uint8Array(0);
    }
  };
}

/** Splits a device number as glibc's major() and minor() do. */
function deviceText(device: bigint): string {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n);
  const minor = (device & 0xffn) | ((device >> 12n) & 0xffffff00n);
  return `${hex(major)}:${hex(minor)}`;
}

function hex(number: bigint): string {
  return number.toString(16).padStart(2, '0');
}
