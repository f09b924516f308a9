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
  /** Which file it is, whatever its content and whichever mount shows it: what a probe sits on. */
  readonly key: string;
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
      const key = fileKey({ device, inode, size: stat.size, mtimeNs: stat.mtimeNs });
      return { read, device, inode, identity, key, close: () => closeSync(descriptor) };
    }
  } catch {
    // fall through: a file that cannot be described is as good as gone
  }
  closeSync(descriptor);
  return undefined;
}

export interface FileFacts {
  readonly device: string;
  readonly inode: string;
  readonly size: bigint;
  readonly mtimeNs: bigint;
}

/**
 * Device and inode. Not where the device has no number of its own (major 0): each container sees the same file of a
 * shared image layer on an overlay device of its own, and the kernel puts every probe on the one file below. There the
 * size and the time of its last change tell files with equal inode numbers apart.
 */
export function fileKey({ device, inode, size, mtimeNs }: FileFacts): string {
  return device.startsWith('00:') ? `${inode}:${size}:${mtimeNs}` : `${device}:${inode}`;
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
