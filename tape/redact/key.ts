/**
 * The key of the placeholders. It lives in the project (`.wiretape/key`, its owner's alone, kept out of version control)
 * or in WIRETAPE_KEY, and never on a tape: with it, who guesses a secret can check the guess.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { WiretapeError } from '../../errors/wiretape-error';
import { giveToCaller } from '../store/give-to-caller';

export type KeySource =
  | { readonly kind: 'environment' }
  | { readonly kind: 'file'; readonly path: string; readonly isNew: boolean }
  | { readonly kind: 'none' };

export interface LoadedKey {
  readonly key: Uint8Array | null;
  readonly source: KeySource;
}

export interface KeyOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Whether to make a key where there is none: recording does, replaying does not. */
  readonly create: boolean;
}

const keyBytes = 32;
const place = join('.wiretape', 'key');

/** The key from the environment, else the nearest one at or above the folder. Throws BAD_CONFIG and FILE_UNREADABLE. */
export function loadKey({ cwd, env, create }: KeyOptions): LoadedKey {
  const given = env.WIRETAPE_KEY;
  if (given !== undefined && given !== '')
    return { key: parseKey(given, 'WIRETAPE_KEY'), source: { kind: 'environment' } };
  const path = nearest(cwd, place);
  if (path !== undefined) return { key: parseKey(readKey(path), path), source: { kind: 'file', path, isNew: false } };
  return create ? createKey(projectFolder(cwd)) : { key: null, source: { kind: 'none' } };
}

function parseKey(text: string, where: string): Uint8Array {
  const trimmed = text.trim();
  if (!/^[0-9a-f]{64}$/i.test(trimmed)) {
    throw new WiretapeError('BAD_CONFIG', `Cannot use the key in ${where}: it is not 64 hexadecimal digits`, {
      remedy: ['Copy the whole content of .wiretape/key', 'or make a new one:  openssl rand -hex 32'],
    });
  }
  return Buffer.from(trimmed, 'hex');
}

function readKey(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw unusable(`Cannot read the key ${path}`, cause, `Make it yours:  sudo chown $USER ${path}`);
  }
}

/** Made once a project; two recorders that start at once use the one that came first. */
function createKey(folder: string): LoadedKey {
  const path = join(folder, place);
  const key = randomBytes(keyBytes);
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(join(dirname(path), '.gitignore'), '*\n', { flag: 'a' });
    writeFileSync(path, `${key.toString('hex')}\n`, { flag: 'wx', mode: 0o600 });
    giveToCaller([dirname(path), join(dirname(path), '.gitignore'), path]);
  } catch (cause) {
    if (existsSync(path)) return loadKey({ cwd: folder, env: {}, create: false });
    const remedy = [
      'Run it in a folder that may be written',
      'or set WIRETAPE_KEY:  export WIRETAPE_KEY=$(openssl rand -hex 32)',
    ];
    throw unusable(`Cannot make the key ${path}`, cause, remedy);
  }
  return { key, source: { kind: 'file', path, isNew: true } };
}

/** Where the project begins: the nearest folder with a repository, a package or a configuration; else this one. */
function projectFolder(cwd: string): string {
  const marks = ['.git', 'package.json', 'wiretape.config.ts', 'wiretape.config.js', 'wiretape.config.json'];
  const found = marks.map((mark) => nearest(cwd, mark)).filter((path) => path !== undefined);
  const longest = found.map((path) => dirname(path)).sort((a, b) => b.length - a.length)[0];
  return longest ?? resolve(cwd);
}

/** Looks upward, and not into a folder above where anybody may put a file: a key found in /tmp is nobody's, or a trap. */
function nearest(cwd: string, name: string): string | undefined {
  const start = resolve(cwd);
  for (let folder = start; ; folder = dirname(folder)) {
    if (folder !== start && isEverybodys(folder)) return undefined;
    const path = join(folder, name);
    if (existsSync(path)) return path;
    if (dirname(folder) === folder) return undefined;
  }
}

function isEverybodys(folder: string): boolean {
  return ((statSync(folder, { throwIfNoEntry: false })?.mode ?? 0) & 0o002) !== 0;
}

function unusable(message: string, cause: unknown, remedy: string | readonly string[]): WiretapeError {
  return new WiretapeError('FILE_UNREADABLE', message, { cause, seen: [(cause as Error).message], remedy });
}
