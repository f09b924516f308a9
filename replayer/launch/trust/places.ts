/**
 * Where programs of this machine keep certificates of their own: files of ours can be put in their place where the command
 * has mounts of its own. Looks, and changes nothing. Not covered: certificates compiled into a program, and stores of Mono.
 */
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { systemBundles, type Trust } from './bundle';
import { certificateFolders } from './hashed-folder';

export interface Placed {
  readonly from: string;
  /** An existing file or folder, every link followed. */
  readonly over: string;
}

export interface Surroundings {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

export function placesOfTrust(
  { bundle, javaStore, hashedFolder }: Trust,
  { cwd, env }: Surroundings,
): readonly Placed[] {
  const bundles = [...systemBundles, ...certifiFiles(cwd, env)];
  const places = [
    // Before the files: some lie in it
    ...[...certificateFolders(env), ...monoStores(env)].map((over) => ({ from: hashedFolder, over })),
    ...bundles.map((over) => ({ from: bundle, over })),
    ...javaStores(env).map((over) => ({ from: javaStore, over })),
  ];
  return [...new Map(places.flatMap(resolved).map((place) => [place.over, place])).values()];
}

function resolved({ from, over }: Placed): Placed[] {
  try {
    return [{ from, over: realpathSync(over) }];
  } catch {
    return []; // not on this machine
  }
}

/**
 * Mono with BoringSSL, which is what it has had since 5.0: folders that `cert-sync` filled, looked into as OpenSSL looks into
 * its own. Where there is neither, Mono trusts nobody, also without us.
 */
function monoStores({ XDG_CONFIG_HOME: settings = '' }: NodeJS.ProcessEnv): string[] {
  const users = join(settings === '' ? join(homedir(), '.config') : settings, '.mono');
  return [users, '/usr/share/.mono'].map((store) => join(store, 'new-certs/Trust'));
}

function javaStores(env: NodeJS.ProcessEnv): string[] {
  const homes = [
    ...(env.JAVA_HOME === undefined ? [] : [env.JAVA_HOME]),
    ...prefixesOf('java', env),
    ...['/usr/lib/jvm', '/usr/java', '/opt', join(homedir(), '.sdkman/candidates/java')].flatMap(entriesOf),
  ];
  const inHome = ['lib/security/cacerts', 'jre/lib/security/cacerts'];
  return [
    ...homes.flatMap((home) => inHome.map((path) => join(home, path))),
    '/etc/ssl/certs/java/cacerts',
    '/etc/pki/java/cacerts',
  ];
}

/** certifi, which many clients of Python read in place of the system's, also inside pip. */
function certifiFiles(cwd: string, env: NodeJS.ProcessEnv): string[] {
  const prefixes = [
    ...(env.VIRTUAL_ENV === undefined ? [] : [env.VIRTUAL_ENV]),
    ...prefixesOf('python3', env),
    ...prefixesOf('python', env),
    ...['/usr', '/usr/local', join(homedir(), '.local')],
    ...entriesOf(join(homedir(), '.pyenv/versions')),
    ...entriesOf(cwd), // a virtual environment of the project
  ];
  const libraries = prefixes.flatMap((prefix) =>
    entriesOf(join(prefix, 'lib')).filter((path) => /\/python3?(\.\d+)?$/.test(path)),
  );
  return libraries.flatMap((library) =>
    ['site-packages', 'dist-packages'].flatMap((packages) => [
      join(library, packages, 'certifi/cacert.pem'),
      join(library, packages, 'pip/_vendor/certifi/cacert.pem'),
    ]),
  );
}

/** Where a program on the PATH is installed: two folders above it, links followed. */
function prefixesOf(program: string, { PATH = '' }: NodeJS.ProcessEnv): string[] {
  return PATH.split(':')
    .map((folder) => join(folder, program))
    .filter(existsSync)
    .map((path) => dirname(dirname(realpathSync(path))));
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
}
