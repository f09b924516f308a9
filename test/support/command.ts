/** The built command, run as a user runs it, in a folder of its own and without settings from outside. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from './source-tree';

export interface CommandResult {
  /** Exit status; 128 and more for a signal. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Where the compiled command lies; default the build of this checkout. */
  readonly dist?: string;
  /** Called once it runs, with what sends it a signal. */
  readonly onStart?: (signal: (name: NodeJS.Signals) => void) => void;
}

/** Runs `wiretape ARGS` to its end. */
export function runWiretape(args: readonly string[], options: CommandOptions): Promise<CommandResult> {
  const main = join(options.dist ?? join(root, 'dist'), 'cli/main.js');
  const env = { ...withoutSettings(process.env), NO_COLOR: '1', ...options.env };
  const child = spawn(process.execPath, [main, ...args], { cwd: options.cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
  }
  options.onStart?.((name) => child.kill(name));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => resolve({ status: status ?? (signal === null ? 1 : 128), ...texts }));
  });
}

/** The environment of the test run, but for what would configure the command. */
export function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(WIRETAPE_|FORCE_COLOR$|CI$|GITHUB_|NODE_OPTIONS$)/.test(name)),
  );
}
