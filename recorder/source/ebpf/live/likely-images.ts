/** The files that TLS of a program not yet started may come from, as far as they can be known beforehand. */
import { closeSync, openSync, readdirSync, readlinkSync, readSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { readElf } from '../attach/elf/elf';
import { openFile } from '../attach/elf/elf-file';
import type { MappedImage } from '../attach/plan';
import { findProgram } from './command';

/**
 * The program's own file (its interpreter's where it is a script), the TLS libraries it brings along, those of the machine, and
 * Node.js, which scripts start and which has a copy of its own: found at its exec, it may have sent its first request already.
 */
export function imagesOfCommand(command: readonly string[]): readonly MappedImage[] {
  const program = findProgram(command[0] ?? '');
  const executables = program === undefined ? [] : [program, ...interpreterOf(program)];
  const node = [process.execPath, findProgram('node') ?? process.execPath];
  const folders = [...executables.flatMap(ownFolders), ...extraFolders()];
  return [...executables, ...node, ...librariesIn('', folders)].flatMap((path) => imageOf(path) ?? []);
}

/** The TLS libraries installed where these processes live: some of them may live in containers. */
export function installedImages(pids: readonly number[]): readonly MappedImage[] {
  const here = mountsOf('self');
  const roots = new Map(pids.map((pid) => [mountsOf(pid), `/proc/${pid}/root`] as const));
  const folders = [...roots].flatMap(([mounts, root]) => librariesIn(mounts === here ? '' : root));
  return folders.flatMap((path) => imageOf(path) ?? []);
}

function mountsOf(pid: number | 'self'): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`);
  } catch {
    return ''; // it has ended
  }
}

function interpreterOf(script: string): readonly string[] {
  const words = /^#!\s*(\S+)(?:[ \t]+(\S+))?/.exec(firstBytes(script));
  const interpreter = words?.[1];
  if (interpreter === undefined) return [];
  const named = interpreter.endsWith('/env') ? findProgram(words?.[2] ?? '') : interpreter;
  return named === undefined ? [] : [named];
}

/** Where a program says that its libraries are, before those of the machine. */
function ownFolders(program: string): readonly string[] {
  const file = openFile(program);
  if (file === undefined) return [];
  try {
    const reading = readElf(file.read);
    const origin = dirname(realpathSync(program));
    const paths = reading.kind === 'elf' ? reading.image.searchPaths : [];
    return paths.map((path) => path.replace(/\$(?:ORIGIN\b|\{ORIGIN\})/g, () => origin)).filter(isAbsolute);
  } catch {
    return []; // it went away meanwhile
  } finally {
    file.close();
  }
}

function firstBytes(path: string): string {
  try {
    const file = openSync(path, 'r');
    const bytes = Buffer.alloc(256);
    const length = readSync(file, bytes, 0, bytes.length, 0);
    closeSync(file);
    return bytes.toString('latin1', 0, length);
  } catch {
    return ''; // not readable: then it is not looked into either
  }
}

const LIBRARY_FOLDERS = [
  '/lib/x86_64-linux-gnu',
  '/usr/lib/x86_64-linux-gnu',
  '/lib64',
  '/usr/lib64',
  '/usr/lib',
  '/usr/local/lib',
  '/usr/local/lib64',
];

function extraFolders(): readonly string[] {
  return (process.env.LD_LIBRARY_PATH ?? '').split(':').filter(Boolean);
}

function librariesIn(root: string, extra: readonly string[] = []): readonly string[] {
  const folders = [...extra, ...LIBRARY_FOLDERS.map((folder) => `${root}${folder}`)];
  return folders.flatMap((folder) => libraryNames(folder).map((name) => join(folder, name)));
}

function libraryNames(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) =>
      /^lib(?:ssl3?|crypto|gnutls|mbedtls|wolfssl|s2n)\.so(?:\.|$)/.test(name),
    );
  } catch {
    return [];
  }
}

/** Symbolic links are followed by whoever opens the path; under /proc/PID/root resolving them would leave that root. */
function imageOf(path: string): MappedImage | undefined {
  try {
    const resolved = path.startsWith('/proc/') ? path : realpathSync(path);
    const { dev, ino } = statSync(resolved);
    return { path: resolved, device: String(dev), inode: String(ino), openable: [{ path: resolved, sameFile: false }] };
  } catch {
    return undefined;
  }
}
