/**
 * The last part of the TypeScript build: takes stale files out of dist/, and writes index.mjs, which gives ES modules
 * the names of the CommonJS entry without a second copy of the code (two copies would mean two of every class).
 */

const fs = require('node:fs');
const path = require('node:path');

const dist = path.resolve(__dirname, '../../dist');

/** Only what tsc makes is looked at: the addon and the BPF object have builds of their own. @param {ReadonlySet<string>} emitted */
function removeStale(emitted) {
  for (const name of fs.readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    const file = path.join(dist, name);
    if (/\.(js|d\.ts)$/.test(name) && !emitted.has(file)) fs.rmSync(file);
  }
}

function writeModuleEntry() {
  const names = Object.keys(require(path.join(dist, 'index.js'))).filter((name) => name !== '__esModule');
  const lines = ["import entry from './index.js';", ...names.map((name) => `export const ${name} = entry.${name};`)];
  fs.writeFileSync(path.join(dist, 'index.mjs'), `${lines.join('\n')}\n`);
  fs.writeFileSync(path.join(dist, 'index.d.mts'), "export * from './index.js';\n");
}

const emittedList = fs.readFileSync(process.argv[2] ?? '', 'utf8');
removeStale(new Set([...emittedList.matchAll(/^TSFILE: (.+)$/gm)].map(([, file = '']) => path.resolve(file))));
writeModuleEntry();
