/**
 * A command that is started but held before its first instruction, so that it can be made a target first. It gets a
 * session of its own: servers signal their whole process group as they end, and the recorder must not be in it. The
 * terminal's Ctrl-C then reaches the recorder alone, which ends the command; it is never killed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { constants as os } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { WiretapeError } from '../../../../errors/wiretape-error';

/** What a terminal tells the processes in its foreground; those of the command hear it from the recorder. */
export type TerminalSignal = 'SIGSTOP' | 'SIGCONT' | 'SIGWINCH';

export interface HeldCommand {
  readonly pid: number;
  /** Lets it run. */
  release(): void;
  /** How it ended: its exit status, or 128 and the signal's number, as shells say it. */
  readonly ended: Promise<number>;
  /** To it and all it has started that stayed in its process group. */
  signal(signal: TerminalSignal): void;
  /** Asks it to end, and after it what it left behind; resolves when all have, or after so long. */
  end(patienceMs: number): Promise<void>;
}

/** Starts the command in a shell that waits for `release` and then becomes the command. Throws COMMAND_FAILED. */
export function startHeld(command: readonly string[]): HeldCommand {
  const [program, ...rest] = command;
  if (program === undefined || findProgram(program) === undefined) throw notFound(program ?? '');
  const waitThenBecome = 'read -r _ <&3; exec 3<&-; exec "$@"';
  const child = spawn('/bin/sh', ['-c', waitThenBecome, 'sh', program, ...rest], {
    stdio: [mayReadTerminal() ? 'inherit' : 'ignore', 'inherit', 'inherit', 'pipe'],
    detached: true,
  });
  const { pid } = child;
  if (pid === undefined) throw notFound(program);
  const gate = child.stdio[3] as Writable;
  gate.on('error', () => undefined); // the command was killed while it was held
  const ended = statusOf(child);
  return {
    pid,
    release: () => gate.end('\n'),
    ended,
    signal: (signal) => void signalTo(-pid, signal),
    end: (patienceMs) => endAll(child, ended, patienceMs),
  };
}

/**
 * False in the background of a terminal's session, where reading would stop a process of that session. One of another
 * session would take the shell's input instead.
 */
function mayReadTerminal(): boolean {
  if (!isatty(0)) return true;
  const stat = readFileSync('/proc/self/stat', 'latin1');
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return group === foreground;
}

const GROUP_CHECK_MS = 20;

/** First the command, which may have children to end in its own way; then whoever is left of its process group. */
async function endAll(child: ChildProcess, ended: Promise<number>, patienceMs: number): Promise<void> {
  const patience = new AbortController();
  const over = pause(patienceMs, undefined, { signal: patience.signal }).catch(() => undefined);
  const until = performance.now() + patienceMs;
  // An interactive shell ends when its terminal hangs up, which is what the recorder's end means to it.
  for (const signal of isatty(0) ? (['SIGTERM', 'SIGHUP'] as const) : (['SIGTERM'] as const)) child.kill(signal);
  await Promise.race([ended, over]);
  const group = -(child.pid ?? 0);
  signalTo(group, 'SIGTERM');
  while (signalTo(group, 0) && performance.now() < until) await pause(GROUP_CHECK_MS);
  patience.abort();
}

/** False where nobody is left to be told. */
function signalTo(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
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
