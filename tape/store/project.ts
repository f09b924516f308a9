/**
 * How far up a project reaches, for the files that are looked for from any folder of it: the key and the configuration.
 * Never into a folder where everybody may put files: what lies in /tmp is nobody's project.
 */
import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** The folders from this one up to the project's root: that of the repository, else of the package, else this one alone. */
export function projectFolders(cwd: string): readonly string[] {
  const reachable = foldersUpTo(resolve(cwd));
  const root = indexOf(reachable, '.git') ?? indexOf(reachable, 'package.json') ?? 0;
  return reachable.slice(0, root + 1);
}

/** The nearest of these names in the folders of the project. */
export function findInProject(cwd: string, names: readonly string[]): string | undefined {
  return projectFolders(cwd)
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find((path) => existsSync(path));
}

function indexOf(folders: readonly string[], name: string): number | undefined {
  const found = folders.findIndex((folder) => existsSync(join(folder, name)));
  return found === -1 ? undefined : found;
}

function foldersUpTo(start: string): readonly string[] {
  const folders = [start];
  for (let folder = dirname(start); folder !== folders.at(-1) && !isEverybodys(folder); folder = dirname(folder)) {
    folders.push(folder);
  }
  return folders;
}

function isEverybodys(folder: string): boolean {
  return ((statSync(folder, { throwIfNoEntry: false })?.mode ?? 0) & 0o002) !== 0;
}
