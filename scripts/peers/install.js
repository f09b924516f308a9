/**
 * Brings the peers of `npm run test:peers` into build/peers, cheapest first, one after another. What cannot be had here is
 * said, with the reason, and the others go on: build/peers/missing.json has the reasons for the tests.
 */

const { createHash } = require('node:crypto');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { stripVTControlCharacters } = require('node:util');

const root = path.resolve(__dirname, '../..');
const folder = path.join(root, 'build/peers');
const here = (/** @type {string[]} */ ...names) => path.join(root, ...names);
const inFolder = (/** @type {string[]} */ ...names) => path.join(folder, ...names);

/**
 * `commands` it needs, each with the Debian package that has it; `files` it is made of: where they are as they were, it is not made
 * again; `steps` make it.
 * @typedef {{ name: string, commands: Record<string, string>, files: readonly string[], steps: readonly (readonly string[])[], cwd?: string, env?: Record<string, string> }} Peer
 */

const java = ['dependency-plugin:3.9.0:copy-dependencies', '-q', '-B', '-f', here('scripts/peers/java/pom.xml')];
const plugin = 'org.apache.maven.plugins:maven-';
const sources = here('fixtures/apps/peers/java');

/** A checkout without fixtures, such as that of an image, asks for none of them. @returns {readonly Peer[]} */
const peersToBring = () => [
  { name: 'curl', commands: { curl: 'curl' }, files: [], steps: [] },
  { name: 'nginx', commands: { nginx: 'nginx' }, files: [], steps: [] },
  { name: 'nghttpd', commands: { nghttpd: 'nghttp2-server' }, files: [], steps: [] },
  { name: 'caddy', commands: { caddy: 'caddy' }, files: [], steps: [] },
  {
    name: 'Python',
    commands: { python3: 'python3-venv' },
    files: ['scripts/peers/python/requirements.txt'],
    steps: [
      ['python3', '-m', 'venv', inFolder('python')],
      [
        inFolder('python/bin/pip'),
        'install',
        '-q',
        '--require-hashes',
        '-r',
        here('scripts/peers/python/requirements.txt'),
      ],
    ],
  },
  {
    name: 'Go',
    commands: { go: 'golang-go' },
    files: ['fixtures/apps/peers/go'],
    steps: [['go', 'build', '-mod=readonly', '-o', inFolder('bin/go-peer'), '.']],
    cwd: here('fixtures/apps/peers/go'),
  },
  {
    name: 'Java',
    commands: { javac: 'default-jdk-headless', mvn: 'maven' },
    files: ['scripts/peers/java', 'fixtures/apps/peers/java'],
    steps: [
      ['mvn', `${plugin}${java[0]}`, ...java.slice(1), `-DoutputDirectory=${inFolder('java/lib')}`],
      ['javac', '-cp', `${inFolder('java/lib')}/*`, '-d', inFolder('java/classes'), ...javaSources()],
    ],
  },
  {
    name: 'Mono',
    commands: { mono: 'mono-runtime', mcs: 'mono-mcs' },
    files: ['fixtures/apps/peers/mono'],
    steps: [
      ['mkdir', '-p', inFolder('mono')],
      ['mcs', `-out:${inFolder('mono/Shop.exe')}`, here('fixtures/apps/peers/mono/Shop.cs')],
    ],
  },
  {
    name: 'WireMock',
    commands: { java: 'default-jre-headless', mvn: 'maven' },
    files: ['scripts/peers/java'],
    steps: [
      [
        ...['mvn', `${plugin}${java[0]}`, ...java.slice(1), '-P', 'wiremock', '-DincludeGroupIds=org.wiremock'],
        ...['-Dmdep.stripVersion', `-DoutputDirectory=${inFolder('wiremock')}`],
      ],
    ],
  },
  {
    name: 'programs of npm',
    commands: {},
    files: ['scripts/peers/npm'],
    steps: [
      ['cp', '-rT', here('scripts/peers/npm'), inFolder('npm')],
      ['npm', 'ci', '--silent', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', inFolder('npm')],
    ],
  },
  {
    name: 'k6',
    commands: { go: 'golang-go' },
    files: [],
    steps: [['go', 'install', 'go.k6.io/k6@v1.8.1']],
    env: { GOBIN: inFolder('bin'), GOFLAGS: '-mod=mod' },
  },
  {
    name: 'Hurl',
    commands: { cargo: 'cargo', clang: 'clang', 'xml2-config': 'libxml2-dev' },
    files: [],
    steps: [['cargo', 'install', '--quiet', '--locked', '--root', folder, '--version', '8.0.1', 'hurl']],
  },
];

function javaSources() {
  return fs.readdirSync(sources).map((name) => path.join(sources, name));
}

/** Installs what is missing. Returns why each peer that is not there is not. @param {NodeJS.ProcessEnv} env @returns {Record<string, string>} */
function installPeers(env) {
  fs.mkdirSync(inFolder('bin'), { recursive: true });
  fs.mkdirSync(inFolder('stamps'), { recursive: true });
  /** @type {Record<string, string>} */
  const missing = {};
  for (const peer of peersToBring()) {
    const startedAtMs = Date.now();
    const why = bring(peer, env);
    if (why !== null) missing[peer.name] = why;
    const seconds = ((Date.now() - startedAtMs) / 1000).toFixed(1);
    process.stderr.write(`peer    ${peer.name} … ${why === null ? `${seconds} s` : `not to be had here: ${why}`}\n`);
  }
  fs.writeFileSync(inFolder('missing.json'), `${JSON.stringify(missing, null, 2)}\n`);
  return missing;
}

/** Why it cannot be had; null where it is there. @param {Peer} peer @param {NodeJS.ProcessEnv} env @returns {string | null} */
function bring(peer, env) {
  const why = bringCommands(peer, env);
  if (why !== null || peer.steps.length === 0) return why;
  const stamp = inFolder('stamps', peer.name);
  const hash = hashOf(peer);
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === hash) return null;
  for (const step of peer.steps) {
    const failed = run(step, { ...peer, env: { ...env, ...peer.env } });
    if (failed !== null) return failed;
  }
  fs.writeFileSync(stamp, hash);
  return null;
}

/** @param {Peer} peer @param {NodeJS.ProcessEnv} env @returns {string | null} */
function bringCommands({ commands }, env) {
  const packages = Object.entries(commands).flatMap(([name, brings]) => (isCommand(name) ? [] : [brings]));
  if (packages.length === 0) return null;
  const failed = run(['sh', here('scripts/setup/apt-install.sh'), ...packages], { env });
  return failed === null ? null : `apt has no ${packages.join(' ')} for it (${failed})`;
}

/** @param {string} name */
function isCommand(name) {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];
  return folders.some((each) => each !== '' && fs.existsSync(path.join(each, name)));
}

/** What it said of why, where it failed. @param {readonly string[]} command @param {{ cwd?: string, env: NodeJS.ProcessEnv }} options @returns {string | null} */
function run([command = '', ...args], { cwd = root, env }) {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd,
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (status === 0) return null;
  return error?.message ?? reasonIn(`${stdout ?? ''}\n${stderr ?? ''}`) ?? `${command} ended with ${status}`;
}

/** The first line that is called an error, as Maven and cargo do, else the last one. @param {string} said @returns {string | undefined} */
function reasonIn(said) {
  const lines = stripVTControlCharacters(said)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.find((line) => /^(\[ERROR\]|error\b)/i.test(line)) ?? lines.at(-1);
}

/** Of what it is made of and by. @param {Peer} peer */
function hashOf({ files, steps }) {
  const hash = createHash('sha256').update(JSON.stringify(steps));
  for (const file of files.flatMap(filesUnder)) hash.update(`${file}\0`).update(fs.readFileSync(here(file)));
  return hash.digest('hex');
}

/** @param {string} name @returns {readonly string[]} */
function filesUnder(name) {
  if (!fs.statSync(here(name)).isDirectory()) return [name];
  return fs
    .readdirSync(here(name))
    .sort()
    .flatMap((entry) => filesUnder(path.join(name, entry)));
}

module.exports = { folder, installPeers };
