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
 * @param {string} cache @param {{ refresh: boolean }} options
 * @returns {Promise<readonly FetchedKernel[]>}
 */
async function fetchKernels(cache, { refresh }) {
  const list = path.join(cache, 'kernels.json');
  if (!refresh && fs.existsSync(list)) return JSON.parse(fs.readFileSync(list, 'utf8'));
  try {
    const apt = await privateApt(cache);
    const kernels = await fetchAll(apt, cache);
    fs.writeFileSync(list, `${JSON.stringify(kernels, null, 2)}\n`);
    return kernels;
  } catch (error) {
    if (error instanceof PackagesMissing) throw error;
    const said = /** @type {{ stderr?: string }} */ (error).stderr ?? String(error);
    throw new PackagesMissing(`Cannot fetch the packages of the kernel tests: ${said.trim().split('\n').at(-1)}`);
  }
}

/** @typedef {(tool: 'apt-get' | 'apt-cache', args: readonly string[], cwd?: string) => Promise<string>} Apt */

/** @param {string} cache @returns {Promise<Apt>} */
async function privateApt(cache) {
  const folder = path.join(cache, 'apt');
  for (const name of ['lists/partial', 'cache/archives/partial', 'empty']) {
    fs.mkdirSync(path.join(folder, name), { recursive: true });
  }
  const targets = ['indextargets', '--format', '$(REPO_URI) $(RELEASE)', 'Created-By: Packages'];
  const mirrors = packages.mirrorsOf((await run('apt-get', targets)).stdout);
  if (mirrors === undefined) throw new PackagesMissing('Cannot fetch kernels: apt on this machine fetches no Debian');
  fs.writeFileSync(path.join(folder, 'sources.list'), packages.sourcesList(mirrors));
  const options = [
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

/** @param {Apt} apt @param {string} cache */
async function fetchAll(apt, cache) {
  const madison = await apt('apt-cache', ['madison', packages.META_PACKAGE]);
  await fetchInto(apt, path.join(cache, 'busybox'), ['busybox-static']);
  await fetchInto(apt, path.join(cache, 'qemu'), await qemuPackages());
  /** @type {FetchedKernel[]} */
  const kernels = [];
  for (const wanted of packages.wantedKernels) kernels.push(await fetchKernel(apt, cache, { wanted, madison }));
  return kernels;
}

/** QEMU of the machine's own release with what is missing here of its libraries; none where it is installed. */
async function qemuPackages() {
  const simulation = ['install', '--simulate', '--no-install-recommends', 'qemu-system-x86'];
  return packages.simulatedInstalls((await run('apt-get', simulation)).stdout);
}

/** @param {Apt} apt @param {string} cache @param {{ wanted: import('./packages').WantedKernel, madison: string }} what */
async function fetchKernel(apt, cache, { wanted, madison }) {
  const version = packages.metaVersion(madison, wanted);
  if (version === undefined) throw new PackagesMissing(`No suite of ${wanted.suites.join(' or ')} has a cloud kernel`);
  const image = packages.kernelPackages(await dependsOf(apt, `${packages.META_PACKAGE}=${version}`));
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
