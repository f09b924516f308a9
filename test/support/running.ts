/** The built command while it runs: what it has printed so far, signals to it, and its end. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { type CommandResult, withoutSettings } from './command';
import { root } from './source-tree';

export interface RunningWiretape {
  readonly pid: number;
  /** Resolves to stdout once it is as asked; rejects when the command ends before. */
  printed(asked: (stdout: string) => boolean): Promise<string>;
  /** What stderr got so far. */
  stderr(): string;
  signal(name: NodeJS.Signals): void;
  readonly ended: Promise<CommandResult>;
}

export function startWiretape(
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): RunningWiretape {
  const env = { ...withoutSettings(process.env), NO_COLOR: '1', ...options.env };
  const main = join(root, 'dist/cli/main.js');
  const child = spawn(process.execPath, [main, ...args], { cwd: options.cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const texts = { stdout: '', stderr: '' };
  const watchers = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
      for (const watch of watchers) watch();
    });
  }
  const ended = new Promise<CommandResult>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => resolve({ status: status ?? (signal === null ? 1 : 128), ...texts }));
  });
  return {
    pid: child.pid ?? 0,
    stderr: () => texts.stderr,
    signal: (name) => child.kill(name),
    ended,
    printed: (asked) =>
      new Promise((resolve, reject) => {
        const watch = (): void => {
          if (!asked(texts.stdout)) return;
          watchers.delete(watch);
          resolve(texts.stdout);
        };
        watchers.add(watch);
        watch();
        void ended.then(({ status }) => reject(new Error(`it ended with status ${status}: ${texts.stderr}`)));
      }),
  };
}
