/**
 * The entry of every npm script: does the set-up the task needs and lacks, then the task.
 *
 *   node scripts/task.js build | test [jest arguments] | test:clients [jest arguments] | test:generated [jest arguments]
 *     | test:peers [jest arguments] | test:tls [jest arguments] | test:containers | test:kernels | test:arm64 | check | demo | bench | bench:trust [arguments] | fix
 *
 * Plain JavaScript for Node.js 20 and newer: it runs before anything is installed. The work itself runs with a
 * Node.js that is new enough, which may be another one.
 */

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { carryOut, environment, SetupError } = require('./setup/carry-out');
const { installPeers } = require('./peers/install');
const { forgetResults, reportPeers } = require('./peers/report');
const { imagesFolder, lookAround, root } = require('./setup/look');
const { plan } = require('./setup/plan');
const { reportingTls } = require('./tls/report');

/** @type {Record<string, { needs: import('./setup/plan').Task, run: (args: readonly string[]) => Promise<number> }>} */
const tasks = {
  build: { needs: 'build', run: async () => 0 },
  test: { needs: 'test', run: runTests },
  'test:containers': { needs: 'containers', run: runContainerTests },
  'test:clients': {
    needs: 'clients',
    run: (args) => runTests(['--config', path.join(root, 'test/clients/jest.config.js'), ...args]),
  },
  'test:generated': { needs: 'generated', run: runGeneratedTests },
  'test:peers': { needs: 'peers', run: runPeerTests },
  'test:tls': { needs: 'test', run: runTlsTests },
  check: { needs: 'test', run: runChecks },
  demo: { needs: 'demo', run: (args) => run('node', [path.join(root, 'scripts/demo/main.js'), ...args]) },
  bench: {
    needs: 'bench',
    run: (args) => run('node', ['-r', path.join(root, 'scripts/ts-hook.js'), 'bench/main.ts', ...args]),
  },
  'bench:trust': {
    needs: 'bench',
    run: (args) => run('node', ['-r', path.join(root, 'scripts/ts-hook.js'), 'bench/trust/main.ts', ...args]),
  },
  'test:kernels': {
    needs: 'kernels',
    run: (args) => run('node', [path.join(root, 'scripts/kernels/main.js'), ...args]),
  },
  'test:arm64': { needs: 'build', run: runArm64 },
  fix: { needs: 'build', run: () => run('node', [inPackage('@biomejs/biome/bin/biome'), 'check', '--write', '.']) },
};

async function main() {
  const [name = '', ...args] = process.argv.slice(2);
  const task = tasks[name];
  if (task === undefined)
    return complain(`There is no task ${JSON.stringify(name)}: use ${Object.keys(tasks).join(', ')}`, 2);
  const decided = plan(lookAround(task.needs));
  if (decided.kind === 'refuse') return complain(decided.lines.join('\n'), 3);
  try {
    await carryOut(decided.steps);
  } catch (error) {
    if (error instanceof SetupError) return complain(error.message, 3);
    throw error;
  }
  return task.run(args);
}

/** The whole suite, or what the arguments name; the closing line is the last one printed. @param {readonly string[]} args */
async function runTests(args) {
  const { status, counts } = await jest(args);
  printCounts(counts);
  return status;
}

/** Compiles for arm64, and then runs it in guests: where what they need cannot be had, that it compiles is what was shown. @param {readonly string[]} args */
async function runArm64(args) {
  const compiled = await run('sh', [path.join(root, 'scripts/check-arm64')]);
  if (compiled !== 0) return compiled;
  const status = await run('node', [path.join(root, 'scripts/kernels/main.js'), '--architecture', 'arm64', ...args]);
  if (status !== 3) return status;
  process.stdout.write(
    'NOT RUN: what the guests need cannot be had here, as said above. It compiles, and nothing of it was run.\n',
  );
  return 0;
}

/** What needs images and takes minutes to set up: not part of the whole suite. @param {readonly string[]} args */
async function runContainerTests(args) {
  const { status, counts } = await jest(['test/e2e/containers', ...args], { WIRETAPE_CONTAINERS: imagesFolder });
  printCounts(counts);
  return status;
}

/** Generated files under the libraries they are made for: installed apart, as no project needs all of them. @param {readonly string[]} args */
async function runGeneratedTests(args) {
  const { status, counts } = await jest(['test/contract/generated/', ...args], { WIRETAPE_REQUIRE_GENERATED: '1' });
  printCounts(counts);
  return status;
}

/** Servers and clients of others, which take a while to bring: those that cannot be had are said, and left out. @param {readonly string[]} args */
async function runPeerTests(args) {
  installPeers(environment());
  forgetResults();
  const isWhole = args.length === 0;
  const { status, counts } = await reportingTls({ by: 'npm run test:peers', isWhole }, (env) =>
    jest(['--config', path.join(root, 'test/peers/jest.config.js'), ...args], env),
  );
  reportPeers({ isWhole });
  printCounts(counts);
  return status;
}

/** Those of the whole suite that record TLS; what they have seen read is README's table. @param {readonly string[]} args */
async function runTlsTests(args) {
  const ofTls = ['test/e2e/tls-', 'test/e2e/openssl-users'];
  const { status, counts } = await reportingTls({ by: 'npm test', isWhole: args.length === 0 }, (env) =>
    jest([...(args.length === 0 ? ofTls : args)], { ...env, WIRETAPE_REQUIRE_E2E: '1' }),
  );
  printCounts(counts);
  return status;
}

/** Lint, format, types and the tests, all of them even where one fails, so that one run shows everything there is to mend. */
async function runChecks() {
  const colors = process.stdout.isTTY ? '--colors=force' : '--colors=off'; // biome colours a log file otherwise
  const stages = [
    () => run('node', [inPackage('@biomejs/biome/bin/biome'), 'ci', '--error-on-warnings', colors, '.']),
    () => run('node', [inPackage('typescript/bin/tsc'), '-p', '.']),
  ];
  let failedStages = 0;
  for (const stage of stages) if ((await stage()) !== 0) failedStages += 1;
  const { status, counts } = await jest([]);
  if (failedStages > 0) process.stdout.write('\nlint, format or types failed, above; each counts as one failure\n');
  printCounts({ ...counts, failed: counts.failed + failedStages });
  return failedStages > 0 ? 1 : status;
}

/** @param {readonly string[]} args @param {Record<string, string>} [env] */
async function jest(args, env = {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'wiretape-test-'));
  const countsFile = path.join(folder, 'counts.json');
  const reporters = ['--reporters=default', `--reporters=${path.join(root, 'scripts/jest-reporter.js')}`];
  try {
    const status = await run('node', [inPackage('jest/bin/jest.js'), ...args, ...reporters], {
      ...env,
      WIRETAPE_COUNTS_FILE: countsFile,
    });
    // jest that never got as far as a result is a failure that no test could report
    const counts = fs.existsSync(countsFile)
      ? JSON.parse(fs.readFileSync(countsFile, 'utf8'))
      : { passed: 0, failed: 1, skipped: 0 };
    return { status, counts };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The closing line; where several tasks run one after another (.ci/run), it is kept for their sum, too.
 * @param {{ passed: number, failed: number, skipped: number }} counts
 */
function printCounts({ passed, failed, skipped }) {
  const line = `${passed} passed, ${failed} failed, ${skipped} skipped\n`;
  process.stdout.write(`\n${line}`);
  if (process.env.WIRETAPE_TALLY) fs.appendFileSync(process.env.WIRETAPE_TALLY, line);
}

/**
 * Runs a command in the checkout with our terminal; signals reach it, and its status is ours.
 * @param {string} command @param {readonly string[]} args @param {Record<string, string>} [env]
 * @returns {Promise<number>}
 */
function run(command, args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env: { ...environment(), ...env }, stdio: 'inherit' });
    const forward = (/** @type {NodeJS.Signals} */ signal) => child.kill(signal);
    process.on('SIGINT', forward).on('SIGTERM', forward);
    child.once('error', reject);
    child.once('exit', (status, signal) => {
      process.off('SIGINT', forward).off('SIGTERM', forward);
      resolve(status ?? 128 + (os.constants.signals[signal ?? 'SIGTERM'] ?? 0));
    });
  });
}

/** @param {string} file of an installed package */
function inPackage(file) {
  return path.join(root, 'node_modules', file);
}

/** @param {string} text @param {number} status */
function complain(text, status) {
  process.stderr.write(`${text}\n`);
  return status;
}

main().then((status) => {
  process.exitCode = status;
});
