/**
 * npm run test:kernels [-- --only ID ...] [--refresh] [--architecture arm64]: every capture tier on every kernel of Debian's releases, as they
 * are, and under lockdown. Prints a line a guest and what went wrong; a whole run that passes is kept in
 * docs/kernels.json and README.md. Exit status 0 when all is as it must be, 1 when not, 3 where the packages cannot be had.
 *
 *   --only ID   of these kernels only (5.10, 6.1, 6.12, newest); nothing is kept then
 *   --refresh   fetch the newest kernels, also where some were fetched before
 *   --architecture arm64   what scripts/check-arm64 compiled, on emulated machines of arm64 (npm run test:arm64); nothing is kept
 */

const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { fillForArm64 } = require('../arm64/image');
const { architectures } = require('./architectures');
const { boot } = require('./boot');
const { fetchKernels, PackagesMissing } = require('./fetch');
const { fillFromHere, kernelFiles, makeBase } = require('./image');
const { checksFor, judge } = require('./judge');
const { tableOf, withTable } = require('./table');

const root = path.resolve(__dirname, '../..');
const AT_ONCE = 2;

/**
 * @typedef {import('./fetch').FetchedKernel} FetchedKernel
 * @typedef {import('./judge').GuestResult} GuestResult
 * @typedef {{ architecture: import('./architectures').Architecture, cache: string }} Place
 * @typedef {{ kernel: FetchedKernel, lockdown: import('./judge').Lockdown }} Guest
 * @typedef {Guest & { wrong: readonly string[], result: GuestResult | null, seconds: number }} GuestRun
 */

async function main() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true, default: [] },
      refresh: { type: 'boolean', default: false },
      architecture: { type: 'string', default: 'amd64' },
    },
  });
  const isArm64 = values.architecture === 'arm64';
  const architecture = isArm64 ? architectures.arm64 : architectures.amd64;
  const cache = path.join(root, isArm64 ? 'build/arm64' : 'build/kernels');
  fs.mkdirSync(cache, { recursive: true });
  const all = await fetchKernels(cache, { architecture, refresh: values.refresh });
  const kernels = values.only.length === 0 ? all : all.filter(({ id }) => values.only.includes(id));
  if (kernels.length === 0) return complain(`There is no such kernel: use ${all.map(({ id }) => id).join(', ')}`, 2);
  const base = makeBase(cache, isArm64 ? fillForArm64(cache) : fillFromHere);
  const guests = guestsOf(kernels).filter(({ lockdown }) => lockdown === 'none' || !isArm64);
  const runs = await runAll(guests, { architecture, cache, base });
  const failed = runs.filter(({ wrong }) => wrong.length > 0);
  process.stdout.write(`\n${runs.length - failed.length} guests as they must be, ${failed.length} not\n`);
  if (failed.length > 0) return 1;
  if (kernels.length === all.length && !isArm64) keep(runs);
  return 0;
}

/** The long ones first: two run side by side, and the short ones fill up. @param {readonly FetchedKernel[]} kernels @returns {readonly Guest[]} */
function guestsOf(kernels) {
  const lockdowns = /** @type {const} */ (['none', 'integrity', 'confidentiality']);
  return lockdowns.flatMap((lockdown) => kernels.map((kernel) => ({ kernel, lockdown })));
}

/** @param {readonly Guest[]} guests @param {Place & { base: string }} where @returns {Promise<readonly GuestRun[]>} */
async function runAll(guests, where) {
  /** @type {GuestRun[]} */
  const runs = [];
  const waiting = guests.map((guest, i) => ({ guest, i }));
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      runs[next.i] = await runGuest(next.guest, where);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return runs;
}

/** @param {Guest} guest @param {Place & { base: string }} where @returns {Promise<GuestRun>} */
async function runGuest({ kernel, lockdown }, { architecture, cache, base }) {
  const { vmlinuz, modules } = kernelFiles(cache, kernel);
  const append = lockdown === 'none' ? [] : [`lockdown=${lockdown}`];
  const kind = { architecture: architecture.name, id: kernel.id, lockdown };
  const job = { checks: checksFor(kind) };
  const name = `${kernel.id}-${lockdown}`;
  const { status, folder, seconds, boots } = await boot(cache, name, {
    architecture,
    vmlinuz,
    archives: [modules, base],
    job,
    append,
  });
  const result = readResult(path.join(folder, 'result.json'));
  const wrong = judge({ ...kind, release: kernel.release, status, result });
  const words = `${kernel.release.padEnd(30)} ${lockdown === 'none' ? '' : `lockdown=${lockdown} `}`;
  process.stdout.write(
    `${wrong.length === 0 ? 'ok    ' : 'NOT OK'} ${words}(${seconds} s${boots > 1 ? `, boot ${boots}` : ''})\n`,
  );
  for (const line of wrong) process.stdout.write(`         ${line.replaceAll('\n', '\n           ')}\n`);
  if (wrong.length > 0)
    process.stdout.write(`         its console: ${path.relative(root, path.dirname(folder))}/console\n`);
  return { kernel, lockdown, wrong, result, seconds };
}

/** @param {string} file @returns {GuestResult | null} */
function readResult(file) {
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : null;
}

/** Of a whole run that passed. @param {readonly GuestRun[]} runs */
function keep(runs) {
  const kernels = runs.filter(({ lockdown }) => lockdown === 'none').map((run) => rowOf(run, runs));
  const record = { on: new Date().toISOString().slice(0, 10), kernels };
  fs.writeFileSync(path.join(root, 'docs/kernels.json'), `${JSON.stringify(record, null, 2)}\n`);
  const readme = path.join(root, 'README.md');
  fs.writeFileSync(readme, withTable(fs.readFileSync(readme, 'utf8'), tableOf(record)));
  process.stdout.write('docs/kernels.json and README.md say so\n');
}

/** @param {GuestRun} run @param {readonly GuestRun[]} runs @returns {import('./table').KernelRow} */
function rowOf({ kernel, result }, runs) {
  const under = (/** @type {string} */ lockdown) =>
    runs.find((other) => other.kernel.id === kernel.id && other.lockdown === lockdown)?.result;
  return {
    debian: kernel.debian,
    release: kernel.release,
    tier: result?.tier ?? '',
    tiers: tiersThatPassed(result),
    uprobes: result?.uprobes?.found ?? '',
    integrity: tiersThatPassed(under('integrity')),
    confidentiality: under('confidentiality')?.outcomes[0]?.detail ?? '',
  };
}

/** @param {GuestResult | null | undefined} result */
function tiersThatPassed(result) {
  const outcomes = result?.outcomes ?? [];
  const names = [...new Set(outcomes.map(({ tier }) => tier))];
  return names.filter((name) => outcomes.every(({ tier, ok }) => tier !== name || ok));
}

/** @param {string} text @param {number} status */
function complain(text, status) {
  process.stderr.write(`${text}\n`);
  return status;
}

main().then(
  (status) => {
    process.exitCode = status;
  },
  (error) => {
    process.exitCode = error instanceof PackagesMissing ? complain(error.message, 3) : complain(String(error.stack), 1);
  },
);
