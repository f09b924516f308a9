/**
 * What a guest boots into: one archive with this checkout's build and the programs it is tested with, and a small one
 * for each kernel's modules. Archives concatenate, so the large one is made once. Not compressed: unpacking under an
 * emulated CPU costs more than the bytes.
 */

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '../..');
const guestFiles = path.join(__dirname, 'guest');

/** Programs of this machine that go along, each with the libraries it is linked to. */
const PROGRAMS = ['curl', 'openssl', 'nginx'];
/** Modules without which a guest has no disk to leave its result on; what a kernel has built in is not there. */
const DISK = ['virtio', 'virtio_ring', 'virtio_pci_modern_dev', 'virtio_pci_legacy_dev', 'virtio_pci', 'virtio_blk'];
/** TLS in the kernel, with its AES-GCM. */
const KERNEL_TLS = [
  ...['tls', 'gcm', 'ctr', 'ghash-generic', 'gf128mul'],
  ...['cryptd', 'crypto_simd', 'aesni-intel', 'ghash-clmulni-intel'],
];
/** vsock within one machine. */
const VSOCK = ['vsock', 'vmw_vsock_virtio_transport_common', 'vsock_loopback'];
const MODULES = [...DISK, ...KERNEL_TLS, ...VSOCK];

/**
 * What a guest runs beside busybox, which is of its own processor: puts it into a tree.
 * @typedef {(tree: string) => void} Fill
 */

/** @param {string} cache @param {Fill} fill @returns {string} the archive every guest shares */
function makeBase(cache, fill) {
  const tree = path.join(cache, 'base');
  fs.rmSync(tree, { recursive: true, force: true });
  fs.mkdirSync(path.join(tree, 'bin'), { recursive: true });
  fs.mkdirSync(path.join(tree, 'etc'), { recursive: true });
  fs.writeFileSync(
    path.join(tree, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n',
  );
  fs.writeFileSync(path.join(tree, 'etc/group'), 'root:x:0:\nnogroup:x:65534:\n');
  fs.writeFileSync(path.join(tree, 'etc/hosts'), '127.0.0.1 localhost\n::1 localhost\n');
  fs.copyFileSync(busybox(path.join(cache, 'busybox')), path.join(tree, 'bin/busybox'));
  fs.copyFileSync(path.join(guestFiles, 'init'), path.join(tree, 'init'));
  fill(tree);
  const file = archive(cache, tree, path.join(cache, 'base.cpio'));
  fs.rmSync(tree, { recursive: true });
  return file;
}

/** Programs of this machine, and what was built here. @type {Fill} */
function fillFromHere(tree) {
  for (const program of PROGRAMS) copyProgram(tree, which(program), which(program));
  copyProgram(tree, process.execPath, '/usr/local/bin/node');
  copyWiretape(tree, { compiler: 'cc' });
}

/** Its place depends on the release the package is of. @param {string} folder of the unpacked package */
function busybox(folder) {
  const places = ['bin/busybox', 'usr/bin/busybox'].map((place) => path.join(folder, place));
  return places.find((place) => fs.existsSync(place)) ?? 'busybox';
}

/** @param {string} name */
function which(name) {
  return execFileSync('sh', ['-c', `command -v ${name}`], {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  }).trim();
}

/** @param {string} tree @param {string} file @param {string} place in the guest */
function copyProgram(tree, file, place) {
  copyFile(file, path.join(tree, place));
  const linked = execFileSync('ldd', [file], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g);
  for (const [, library = ''] of linked) copyFile(library, path.join(tree, library));
}

/** @param {string} from @param {string} to */
function copyFile(from, to) {
  fs.mkdirSync(path.dirname(to), { recursive: true });
  if (!fs.existsSync(to)) fs.copyFileSync(fs.realpathSync(from), to);
}

/**
 * The built command and the packages it runs with, as an installed package would have them, and programs to record, by the
 * compiler of the guest's processor.
 * @param {string} tree @param {{ compiler: string }} options
 */
function copyWiretape(tree, { compiler }) {
  const place = path.join(tree, 'opt/wiretape');
  for (const part of ['dist', 'bin', 'fixtures', 'package.json', 'scripts/node-path.sh']) {
    fs.cpSync(path.join(root, part), path.join(place, part), { recursive: true });
  }
  for (const name of runtimePackages()) {
    const filter = (/** @type {string} */ from) => !/better-sqlite3\/(deps|src)$/.test(from);
    fs.cpSync(path.join(root, name), path.join(place, name), { recursive: true, filter });
  }
  for (const name of ['socket-calls', 'other-sockets']) {
    const program = path.join(place, 'fixtures/apps', name, name);
    execFileSync(compiler, ['-O1', '-Wall', '-static', '-o', program, `${program}.c`]);
  }
}

/** Folders below node_modules that are no development dependency. */
function runtimePackages() {
  const lock = JSON.parse(fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8'));
  return Object.entries(lock.packages)
    .filter(([place, entry]) => place !== '' && entry.dev !== true && fs.existsSync(path.join(root, place)))
    .map(([place]) => place);
}

/** @param {string} cache @param {import('./fetch').FetchedKernel} kernel @returns {{ vmlinuz: string, modules: string }} */
function kernelFiles(cache, { id, release, folder }) {
  const places = [`boot/vmlinuz-${release}`, `usr/lib/modules/${release}/vmlinuz`].map((at) => path.join(folder, at));
  const vmlinuz = places.find((place) => fs.existsSync(place));
  if (vmlinuz === undefined) throw new Error(`the packages of kernel ${id} hold no kernel`);
  const tree = path.join(cache, `modules-${id}`);
  fs.rmSync(tree, { recursive: true, force: true });
  fs.mkdirSync(path.join(tree, 'modules'), { recursive: true });
  for (const file of moduleFiles(folder)) copyModule(file, path.join(tree, 'modules'));
  return { vmlinuz, modules: archive(cache, tree, path.join(cache, `modules-${id}.cpio`)) };
}

/** @param {string} folder */
function moduleFiles(folder) {
  const wanted = new Set(MODULES);
  const all = /** @type {string[]} */ (fs.readdirSync(folder, { recursive: true }));
  return all
    .filter((file) => wanted.has(path.basename(file).replace(/\.ko(\.xz)?$/, '')) && /\.ko(\.xz)?$/.test(file))
    .map((file) => path.join(folder, file));
}

/** The guest's insmod reads no .xz. @param {string} file @param {string} folder */
function copyModule(file, folder) {
  const bytes = file.endsWith('.xz')
    ? execFileSync('xz', ['--decompress', '--stdout', file], { maxBuffer: 64 << 20 })
    : fs.readFileSync(file);
  fs.writeFileSync(path.join(folder, path.basename(file).replace(/\.xz$/, '')), bytes);
}

/** @param {string} cache @param {string} tree @param {string} file */
function archive(cache, tree, file) {
  const out = fs.openSync(file, 'w');
  try {
    const tools = path.join(cache, fs.existsSync(path.join(cache, 'tools')) ? 'tools' : 'busybox');
    const pack = 'find . | "$0" cpio -o -H newc -R 0:0';
    execFileSync('sh', ['-c', pack, busybox(tools)], {
      cwd: tree,
      stdio: ['ignore', out, 'ignore'],
    });
  } finally {
    fs.closeSync(out);
  }
  // an empty archive boots into "unable to mount root": better said here
  if (fs.statSync(file).size < 512) throw new Error(`${file} came out empty`);
  return file;
}

module.exports = { makeBase, fillFromHere, copyFile, copyWiretape, kernelFiles, archive, guestFiles };
