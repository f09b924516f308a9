/** Tests of what only root can bring about: files of somebody else, file systems that are full or read-only. Skipped, visibly, elsewhere. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A user who owns nothing that matters. */
export const nobody = 65534;

const isRoot = process.getuid?.() === 0;

type Test = NonNullable<jest.ProvidesCallback>;

/** `it` for tests that give files away. */
export function itAsRoot(name: string, test: Test): void {
  if (isRoot) it(name, test);
  else it.skip(`${name} [needs root]`, test);
}

/** `it` for tests that mount a file system of their own. */
export function itOnMount(name: string, test: Test): void {
  const obstacle = isRoot ? obstacleToMounting() : 'needs root';
  if (obstacle === null) it(name, test);
  else it.skip(`${name} [${obstacle}]`, test);
}

/** A tmpfs over the folder. */
export function mount(folder: string, options: string): void {
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`mount: ${stderr}`);
}

export function remountReadOnly(folder: string): void {
  const { status, stderr } = spawnSync('mount', ['-o', 'remount,ro', folder], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`mount: ${stderr}`);
}

export function unmount(folder: string): void {
  spawnSync('umount', [folder]);
}

/** Runs as somebody else; the test itself stays root. */
export async function asNobody<T>(run: () => T | Promise<T>): Promise<T> {
  process.setegid?.(nobody);
  process.seteuid?.(nobody);
  try {
    return await run();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}

function obstacleToMounting(): string | null {
  const folder = mkdtempSync(join(tmpdir(), 'wiretape-mount-'));
  try {
    mount(folder, 'size=64k');
    return null;
  } catch (error) {
    return `cannot mount here: ${(error as Error).message.trim()}`;
  } finally {
    unmount(folder);
    rmSync(folder, { recursive: true });
  }
}
