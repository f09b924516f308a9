/** The launcher by itself, as the sandbox starts it: one that is built here, or one built otherwise. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { type LauncherMessage, type LauncherPlan, launcherArguments, toLauncher } from '../../native/launcher';
import { root } from './source-tree';

/** Built from the sources of this checkout, with definitions that make another machine of this one. */
export function builtLauncher(output: string, definitions: readonly string[]): string {
  const folder = join(root, 'native/launcher');
  const sources = readdirSync(folder).filter((name) => name.endsWith('.c'));
  const flags = ['-std=gnu11', '-D_GNU_SOURCE', '-O2', '-static', ...definitions.map((each) => `-D${each}`)];
  execFileSync('cc', [...flags, '-o', output, ...sources.map((name) => join(folder, name))]);
  return output;
}

export interface Launched {
  readonly stdout: string;
  readonly said: readonly LauncherMessage[];
}

export interface LaunchOptions {
  readonly plan: LauncherPlan;
  readonly here: boolean;
  /** Called once the command runs. */
  onStarted?(child: ChildProcess): void;
}

/** A pipe was asked for, so there is one. */
type Child = ChildProcess & { readonly stdout: Readable };

/** Runs a command to its end. */
export async function launch(launcher: string, command: readonly string[], options: LaunchOptions): Promise<Launched> {
  const args = launcherArguments(options.plan, { command, here: options.here });
  const child = spawn(launcher, args, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] }) as Child;
  const said: LauncherMessage[] = [];
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.on('message', (message: LauncherMessage) => {
    said.push(message);
    if (message.kind === 'ready') child.send(toLauncher.start());
    if (message.kind === 'started') options.onStarted?.(child);
  });
  // Not `close`: Node.js does not tell that of a child whose channel we closed ourselves
  await Promise.all([once(child, 'exit'), once(child, 'disconnect'), once(child.stdout, 'end')]);
  return { stdout, said };
}
