/** A user who is not root, for tests that run as root: what they start as that user. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { CommandResult } from './command';
import { root } from './source-tree';

const nobody = 65534;

function asUser(args: readonly string[]): string[] {
  const main = join(root, 'dist/cli/main.js');
  return [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', process.execPath, main, ...args];
}

/** A user who may run this checkout; null where there is none, or we are none who may become another. */
export function otherUser(): number | null {
  if (process.getuid?.() !== 0) return null;
  const tried = spawnSync('setpriv', asUser(['--version']), { env: { PATH: process.env.PATH } });
  return tried.status === 0 ? nobody : null;
}

/** The built command, to its end; `cwd` has to be that user's. */
export function runAsOtherUser(args: readonly string[], { cwd }: { readonly cwd: string }): CommandResult {
  const env = { PATH: process.env.PATH, HOME: cwd };
  const { status, stdout, stderr } = spawnSync('setpriv', asUser(args), { cwd, encoding: 'utf8', env });
  return { status: status ?? 1, stdout, stderr };
}
