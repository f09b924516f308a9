/**
 * Java for tests: what is in /usr/lib/jvm, and in the folders that WIRETAPE_TEST_JAVA names, with colons between them; those may
 * be without a compiler. The program of fixtures/apps/java-tls is compiled once, by the oldest that can. Where there is none the tests are listed as
 * skipped, with the reason in the name.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { apps, type Certificate } from './programs';

export interface Java {
  /** `17`. */
  readonly version: string;
  readonly home: string;
  readonly java: string;
}

const FOLDER = '/usr/lib/jvm';
/** The program of the tests is written for it. */
const OLDEST = 17;

/** One of each version. */
function javas(): readonly Java[] {
  const installed = existsSync(FOLDER) ? readdirSync(FOLDER).map((name) => join(FOLDER, name)) : [];
  const named = (process.env.WIRETAPE_TEST_JAVA ?? '').split(':').filter((home) => home !== '');
  const found = new Map<string, Java>();
  for (const java of [...installed, ...named].flatMap(javaAt))
    if (!found.has(java.version) || canCompile(java)) found.set(java.version, java);
  return [...found.values()].sort((a, b) => Number(a.version) - Number(b.version));
}

function javaAt(home: string): readonly Java[] {
  const java = join(home, 'bin/java');
  if (!existsSync(java) || !existsSync(join(home, 'release'))) return [];
  const version = /JAVA_VERSION="(\d+)/.exec(readFileSync(join(home, 'release'), 'utf8'))?.[1] ?? '0';
  return Number(version) < OLDEST ? [] : [{ version, home: realpathSync(home), java }];
}

function canCompile({ home }: Java): boolean {
  return existsSync(join(home, 'bin/javac'));
}

/** `describe` for each version there is; the newest is told, which is tried at length. */
export function describeWithJava(name: string, tests: (java: Java, isNewest: boolean) => void): void {
  const found = javas();
  if (!found.some(canCompile))
    describe.skip(`${name} [needs a JDK of ${OLDEST} or newer]`, () => it('is read', () => undefined));
  else for (const java of found) describe(`${name} ${java.version}`, () => tests(java, java === found.at(-1)));
}

/** `describe` for tests that need one Java that compiles what it runs. */
export function describeWithJdk(name: string, tests: () => void): void {
  if (javas().some(canCompile)) describe(name, tests);
  else describe.skip(`${name} [needs a JDK of ${OLDEST} or newer]`, tests);
}

/** Throws where there is none. */
export function newestJdk(): Java {
  const newest = javas().filter(canCompile).at(-1);
  if (newest === undefined) throw new Error('there is no JDK');
  return newest;
}

/** Compiles the program; the folder of its classes. */
export function compileJava(folder: string): string {
  const compiler = javas().find(canCompile);
  if (compiler === undefined) throw new Error('there is no JDK');
  const source = join(apps, 'java-tls/Echo.java');
  execFileSync(join(compiler.home, 'bin/javac'), ['-nowarn', '-d', folder, source], { stdio: 'pipe' });
  return folder;
}

/** A store of keys that the program takes, of this certificate. */
export function storeOf({ cert, key }: Certificate, file: string): string {
  const words = ['-export', '-in', cert, '-inkey', key, '-out', file, '-passout', 'pass:changeit'];
  execFileSync('openssl', ['pkcs12', ...words], { stdio: 'pipe' });
  return file;
}
