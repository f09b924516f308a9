/**
 * Rust programs for tests, built now by the toolchain that is installed, from the crates that their lock file names. Where
 * there is none that is new enough (Debian 12 has 1.63), or the crates cannot be had, the tests are listed as skipped, with the reason in the name.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { apps } from './programs';

/** What rustls 0.23 and its lock file need. */
const NEEDED_MINOR = 78;

/** `describe` for tests that build this program of fixtures/apps, within `describeE2e` where they record as well. */
export function describeWithRust(name: string, app: string, tests: () => void): void {
  const why = obstacle(app);
  if (why === null) describe(name, tests);
  else describe.skip(`${name} [${why}]`, tests);
}

function obstacle(app: string): string | null {
  const minor = Number(/^cargo 1\.(\d+)/.exec(said(app, ['--version']) ?? '')?.[1] ?? 0);
  if (minor < NEEDED_MINOR) return `needs cargo 1.${NEEDED_MINOR} or newer`;
  const fetch = ['fetch', '--locked', '--quiet'];
  const fetched = said(app, [...fetch, '--offline']) ?? said(app, fetch);
  return fetched === null ? 'needs the crates of its lock file' : null;
}

/** Null where it fails, or is not there. */
function said(app: string, words: readonly string[]): string | null {
  try {
    return execFileSync('cargo', words, {
      cwd: join(apps, app),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return null;
  }
}

/** Builds the program of a folder of fixtures/apps, of the same name, into a file. What was compiled is kept for the machine. */
export function buildRust(app: string, output: string, features: readonly string[]): string {
  const target = join(homedir(), '.cache/wiretape/cargo', [app, ...features].join('-'));
  const build = ['build', '--quiet', '--locked', '--release', '--no-default-features', '--features', features.join()];
  execFileSync('cargo', build, {
    cwd: join(apps, app),
    env: { ...process.env, CARGO_TARGET_DIR: target },
    stdio: 'pipe',
  });
  copyFileSync(join(target, 'release', app), output);
  return output;
}
