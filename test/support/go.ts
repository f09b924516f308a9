/**
 * Go programs for tests, built now by the toolchain that is installed. Where there is none the tests are listed as skipped, with
 * the reason in the name; under WIRETAPE_REQUIRE_E2E=1 that is a failure instead.
 */
import { execFileSync } from 'node:child_process';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { apps } from './programs';

/**
 * How a program is built: what differs in where its tables and its code lie. For the two kinds of code the standard library is
 * compiled anew; the others only link it otherwise.
 */
export const goBuilds = {
  plain: { arguments: [], cgo: false },
  stripped: { arguments: ['-ldflags=-s -w'], cgo: false },
  pie: { arguments: ['-buildmode=pie'], cgo: true },
  'stripped pie of the C linker': { arguments: ['-buildmode=pie', '-ldflags=-s -w -linkmode=external'], cgo: true },
} as const;

export type GoBuild = keyof typeof goBuilds;

/** `describe` for tests that build Go programs, within `describeE2e` where they record as well. */
export function describeWithGo(name: string, tests: (version: string) => void): void {
  const version = versionOfGo();
  if (version !== null) describe(name, () => tests(version));
  else if (process.env.WIRETAPE_REQUIRE_E2E === '1') describe(name, failWithoutGo);
  else describe.skip(`${name} [needs a Go toolchain]`, () => tests(''));
}

function failWithoutGo(): void {
  it('can run on this machine', () => {
    throw new Error('Tests of Go programs are required here, and there is no command named go');
  });
}

/** `go1.26.8`; null where there is none. */
function versionOfGo(): string | null {
  try {
    return execFileSync('go', ['env', 'GOVERSION'], { encoding: 'utf8', env: environment(false) }).trim();
  } catch {
    return null;
  }
}

/** Builds a program of fixtures/apps, or of another folder, into a file. The standard library is compiled once a machine and kind of build. */
export function buildGo(app: string, output: string, build: GoBuild = 'plain'): string {
  const { arguments: more, cgo } = goBuilds[build];
  execFileSync('go', ['build', ...more, '-o', output, '.'], { cwd: resolve(apps, app), env: environment(cgo) });
  return output;
}

/** Nothing is fetched: neither modules nor another toolchain. */
function environment(cgo: boolean): NodeJS.ProcessEnv {
  return {
    ...process.env,
    GOFLAGS: '-mod=mod -buildvcs=false',
    GOPROXY: 'off',
    GOTOOLCHAIN: 'local',
    GOCACHE: join(homedir(), '.cache/wiretape/go-build'),
    CGO_ENABLED: cgo ? '1' : '0',
  };
}
