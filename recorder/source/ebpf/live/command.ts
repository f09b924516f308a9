/**
 * A command that is started but held before its first instruction, so that it can be made a target first. And the
 * files its TLS may come from, as far as they can be known beforehand.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, closeSync, constants, openSync, readdirSync, readSync, realpathSync, statSync } from 'node:fs';
import { constants as os } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Writable } from 'node:stream';
import { WiretapeError } from '../../../../errors/wiretape-error';
import type { MappedImage } from '../attach/plan';

export interface HeldCommand {
  readonly pid: number;
  /** Lets it run. */
  release(): void;
  /** How it ended: its exit status, or 128 and the signal's number, as shells say it. */
  readonly ended: Promise<number>;
  kill(signal: NodeJS.Signals): void;
}

/** Starts the command in a shell that waits for `release` and then becomes the command. Throws COMMAND_FAILED. */
export function startHeld(command: readonly string[]): HeldCommand {
  const [program, ...rest] = command;
  if (program === undefined || findProgram(program) === undefined) throw notFound(program ?? '');
  const waitThenBecome = 'read -r _ <&3; exec 3<&-; exec "$@"';
  const child = spawn('/bin/sh', ['-c', waitThenBecome, 'sh', program, ...rest], {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
  });
  if (child.pid === undefined) throw notFound(program);
  const gate = child.stdio[3] as Writable;
  gate.on('error', () => undefined); // the command was killed while it was held
  return {
    pid: child.pid,
    release: () => gate.end('\n'),
    ended: statusOf(child),
    kill: (signal) => child.kill(signal),
  };
}

function statusOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? 128 + signalNumber(signal)));
  });
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === null ? 0 : (os.signals[signal] ?? 0);
}

function notFound(program: string): WiretapeError {
  return new WiretapeError('COMMAND_FAILED', `Cannot start ${JSON.stringify(program)}: there is no such program`, {
    remedy: 'Give a program on the PATH, or its path, after the two dashes: wiretape record -- ./server',
  });
}

/** The executable a command name stands for, as a shell would find it. */
export function findProgram(name: string, path = process.env.PATH ?? ''): string | undefined {
  const candidates = name.includes('/') ? [name] : path.split(delimiter).map((folder) => join(folder, name));
  return candidates.find((candidate) => {
    try {
      accessSync(candidate, constants.X_OK);
      return statSync(candidate).isFile();
    } catch {
      return false;
    }
  });
}

/** The program's own file (its interpreter's where it is a script), and the machine's OpenSSL libraries. */
export function likelyImages(command: readonly string[]): readonly MappedImage[] {
  const program = findProgram(command[0] ?? '');
  const executables = program === undefined ? [] : [program, ...interpreterOf(program)];
  return [...executables, ...systemLibraries()].flatMap((path) => imageOf(path) ?? []);
}

function interpreterOf(script: string): readonly string[] {
  const words = /^#!\s*(\S+)(?:[ \t]+(\S+))?/.exec(firstBytes(script));
  const interpreter = words?.[1];
  if (interpreter === undefined) return [];
  const named = interpreter.endsWith('/env') ? findProgram(words?.[2] ?? '') : interpreter;
  return named === undefined ? [] : [named];
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

function systemLibraries(): readonly string[] {
  const folders = new Set([...(process.env.LD_LIBRARY_PATH ?? '').split(':').filter(Boolean), ...LIBRARY_FOLDERS]);
  const found = [...folders].flatMap((folder) => libraryNames(folder).map((name) => join(folder, name)));
  return [...new Set(found.flatMap((path) => real(path) ?? []))];
}

function libraryNames(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => /^lib(ssl|crypto)\.so(\.|$)/.test(name));
  } catch {
    return [];
  }
}

function real(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

function imageOf(path: string): MappedImage | undefined {
  const resolved = real(path);
  if (resolved === undefined) return undefined;
  const { dev, ino } = statSync(resolved);
  return { path: resolved, device: String(dev), inode: String(ino), openable: [{ path: resolved, sameFile: false }] };
}
