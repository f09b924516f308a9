/**
 * Brings kernels, QEMU and busybox as packages, unpacked and never installed: apt gets sources, lists and caches of its
 * own below the cache folder, so the machine's configuration stays as it is. Needs no root.
 */

const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { promisify } = require('node:util');
const packages = require('./packages');

const run = promisify(execFile);

/** Thrown where packages cannot be had; the message is what a user reads. */
class PackagesMissing extends Error {}

/**
 * @typedef {{ id: string, debian: string, release: string, version: string, folder: string }} FetchedKernel
 * `release` is what `uname -r` will say; `folder` holds the unpacked packages
 */

/**
 * What was fetched before, or fetched now.
 * @param {string} cache @param {{ architecture: import('./architectures').Architecture, refresh: boolean }} options
 * @returns {Promise<readonly FetchedKernel[]>}
 */
async function fetchKernels(cache, { architecture, refresh }) {
  const list = path.join(cache, 'kernels.json');
  if (!refresh && fs.existsSync(list)) return JSON.parse(fs.readFileSync(list, 'utf8'));
  try {
    const apt = await privateApt(cache, architecture.name);
    const kernels = await fetchAll(apt, cache, architecture);
    fs.writeFileSync(list, `${JSON.stringify(kernels, null, 2)}\n`);
    return kernels;
  } catch (error) {
    if (error instanceof PackagesMissing) throw error;
    const said = /** @type {{ stderr?: string }} */ (error).stderr ?? String(error);
    throw new PackagesMissing(`Cannot fetch the packages of the kernel tests: ${said.trim().split('\n').at(-1)}`);
  }
}

/** @typedef {(tool: 'apt-get' | 'apt-cache', args: readonly string[], cwd?: string) => Promise<string>} Apt */

/** @param {string} cache @param {string} architecture @returns {Promise<Apt>} */
async function privateApt(cache, architecture) {
  const folder = path.join(cache, 'apt');
  for (const name of ['lists/partial', 'cache/archives/partial', 'empty']) {
    fs.mkdirSync(path.join(folder, name), { recursive: true });
  }
  const targets = ['indextargets', '--format', '$(REPO_URI) $(RELEASE)', 'Created-By: Packages'];
  const mirrors = packages.mirrorsOf((await run('apt-get', targets)).stdout);
  if (mirrors === undefined) throw new PackagesMissing('Cannot fetch kernels: apt on this machine fetches no Debian');
  fs.writeFileSync(path.join(folder, 'sources.list'), packages.sourcesList(mirrors));
  const options = [
    `APT::Architecture=${architecture}`,
    `APT::Architectures::=${architecture}`,
    `Dir::Etc::sourcelist=${folder}/sources.list`,
    `Dir::Etc::sourceparts=${folder}/empty`,
    `Dir::Etc::preferencesparts=${folder}/empty`,
    `Dir::State::lists=${folder}/lists`,
    `Dir::Cache=${folder}/cache`,
    'APT::Sandbox::User=root',
    'Acquire::Languages=none',
    'Acquire::Check-Valid-Until=false', // old releases are signed for a week only
  ].flatMap((option) => ['-o', option]);
  /** @type {Apt} */
  const apt = async (tool, args, cwd = folder) =>
    (await run(tool, [...options, ...args], { cwd, maxBuffer: 64 << 20 })).stdout;
  await apt('apt-get', ['update']);
  return apt;
}

/** The machine's own. @type {Apt} */
const ownApt = async (tool, args, cwd) => (await run(tool, [...args], { cwd })).stdout;

/** @param {Apt} apt @param {string} cache @param {import('./architectures').Architecture} architecture */
async function fetchAll(apt, cache, { meta, emulator, libraries }) {
  const madison = await apt('apt-cache', ['madison', meta]);
  await fetchInto(apt, path.join(cache, 'busybox'), ['busybox-static']);
  // these run here, whatever the processor of the guest is; where it is ours, the guest's busybox does
  await fetchInto(ownApt, path.join(cache, 'qemu'), await qemuPackages(emulator.package));
  if (libraries.length > 0) await fetchInto(ownApt, path.join(cache, 'tools'), ['busybox-static']);
  const release = packages.releaseOf(fs.readFileSync('/etc/os-release', 'utf8'));
  await fetchInto(
    apt,
    path.join(cache, 'libraries'),
    libraries.map((name) => `${name}/${release}`),
  );
  /** @type {FetchedKernel[]} */
  const kernels = [];
  for (const wanted of packages.wantedKernels) kernels.push(await fetchKernel(apt, cache, { wanted, meta, madison }));
  return kernels;
}

/** QEMU of the machine's own release with what is missing here of its libraries; none where it is installed. @param {string} name */
async function qemuPackages(name) {
  const simulation = ['install', '--simulate', '--no-install-recommends', name];
  return packages.simulatedInstalls((await run('apt-get', simulation)).stdout);
}

/**
 * @typedef {{ wanted: import('./packages').WantedKernel, meta: string }} Wish
 * The newest that can be had: indexes of old releases name packages of their security archive that are not there any more.
 * @param {Apt} apt @param {string} cache @param {Wish & { madison: string }} what
 */
async function fetchKernel(apt, cache, { wanted, meta, madison }) {
  let missing = new PackagesMissing(`No suite of ${wanted.suites.join(' or ')} has a cloud kernel`);
  for (const version of packages.metaVersions(madison, wanted)) {
    try {
      return await fetchVersion(apt, cache, { wanted, meta, version });
    } catch (error) {
      missing = /** @type {Error} */ (error);
    }
  }
  throw missing;
}

/** @param {Apt} apt @param {string} cache @param {Wish & { version: string }} what @returns {Promise<FetchedKernel>} */
async function fetchVersion(apt, cache, { wanted, meta, version }) {
  const image = packages.kernelPackages(await dependsOf(apt, `${meta}=${version}`));
  const parts = packages.kernelPackages(await dependsOf(apt, image[0] ?? ''));
  const folder = path.join(cache, 'kernels', wanted.id);
  await fetchInto(apt, folder, parts.length > 0 ? parts : image);
  const release = (image[0] ?? '').replace(/^linux-image-/, '');
  return { id: wanted.id, debian: wanted.debian, release, version, folder };
}

/** @param {Apt} apt @param {string} name */
async function dependsOf(apt, name) {
  return /^Depends: (.*)$/m.exec(await apt('apt-cache', ['show', name]))?.[1] ?? '';
}

/** @param {Apt} apt @param {string} folder @param {readonly string[]} names */
async function fetchInto(apt, folder, names) {
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(path.join(folder, 'debs'), { recursive: true });
  if (names.length === 0) return;
  const debs = path.join(folder, 'debs');
  await apt('apt-get', ['download', ...names], debs);
  for (const deb of fs.readdirSync(debs)) await run('dpkg-deb', ['--extract', path.join(debs, deb), folder]);
  fs.rmSync(debs, { recursive: true });
}

module.exports = { fetchKernels, PackagesMissing };
