/**
 * Lets `node -r scripts/ts-hook.js file.ts` run the TypeScript of this project as it stands, without a build:
 * for benches and scripts, which are not part of the package. Types are not checked; `npm run check` does that.
 */

const fs = require('node:fs');
const Module = require('node:module');
const { transformSync } = require('@swc/core');

/** @type {import("@swc/core").Options} */
const options = {
  jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
  module: { type: 'commonjs' },
  sourceMaps: 'inline',
  swcrc: false,
};

// _extensions and _compile are how Node.js loads CommonJS; @types/node does not list them
const loader = /** @type {any} */ (Module);
loader._extensions['.ts'] = (/** @type {any} */ target, /** @type {string} */ filename) => {
  const { code } = transformSync(fs.readFileSync(filename, 'utf8'), { ...options, filename });
  target._compile(code, filename);
};
