/**
 * One guest from power on to power off: boots a kernel with a job under QEMU's own emulation, waits, and brings back
 * what the job left. KVM is never used: that /dev/kvm can be opened does not mean a stock kernel boots on it.
 */

const { execFileSync, spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { archive, guestFiles } = require('./image');

const MEMORY_MIB = 2048;
const DISK_MIB = 64;
const LIMIT_MS = 30 * 60_000;
/** The emulator sometimes hangs before the guest's first program (seen once in some twenty boots of 7.2): boot again then. */
const BOOT_LIMIT_MS = 3 * 60_000;
const BOOTS_MOST = 3;

/**
 * @typedef {import('./architectures').Architecture} Architecture
 * @typedef {{
 *   architecture: Architecture, vmlinuz: string, archives: readonly string[], job: Record<string, unknown>, append: readonly string[],
 * }} Guest
 * @typedef {{ status: number | null, console: string, folder: string, seconds: number, boots: number }} GuestEnd
 * `status` is null where the guest never said how its job ended, whatever the reason; `boots` how often it was switched on
 */

/** @param {string} cache @param {string} name @param {Guest} guest @returns {Promise<GuestEnd>} */
async function boot(cache, name, { architecture, vmlinuz, archives, job, append }) {
  const folder = path.join(cache, 'guests', name);
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(path.join(folder, 'out'), { recursive: true });
  const initrd = path.join(folder, 'initrd');
  joinFiles(initrd, [...archives, jobArchive(cache, folder, job)]);
  const disk = path.join(folder, 'disk');
  fs.writeFileSync(disk, '');
  fs.truncateSync(disk, DISK_MIB << 20);
  const startedAtMs = Date.now();
  const machine = { architecture, vmlinuz, initrd, disk, append, console: path.join(folder, 'console') };
  let boots = 1;
  let text = await runQemu(cache, machine);
  for (; !hasBooted(text) && boots < BOOTS_MOST; boots++) text = await runQemu(cache, machine);
  unpack(disk, path.join(folder, 'out'));
  for (const file of [initrd, disk]) fs.rmSync(file);
  const status = /^JOB-STATUS (\d+)/m.exec(text)?.[1];
  return {
    status: status === undefined ? null : Number(status),
    console: text,
    folder: path.join(folder, 'out'),
    seconds: Math.round((Date.now() - startedAtMs) / 100) / 10,
    boots,
  };
}

/** @param {string} cache @param {string} folder @param {Record<string, unknown>} job */
function jobArchive(cache, folder, job) {
  const tree = path.join(folder, 'job');
  fs.cpSync(guestFiles, path.join(tree, 'job'), { recursive: true });
  fs.writeFileSync(path.join(tree, 'job/job.json'), JSON.stringify(job));
  return archive(cache, tree, path.join(folder, 'job.cpio'));
}

/** @param {string} file @param {readonly string[]} parts */
function joinFiles(file, parts) {
  fs.writeFileSync(file, '');
  for (const part of parts) fs.appendFileSync(file, fs.readFileSync(part));
}

/** Its init says so first. @param {string} text */
function hasBooted(text) {
  return /^BOOTED /m.test(text);
}

/**
 * @param {string} cache
 * @param {{
 *   architecture: Architecture, vmlinuz: string, initrd: string, disk: string, append: readonly string[], console: string,
 * }} machine
 * @returns {Promise<string>}
 */
function runQemu(cache, { architecture, vmlinuz, initrd, disk, append, console }) {
  const { command, args: where, env } = qemu(cache, architecture.emulator.command);
  const kernelLine = [`console=${architecture.console}`, 'quiet', 'panic=-1', 'rdinit=/init', ...append].join(' ');
  const args = [
    ...where,
    ...architecture.machine,
    ...['-accel', 'tcg,thread=multi', '-smp', '2', '-m', String(MEMORY_MIB)],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot', '-serial', 'stdio'],
    ...['-kernel', vmlinuz, '-initrd', initrd, '-append', kernelLine],
    ...['-drive', `file=${disk},if=virtio,format=raw`],
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    fs.writeFileSync(console, '');
    let text = '';
    const hear = (/** @type {Buffer} */ bytes) => {
      const said = bytes.toString('latin1').replaceAll('\r', '');
      text += said;
      fs.appendFileSync(console, said);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
    const bootLimit = setTimeout(() => hasBooted(text) || child.kill('SIGKILL'), BOOT_LIMIT_MS);
    const end = () => child.kill('SIGKILL');
    process.once('exit', end);
    child.once('error', reject);
    child.once('close', () => {
      clearTimeout(limit);
      clearTimeout(bootLimit);
      process.off('exit', end);
      resolve(text);
    });
  });
}

/** The unpacked QEMU, or the installed one where nothing was missing. @param {string} cache @param {string} command */
function qemu(cache, command) {
  const folder = path.join(cache, 'qemu');
  const unpacked = path.join(folder, 'usr/bin', command);
  if (!fs.existsSync(unpacked)) return { command, args: [], env: process.env };
  const libraries = ['usr/lib/x86_64-linux-gnu', 'lib/x86_64-linux-gnu'].map((name) => path.join(folder, name));
  const firmware = ['usr/share/qemu', 'usr/share/seabios'].flatMap((name) => ['-L', path.join(folder, name)]);
  return { command: unpacked, args: firmware, env: { ...process.env, LD_LIBRARY_PATH: libraries.join(':') } };
}

/** A guest that died early left no archive: its missing status says so. @param {string} disk @param {string} folder */
function unpack(disk, folder) {
  try {
    execFileSync('tar', ['x', '-C', folder, '-f', disk], { stdio: 'ignore' });
  } catch {
    fs.writeFileSync(path.join(folder, 'no-result'), '');
  }
}

module.exports = { boot };
