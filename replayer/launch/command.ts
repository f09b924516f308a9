/**
 * Runs the command under test in a process group of its own and ends all of it: SIGTERM, then SIGKILL after a grace
 * period; and at once when this process exits for whatever reason it can still notice. Passes its output on.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { WiretapeError } from '../../errors/wiretape-error';
import { livingMembers, signalProcesses, type Tree } from './process-tree';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface RunningCommand {
  readonly pid: number;
  /** The command as typed. */
  readonly text: string;
  /** How it ended; null while it runs. */
  exit(): Exit | null;
  readonly exited: Promise<Exit>;
  /** Resolves when it has ended and all it printed was passed on. */
  readonly closed: Promise<void>;
  /** The last lines it printed, both streams together. */
  lastLines(): readonly string[];
  /** Ends the whole tree; resolves when nothing of it is left. */
  stop(graceMs?: number): Promise<void>;
}

/** A command that was started, whoever started it. */
export interface Spawned {
  /** Of the leader of its process group. */
  readonly pid: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly exited: Promise<Exit>;
  readonly closed: Promise<void>;
}

/** Throws COMMAND_FAILED. */
export type Spawner = (command: readonly string[], env: NodeJS.ProcessEnv) => Promise<Spawned>;

export interface CommandOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Default: where we are ourselves. */
  readonly spawn?: Spawner;
  /** Gets what the command prints, line by line. */
  onLine?(line: string): void;
}

const keptLines = 20;
const longestLine = 64 * 1024;
const defaultGraceMs = 5000;
const pollMs = 20;

/** Throws COMMAND_FAILED where it cannot be started. */
export async function startCommand(command: readonly string[], options: CommandOptions): Promise<RunningCommand> {
  const mark = `WIRETAPE_RUN_${randomBytes(8).toString('hex')}`;
  const child = await (options.spawn ?? spawnHere)(command, { ...options.env, [mark]: '1' });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    readLines(stream, (line) => {
      lines.push(line);
      if (lines.length > keptLines) lines.shift();
      options.onLine?.(line);
    });
  }
  const tree: Tree = { group: child.pid, mark };
  const endNow = (): void => signalProcesses(livingMembers(tree), 'SIGKILL');
  process.once('exit', endNow);
  let exit: Exit | null = null;
  const exited = child.exited.then((how) => {
    exit = how;
    return how;
  });
  return {
    pid: child.pid,
    text: command.join(' '),
    exit: () => exit,
    exited,
    closed: child.closed,
    lastLines: () => lines,
    async stop(graceMs = defaultGraceMs) {
      await endTree(tree, graceMs);
      process.removeListener('exit', endNow);
      child.stdout.destroy();
      child.stderr.destroy();
    },
  };
}

export async function spawnHere(command: readonly string[], env: NodeJS.ProcessEnv): Promise<Spawned> {
  const [file = '', ...args] = command;
  const child = spawn(file, args, {
    detached: true, // its own group, so that one signal reaches everything it starts
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
  });
  await new Promise<void>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      reject(cannotStart(command, error.code ?? error.message, error));
    });
    child.once('spawn', resolve);
  });
  return {
    pid: child.pid ?? 0,
    stdout: child.stdout,
    stderr: child.stderr,
    exited: new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal }))),
    closed: new Promise((resolve) => child.once('close', () => resolve())),
  };
}

export function cannotStart(command: readonly string[], code: string, cause?: Error): WiretapeError {
  const why = code === 'ENOENT' ? 'there is no such program' : code;
  return new WiretapeError('COMMAND_FAILED', `Cannot start ${command.join(' ')}: ${why}`, {
    remedy: 'Check the command after --; shell syntax needs a shell:  -- sh -c "…"',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Each process is asked once, also one that was forked while the others were asked; then nobody is asked any more. */
async function endTree(tree: Tree, graceMs: number): Promise<void> {
  const deadline = Date.now() + graceMs;
  const asked = new Set<number>();
  for (let living = livingMembers(tree); living.length > 0; living = livingMembers(tree)) {
    if (Date.now() >= deadline) signalProcesses(living, 'SIGKILL');
    else
      signalProcesses(
        living.filter((pid) => !asked.has(pid)),
        'SIGTERM',
      );
    for (const pid of living) asked.add(pid);
    await pause(pollMs);
  }
}

/** A line without its end cannot grow without bound. */
function readLines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > longestLine) lines.push(rest.slice(0, longestLine));
    if (rest.length > longestLine) rest = '';
    for (const line of lines) onLine(line.replace(/\r$/, ''));
  });
  stream.on('end', () => {
    if (rest !== '') onLine(rest);
  });
}
