/**
 * Containers for end-to-end tests: Podman on the images that scripts/containers/prepare made, in a network namespace of
 * the test's own, so that bridges, addresses and packet filters end with it. Nothing outside of it is touched.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { describeE2e } from './e2e';
import { lineFrom, type Program, repository, start } from './programs';

export const images = {
  node: 'docker.io/library/node:24-bookworm-slim',
  python: 'localhost/wiretape-test/python:bookworm',
} as const;

/** The image made of the Dockerfile in this checkout, by its id. */
export function wiretapeImage(): string {
  return readFileSync(join(repository, 'build/container-image'), 'utf8').trim();
}

/** Where the images are; `npm run test:containers` makes them and sets this. */
const cache = process.env.WIRETAPE_CONTAINERS ?? '';

/** `describe` for tests that run containers. */
export function describeContainers(name: string, tests: () => void): void {
  // the whole suite has no images: there they are always skipped, and listed with the command that runs them
  if (cache === '') describe.skip(`${name} [npm run test:containers]`, tests);
  else if (existsSync(join(cache, 'containers.conf'))) describeE2e(name, tests);
  else if (process.env.WIRETAPE_REQUIRE_E2E === '1') throw new Error(`There are no images in ${cache}`);
  else describe.skip(`${name} [needs root: there are no images in ${cache}]`, tests);
}

export interface Engine {
  /** Names of this run's own: many may run at once. */
  named(name: string): string;
  /** Runs `podman ARGS` and gives what it says. Throws with its stderr where it fails. */
  podman(...args: readonly string[]): string;
  /** Starts `podman ARGS` and leaves it running. */
  start(...args: readonly string[]): Program;
  /** A command of this machine in the network of the containers. */
  inNetwork(...command: readonly string[]): readonly [string, readonly string[]];
  /** Ends every container of this run, and takes away everything it made. */
  dispose(): Promise<void>;
}

export async function createEngine(): Promise<Engine> {
  const network = await startNetwork();
  const run = `wiretape-${process.pid}`;
  const env = {
    ...process.env,
    CONTAINERS_CONF: join(cache, 'containers.conf'),
    CONTAINERS_STORAGE_CONF: join(cache, 'storage.conf'),
  };
  const inNetwork = (...command: readonly string[]) =>
    ['nsenter', [`--net=/proc/${network.pid}/ns/net`, '--', ...command]] as const;
  const podman = (...args: readonly string[]) => {
    const [command, words] = inNetwork('podman', ...args);
    return execFileSync(command, words, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  };
  const engine: Engine = {
    named: (name) => `${run}-${name}`,
    podman,
    start: (...args) => {
      const [command, words] = inNetwork('podman', ...args);
      return start(command, words, { env });
    },
    inNetwork,
    dispose: async () => {
      removeAll(podman, run);
      await network.stop('SIGKILL');
      removeEmptyCgroups();
    },
  };
  podman('network', 'create', engine.named('net'));
  return engine;
}

async function startNetwork(): Promise<Program> {
  const script = 'ip link set lo up && echo ready && exec sleep infinity';
  const holder = start('unshare', ['--net', '--', 'sh', '-c', script]);
  await lineFrom(holder, holder.child.stdout, /^ready$/);
  return holder;
}

function removeAll(podman: Engine['podman'], run: string): void {
  const own = (...list: readonly string[]) =>
    podman(...list)
      .split('\n')
      .filter((name) => name.startsWith(run));
  for (const pod of own('pod', 'ps', '--format', '{{.Name}}')) podman('pod', 'rm', '-f', '-t', '0', pod);
  for (const name of own('ps', '-a', '--format', '{{.Names}}')) podman('rm', '-f', '-t', '0', name);
  for (const name of own('volume', 'ls', '--format', '{{.Name}}')) podman('volume', 'rm', '-f', name);
  for (const name of own('network', 'ls', '--format', '{{.Name}}')) podman('network', 'rm', '-f', name);
}

/** Podman leaves its parent cgroups behind. What is in use cannot be removed, and stays. */
function removeEmptyCgroups(): void {
  const root = '/sys/fs/cgroup';
  const parents = [root, ...readdirSync(root).map((name) => join(root, name))].map((path) =>
    join(path, 'libpod_parent'),
  );
  for (const parent of parents.filter(existsSync)) {
    for (const path of [...readdirSync(parent).map((name) => join(parent, name)), parent]) removeCgroup(path);
  }
}

function removeCgroup(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // a file of the kernel's, or a cgroup with members or children
  }
}

/** The service of docker-compose.yml, key by key; a key it does not know is refused, so that none is left out unseen. */
const flagsOfKey: Readonly<Record<string, (value: never, engine: Engine) => readonly string[]>> = {
  build: () => [],
  image: () => [],
  command: () => [],
  pid: (value: string) => ['--pid', value],
  cap_drop: (values: readonly string[]) => values.flatMap((name) => ['--cap-drop', name]),
  cap_add: (values: readonly string[]) => values.flatMap((name) => ['--cap-add', name]),
  security_opt: (values: readonly string[]) => values.flatMap((value) => ['--security-opt', securityOption(value)]),
  read_only: (value: boolean) => (value ? ['--read-only'] : []),
  tmpfs: (values: readonly string[]) => values.flatMap((path) => ['--tmpfs', path]),
  volumes: (values: readonly string[], { named }) => values.flatMap((value) => ['--volume', named(value)]),
  working_dir: (value: string) => ['--workdir', value],
  stop_signal: (value: string) => ['--stop-signal', value],
  stop_grace_period: (value: string) => ['--stop-timeout', value.replace(/s$/, '')],
};

/** Podman takes the profile's path from the current folder, and knows no value after no-new-privileges. */
function securityOption(value: string): string {
  if (value.startsWith('seccomp=./')) return `seccomp=${join(repository, value.slice('seccomp='.length))}`;
  return value.replace(/^no-new-privileges:true$/, 'no-new-privileges');
}

export interface ComposeService {
  readonly image: string;
  readonly [key: string]: unknown;
}

export function recorderService(): ComposeService {
  const { services } = parse(readFileSync(join(repository, 'docker-compose.yml'), 'utf8'));
  return services.recorder;
}

/** The options with which Podman runs a service as compose would; `without` leaves keys out. */
export function podmanFlags(
  service: ComposeService,
  engine: Engine,
  without: readonly string[] = [],
): readonly string[] {
  return Object.entries(service).flatMap(([key, value]) => {
    const flags = flagsOfKey[key];
    if (flags === undefined) throw new Error(`docker-compose.yml says ${key}, which the tests do not know`);
    return without.includes(key) ? [] : flags(value as never, engine);
  });
}
