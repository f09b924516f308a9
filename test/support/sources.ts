/** Runs programs of this project from their sources, as processes of their own: what tests kill, starve or pipe. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

export const root = join(__dirname, '../..');

/** Node.js arguments that make it understand the TypeScript of this project; worker threads need them too. */
export const sourceArgs: readonly string[] = ['-r', join(root, 'scripts/ts-hook.js')];

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

export function startSource(file: string, args: readonly string[], options: RunOptions = {}): ChildProcess {
  return spawn(process.execPath, [...sourceArgs, join(root, file), ...args], {
    cwd: options.cwd ?? root,
    env: plainEnvironment(options.env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Runs to the end and gives everything it said. */
export function runSource(file: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return endOf(startSource(file, args, options));
}

export function endOf(child: ChildProcess): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => resolve({ status, signal, stdout, stderr }));
  });
}

/** Nothing of the surroundings that changes what the program says: no settings of wiretape, no colours. */
function plainEnvironment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(WIRETAPE_|NO_COLOR|FORCE_COLOR|CI$|NODE_OPTIONS)/.test(name),
  );
  return { ...Object.fromEntries(kept), ...more };
}
