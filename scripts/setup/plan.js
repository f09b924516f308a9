/**
 * Decides what set-up has to do, from facts alone: no file, process or environment here, so that a machine with
 * nothing installed is one object in a unit test. Runs on the Node.js the user has, which may be as old as 20.
 */

const { nodeFloor } = require('./needs');

/**
 * @typedef {import('./needs').Task} Task
 * @typedef {import('./needs').Need} Need
 * @typedef {{
 *   task: Task, platform: string, arch: string, isRoot: boolean, hasApt: boolean,
 *   missing: readonly Need[],         // all needs that were not found, of whatever task
 *   nodeVersion: string,              // of the Node.js that runs this, `v20.20.2`
 *   headersPresent: boolean,          // node_api.h lies beside that Node.js
 *   toolchainPresent: boolean,        // .toolchain holds the pinned Node.js
 *   packagesFit: boolean,             // node_modules is what package-lock.json says
 *   clientsFit: boolean,              // build/clients is what scripts/clients says
 *   generatedFit: boolean,            // build/generated is what scripts/generated says
 *   stale: { bpf: boolean, native: boolean, typescript: boolean },
 * }} Facts
 * @typedef {{ kind: 'apt', packages: readonly string[] } | { kind: 'toolchain' } | { kind: 'npm' } | { kind: 'bpf' }
 *   | { kind: 'native' } | { kind: 'typescript' } | { kind: 'clients' } | { kind: 'generated' }
 *   | { kind: 'images' }} Step
 * @typedef {{ kind: 'refuse', lines: readonly string[] } | { kind: 'go', steps: readonly Step[] }} Plan
 */

/**
 * The steps that are missing, in their order; or what to tell the user, where set-up cannot do them.
 * @param {Facts} facts
 * @returns {Plan}
 */
function plan(facts) {
  if (facts.platform !== 'linux' || facts.arch !== 'x64') return refuseMachine(facts);
  const packages = packagesToInstall(facts);
  if (packages.length > 0 && !(facts.isRoot && facts.hasApt)) return refusePackages(packages, facts);
  return { kind: 'go', steps: stepsFor(packages, facts) };
}

/** @param {readonly string[]} packages @param {Facts} facts @returns {readonly Step[]} */
function stepsFor(packages, facts) {
  const nodeTooOld = !nodeIsNewEnough(facts.nodeVersion);
  const headersWanted = facts.stale.native && !facts.headersPresent;
  /** @type {Step[]} */
  const steps = [];
  if (packages.length > 0) steps.push({ kind: 'apt', packages });
  if ((nodeTooOld || headersWanted) && !facts.toolchainPresent) steps.push({ kind: 'toolchain' });
  if (!facts.packagesFit) steps.push({ kind: 'npm' });
  if (facts.stale.bpf) steps.push({ kind: 'bpf' });
  if (facts.stale.native) steps.push({ kind: 'native' });
  if (facts.stale.typescript) steps.push({ kind: 'typescript' });
  // whether they are there, and of this checkout, only the engine can tell: it is quick where they are
  if (facts.task === 'containers' && facts.isRoot) steps.push({ kind: 'images' });
  // 600 MB, and without root nothing is recorded
  if (facts.task === 'clients' && facts.isRoot && !facts.clientsFit) steps.push({ kind: 'clients' });
  if (facts.task === 'generated' && !facts.generatedFit) steps.push({ kind: 'generated' });
  return steps;
}

/**
 * What the task needs and the machine lacks. Without root the end-to-end tests are skipped, and what only they drive
 * is not asked for; what only a build needs is not asked for where nothing is left to build.
 * @param {Facts} facts
 */
function packagesToInstall(facts) {
  const building = facts.stale.bpf || facts.stale.native;
  const wanted = facts.missing.filter((need) => {
    if (need.for === 'build') return building;
    return (
      need.for === facts.task &&
      (facts.isRoot || need.for === 'demo' || need.for === 'generated' || need.for === 'kernels')
    );
  });
  return [...new Set(wanted.map((need) => need.package))];
}

/** @param {string} version such as `v22.19.0` */
function nodeIsNewEnough(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return major > nodeFloor.major || (major === nodeFloor.major && minor >= nodeFloor.minor);
}

/** @param {readonly string[]} packages @param {Facts} facts @returns {Plan} */
function refusePackages(packages, facts) {
  const why = facts.hasApt ? 'you are not root' : 'this machine has no apt-get';
  return {
    kind: 'refuse',
    lines: [
      `Cannot install what is missing: ${why}`,
      `  seen      missing, by the names of Debian 12: ${packages.join(' ')}`,
      facts.hasApt
        ? `  do this   sudo apt-get install --no-install-recommends ${packages.join(' ')}`
        : '  do this   install what these packages hold with the tools of your distribution',
      '            then run the same command again',
    ],
  };
}

/** @param {Facts} facts @returns {Plan} */
function refuseMachine(facts) {
  return {
    kind: 'refuse',
    lines: [
      `Cannot build wiretape here: it runs on Linux on x86-64`,
      `  seen      ${facts.platform} on ${facts.arch}`,
      '  do this   use a Linux machine, or a virtual one, on x86-64',
    ],
  };
}

module.exports = { plan, nodeIsNewEnough };
