/**
 * Carries out the steps of a plan, one line each with its time. What a step prints goes to a log and is shown where
 * the step fails. Everything lands inside the checkout, but for the distribution's packages and the container images.
 */

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { nodeIsNewEnough } = require('./plan');
const {
  root,
  toolchainNode,
  clientsFolder,
  generatedFolder,
  imagesFolder,
  headersBeside,
  hashOfInputs,
  markFresh,
} = require('./look');

/** @typedef {import('./plan').Step} Step */

/** Thrown where a step failed; the message is what a user reads. */
class SetupError extends Error {}

const npmCi = ['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--no-progress', '--loglevel=error'];

/** @type {{ [K in Step['kind']]: (step: Extract<Step, { kind: K }>) => { title: string, run: () => Promise<void> } }} */
const actions = {
  apt: ({ packages }) => ({
    title: `system packages (${packages.join(' ')})`,
    run: () => run('apt', [path.join(root, 'scripts/setup/apt-install.sh'), ...packages]),
  }),
  toolchain: () => ({
    title: 'Node.js into .toolchain, from the npm registry',
    run: () => bring('toolchain', path.join(root, '.toolchain')),
  }),
  npm: () => ({ title: 'npm packages', run: () => run('npm', npmCi) }),
  bpf: () => ({ title: 'BPF object', run: () => build('bpf') }),
  native: () => ({ title: 'native addon', run: () => build('native', { WIRETAPE_NODEDIR: nodeHeaders() }) }),
  typescript: () => ({ title: 'TypeScript', run: () => build('typescript') }),
  images: () => ({
    title: 'container images',
    run: () => run('images', [path.join(root, 'scripts/containers/prepare'), imagesFolder]),
  }),
  clients: () => ({
    title: 'HTTP clients and three releases of Node.js into build/clients, from the npm registry',
    run: () => bring('clients', clientsFolder),
  }),
  generated: () => ({
    title: 'msw, Vitest and Playwright into build/generated, from the npm registry',
    run: () => bring('generated', generatedFolder),
  }),
};

/** @param {readonly Step[]} steps */
async function carryOut(steps) {
  for (const step of steps) {
    // the table is typed by kind; TypeScript cannot follow the lookup
    const { title, run: work } = actions[step.kind](/** @type {any} */ (step));
    await withProgress(title, work);
  }
}

/** @param {string} title @param {() => Promise<void>} work */
async function withProgress(title, work) {
  const startedAtMs = Date.now();
  const seconds = () => `${((Date.now() - startedAtMs) / 1000).toFixed(1)} s`;
  const live = process.stderr.isTTY === true;
  process.stderr.write(`set-up  ${title} … `);
  const ticking = live ? setInterval(() => process.stderr.write(`\rset-up  ${title} … ${seconds()}`), 1000) : undefined;
  try {
    await work();
  } finally {
    clearInterval(ticking);
    process.stderr.write(live ? `\rset-up  ${title} … ${seconds()}\n` : `${seconds()}\n`);
  }
}

/**
 * What a folder of scripts/ pins, into a folder of its own, so that npm leaves the project's node_modules alone.
 * @param {'toolchain' | 'clients' | 'generated'} name @param {string} folder
 */
async function bring(name, folder) {
  fs.mkdirSync(folder, { recursive: true });
  for (const file of ['package.json', 'package-lock.json']) {
    fs.copyFileSync(path.join(root, 'scripts', name, file), path.join(folder, file));
  }
  await run(name, npmCi, { cwd: folder });
}

/** @param {'bpf' | 'native' | 'typescript'} part @param {Record<string, string>} [env] */
async function build(part, env = {}) {
  const hash = hashOfInputs(part);
  await run(part, [path.join(root, 'scripts', `build-${part}`)], { env });
  markFresh(part, hash);
}

/** The addon speaks N-API, whose headers are the same for every Node.js: those of .toolchain serve any. */
function nodeHeaders() {
  return headersBeside(process.execPath) ?? toolchainNode;
}

/** The environment of everything set-up and the tasks run: a Node.js that is new enough comes first on the PATH. */
function environment() {
  const newEnough = nodeIsNewEnough(process.version);
  const node = newEnough ? process.execPath : path.join(toolchainNode, 'bin/node');
  return { ...process.env, WIRETAPE_NODE: node, PATH: `${path.dirname(node)}:${process.env.PATH ?? ''}` };
}

/**
 * Runs a command with its output in a log; throws SetupError with the end of the log where it fails.
 * @param {string} name of the log
 * @param {readonly string[]} commandLine
 * @param {{ cwd?: string, env?: Record<string, string> }} [options]
 */
async function run(name, [command = '', ...args], { cwd = root, env = {} } = {}) {
  const log = path.join(root, 'build/set-up', `${name}.log`);
  fs.mkdirSync(path.dirname(log), { recursive: true });
  const output = fs.openSync(log, 'w');
  try {
    const child = spawn(command, args, { cwd, env: { ...environment(), ...env }, stdio: ['ignore', output, output] });
    const [status, signal] = await once(child, 'exit');
    if (status === 0) return;
    const line = [command, ...args].join(' ');
    throw new SetupError(`${line} ended with ${signal ?? `status ${status}`}\n${endOf(log)}`);
  } catch (error) {
    if (error instanceof SetupError) throw error;
    throw new SetupError(`Cannot run ${command}: ${error instanceof Error ? error.message : error}`);
  } finally {
    fs.closeSync(output);
  }
}

/** @param {string} log */
function endOf(log) {
  const lines = fs.readFileSync(log, 'utf8').trimEnd().split('\n');
  const shown = lines.slice(-40).map((line) => `  ${line}`);
  return [...shown, `  the whole of it: ${path.relative(process.cwd(), log)}`].join('\n');
}

module.exports = { carryOut, environment, SetupError };
