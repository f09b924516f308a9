/**
 * Lets `node -r scripts/ts-hook.js file.ts` run the TypeScript of this project as it stands, without a build:
 * for benches and scripts, which are not part of the package. Types are not checked; `npm run check` does that.
 * What was made of a file is kept in build/ts-hook, with a hash of what it was made of: it is read sooner than made anew.
 */

const { createHash, randomUUID } = require('node:crypto');
const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const { version } = require('@swc/core/package.json');

/** @type {import("@swc/core").Options} */
const options = {
  jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
  module: { type: 'commonjs' },
  sourceMaps: 'inline',
  swcrc: false,
};

const folder = path.join(__dirname, '../build/ts-hook');
/** What the JavaScript depends on beside the text and the name of its file. */
const made = `${version}\0${JSON.stringify(options)}\0`;

/** @param {string} filename */
function javascriptOf(filename) {
  const text = fs.readFileSync(filename, 'utf8');
  const end = `\n// made of ${hashOf(made + filename + text)}\n`;
  const file = path.join(folder, hashOf(filename));
  const kept = readIfThere(file);
  if (kept?.endsWith(end)) return kept;
  const code = transform(text, filename) + end;
  keep(file, code);
  return code;
}

/** @param {string} text */
function hashOf(text) {
  return createHash('sha256').update(text).digest('hex');
}

/** The compiler is loaded only where there is something to compile. @param {string} text @param {string} filename */
function transform(text, filename) {
  const { transformSync } = require('@swc/core');
  return transformSync(text, { ...options, filename }).code;
}

/** @param {string} file */
function readIfThere(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** Whole or not at all, as several processes do it at once; none where nothing may be written. @param {string} file @param {string} code */
function keep(file, code) {
  const unfinished = `${file}.${randomUUID()}`;
  try {
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(unfinished, code);
    fs.renameSync(unfinished, file);
  } catch {
    fs.rmSync(unfinished, { force: true });
  }
}

// _extensions and _compile are how Node.js loads CommonJS; @types/node does not list them
const loader = /** @type {any} */ (Module);
loader._extensions['.ts'] = (/** @type {any} */ target, /** @type {string} */ filename) => {
  target._compile(javascriptOf(filename), filename);
};
