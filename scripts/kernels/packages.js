/**
 * Which packages the kernel tests need, read off what apt says. Pure: text in, names out. The mirror is the one the
 * machine's own apt uses; nothing here names a host.
 */

/**
 * A kernel of the test: the release of Debian that ships it, and the suites it may be found in, the first preferred.
 * @typedef {{ id: string, debian: string, suites: readonly string[] }} WantedKernel
 */

/** @type {readonly WantedKernel[]} */
const wantedKernels = [
  { id: '5.10', debian: 'Debian 11', suites: ['bullseye-security', 'bullseye'] },
  { id: '6.1', debian: 'Debian 12', suites: ['bookworm-security', 'bookworm'] },
  { id: '6.12', debian: 'Debian 13', suites: ['trixie-security', 'trixie'] },
  { id: 'newest', debian: 'Debian unstable', suites: ['sid'] },
];

const ARCHIVE_KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * Where this machine's apt fetches Debian from: `apt-get indextargets --format '$(REPO_URI) $(RELEASE)'`, a line an index.
 * @param {string} indexTargets
 * @returns {{ archive: string, security: string | undefined } | undefined} undefined where it fetches no Debian
 */
function mirrorsOf(indexTargets) {
  const lines = indexTargets.split('\n').map((line) => line.trim().split(' '));
  const debian = lines.filter(([uri = '', release = '']) => uri.includes('/debian') && /^[a-z-]+$/.test(release));
  const archive = debian.find(([, release = '']) => !release.includes('-'))?.[0];
  const security = debian.find(([, release = '']) => release.endsWith('-security'))?.[0];
  return archive === undefined ? undefined : { archive, security };
}

/**
 * A sources.list of all suites that hold a wanted kernel.
 * @param {{ archive: string, security: string | undefined }} mirrors
 */
function sourcesList({ archive, security }) {
  const suites = [...new Set(wantedKernels.flatMap((kernel) => kernel.suites))];
  const lines = suites.map((suite) => {
    const uri = suite.endsWith('-security') ? security : archive;
    return uri === undefined ? undefined : `deb [signed-by=${ARCHIVE_KEYS}] ${uri} ${suite} main`;
  });
  return `${lines.filter((line) => line !== undefined).join('\n')}\n`;
}

/**
 * The newest version of the meta package in each of a kernel's suites that has one: `apt-cache madison`, a line a version.
 * @param {string} madison @param {WantedKernel} kernel
 * @returns {readonly string[]} the one to take first
 */
function metaVersions(madison, kernel) {
  const offers = madison.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  return kernel.suites.flatMap((suite) => {
    const offer = offers.find(([, , from = '']) => from.includes(` ${suite}/main `));
    return offer?.[1] === undefined ? [] : [offer[1]];
  });
}

/** The name of the machine's own release: what is compiled here is linked with libraries of the same. @param {string} osRelease */
function releaseOf(osRelease) {
  return /^VERSION_CODENAME=(.*)$/m.exec(osRelease)?.[1] ?? '';
}

/**
 * The kernel's own packages in a Depends field: the image, or from 7.x on the binary and the modules.
 * @param {string} depends
 * @returns {readonly string[]}
 */
function kernelPackages(depends) {
  const names = depends.split(',').map((one) => one.trim().split(' ')[0] ?? '');
  return names.filter((name) => /^linux-(image|binary|modules)-\d/.test(name));
}

/**
 * `Inst NAME (VERSION …`, as `apt-get install --simulate` prints it.
 * @param {string} simulated
 * @returns {readonly string[]} NAME=VERSION
 */
function simulatedInstalls(simulated) {
  return [...simulated.matchAll(/^Inst (\S+) (?:\[\S+\] )?\((\S+)/gm)].map(([, name, version]) => `${name}=${version}`);
}

module.exports = {
  wantedKernels,
  mirrorsOf,
  sourcesList,
  metaVersions,
  releaseOf,
  kernelPackages,
  simulatedInstalls,
};
