/**
 * JDKs for tests: those of /usr/lib/jvm, and one named by WIRETAPE_TEST_JDK. A program of fixtures/apps/java-tls is compiled by each
 * for itself. Where there is none the tests are listed as skipped, with the reason in the name.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { apps, type Certificate } from './programs';

export interface Jdk {
  /** `17`. */
  readonly version: string;
  readonly home: string;
  readonly java: string;
}

const FOLDER = '/usr/lib/jvm';

/** One of each version. */
export function jdks(): readonly Jdk[] {
  const folders = existsSync(FOLDER) ? readdirSync(FOLDER).map((name) => join(FOLDER, name)) : [];
  const found = new Map<string, Jdk>();
  for (const home of [process.env.WIRETAPE_TEST_JDK ?? '', ...folders]) {
    const jdk = jdkAt(home);
    if (jdk !== undefined && !found.has(jdk.version)) found.set(jdk.version, jdk);
  }
  return [...found.values()].sort((a, b) => Number(a.version) - Number(b.version));
}

function jdkAt(home: string): Jdk | undefined {
  if (home === '' || !existsSync(join(home, 'bin/javac')) || !existsSync(join(home, 'release'))) return undefined;
  const version = /JAVA_VERSION="(\d+)/.exec(readFileSync(join(home, 'release'), 'utf8'))?.[1] ?? '0';
  // Records, text blocks and the like, in the program of the tests
  return Number(version) < 17 ? undefined : { version, home: realpathSync(home), java: join(home, 'bin/java') };
}

/** `describe` for each JDK there is. */
export function describeWithJdks(name: string, tests: (jdk: Jdk) => void): void {
  const found = jdks();
  if (found.length === 0) describe.skip(`${name} [needs a JDK of 17 or newer]`, () => it('is read', () => undefined));
  for (const jdk of found) describe(`${name} ${jdk.version}`, () => tests(jdk));
}

/** Compiles the program; the folder of its classes. */
export function compileJava(jdk: Jdk, folder: string): string {
  const classes = join(folder, `classes-${jdk.version}`);
  mkdirSync(classes, { recursive: true });
  const source = join(apps, 'java-tls/Echo.java');
  execFileSync(join(jdk.home, 'bin/javac'), ['-nowarn', '-d', classes, source], { stdio: 'pipe' });
  return classes;
}

/** A store of keys that the program takes, of this certificate. */
export function storeOf({ cert, key }: Certificate, file: string): string {
  const words = ['-export', '-in', cert, '-inkey', key, '-out', file, '-passout', 'pass:changeit'];
  execFileSync('openssl', ['pkcs12', ...words], { stdio: 'pipe' });
  return file;
}
