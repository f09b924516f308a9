/** A file that a process has mapped executable, and the ways to open that very file from outside the process. */
import { type OpenFile, openFile } from './elf/elf-file';

export interface MappedImage {
  /** As the process sees it (/proc/PID/maps). */
  readonly path: string;
  readonly device: string;
  readonly inode: string;
  /** Ways to open that very file, best first; `sameFile` demands that device and inode agree. */
  readonly openable: readonly { readonly path: string; readonly sameFile: boolean }[];
}

export interface OpenedImage {
  readonly path: string;
  readonly file: OpenFile;
}

/** The first way that opens the file; the caller closes it. Undefined where none does. */
export function openImage(mapped: MappedImage, open = openFile): OpenedImage | undefined {
  for (const { path, sameFile } of mapped.openable) {
    const file = open(path);
    if (file === undefined) continue;
    if (!sameFile || (file.device === mapped.device && file.inode === mapped.inode)) return { path, file };
    file.close();
  }
  return undefined;
}

/** Last part of a path out of /proc/PID/maps. */
export function fileName(path: string): string {
  return path.replace(/ \(deleted\)$/, '').replace(/^.*\//, '');
}
