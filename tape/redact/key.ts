/**
 * The key of the placeholders. It lives in the project (`.wiretape/key`, its owner's alone, kept out of version control)
 * or in WIRETAPE_KEY, and never on a tape: with it, who guesses a secret can check the guess.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { WiretapeError } from '../../errors/wiretape-error';
import { giveToCaller } from '../store/give-to-caller';
import { findInProject, projectFolders } from '../store/project';
import { reasonNotPrivate, reasonToDistrust } from '../store/trust';

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

/** Root writes into a folder of the one who called sudo: what is a link there is not followed. */
const appending = constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY | constants.O_NOFOLLOW;

/** The key from the environment, else the nearest one from the folder up to the root of its project. Throws BAD_CONFIG, CONFIG_UNTRUSTED and FILE_UNREADABLE. */
export function loadKey({ cwd, env, create }: KeyOptions): LoadedKey {
  const given = env.WIRETAPE_KEY;
  if (given !== undefined && given !== '')
    return { key: parseKey(given, 'WIRETAPE_KEY'), source: { kind: 'environment' } };
  const path = findInProject(cwd, [place]);
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

/** Looks at the file that was opened: a key that others know or have chosen hides nothing from them. */
function readKey(path: string): string {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stats = fstatSync(fd);
      if (!stats.isFile()) throw new Error('it is no ordinary file');
      const reason = reasonNotPrivate(path, stats) ?? reasonToDistrust(path);
      if (reason !== null) throw knownToOthers(path, reason);
      return readFileSync(fd, 'utf8');
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    if (cause instanceof WiretapeError) throw cause;
    throw unusable(`Cannot read the key ${path}`, cause, `Make it yours:  sudo chown $USER ${path}`);
  }
}

function append(path: string, text: string): void {
  const fd = openSync(path, appending, 0o644);
  try {
    writeSync(fd, text);
  } finally {
    closeSync(fd);
  }
}

function knownToOthers(path: string, reason: string): WiretapeError {
  return new WiretapeError(
    'CONFIG_UNTRUSTED',
    `Will not use the key ${path}: others know it, or could have chosen it`,
    {
      seen: [reason],
      remedy: [
        `Take it away, and the next recording makes a new one:  rm ${path}`,
        `or make it yours alone, if nobody has read it:  chown "$(id -u)" ${path}; chmod 600 ${path}`,
      ],
    },
  );
}

/** Made once a project; two recorders that start at once use the one that came first. */
function createKey(folder: string): LoadedKey {
  const path = join(folder, place);
  const key = randomBytes(keyBytes);
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    append(join(dirname(path), '.gitignore'), '*\n');
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
  const reason = reasonToDistrust(path); // the folder may have been there
  if (reason !== null) throw knownToOthers(path, reason);
  return { key, source: { kind: 'file', path, isNew: true } };
}

/** Where the project begins: the nearest folder of it with a repository, a package or a configuration; else this one. */
function projectFolder(cwd: string): string {
  const marks = ['.git', 'package.json', 'wiretape.config.ts', 'wiretape.config.js', 'wiretape.config.json'];
  const folders = projectFolders(cwd);
  return folders.find((folder) => marks.some((mark) => existsSync(join(folder, mark)))) ?? (folders[0] as string);
}

function unusable(message: string, cause: unknown, remedy: string | readonly string[]): WiretapeError {
  return new WiretapeError('FILE_UNREADABLE', message, { cause, seen: [(cause as Error).message], remedy });
}
