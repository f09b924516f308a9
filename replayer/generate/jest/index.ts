/**
 * Jest suites: CommonJS with the globals Jest gives, since plain Jest runs no ES modules, in any kind of project.
 */
import type { Generator } from '../generator';
import { stringLiteral } from '../literal';
import { storyFiles } from '../story/files';
import { nextCommand } from '../story/next';
import type { Runner } from '../story/runner';

const runner: Runner = {
  title: 'Jest',
  moduleType: 'commonjs',
  command: 'npx jest',
  endpointImports: "'use strict';\nconst { recorded } = require('../setup');\n",
  entry(names, slugs, { ms, because }) {
    const requires = slugs.map((slug) => `require(${stringLiteral(`./endpoints/${slug}`)});\n`);
    return `'use strict';
const { ${names.join(', ')} } = require('./setup');

jest.setTimeout(${ms}); // ${because}
beforeAll(start);
afterAll(stop);

${requires.join('')}`;
  },
  setupImports: "'use strict';\nconst { suite } = require('wiretape');\n",
  setupExport: 'module.exports =',
  folder: '__dirname',
};

export const jestGenerator: Generator = {
  name: 'jest',
  purpose: 'a test suite for Jest',
  takes: { directions: ['inbound', 'outbound'], settings: true },
  /** Jest takes every .js below a __tests__ folder for a file of tests. */
  refuses: (folder) =>
    folder.includes('__tests__')
      ? {
          problem: 'Jest would take every file below __tests__ for a test file',
          remedy: 'Choose a folder outside, such as --out test/wiretape',
        }
      : null,
  files: (exchanges, options) => storyFiles(runner, exchanges, options),
  next: (out, settings) => nextCommand(runner, out, settings),
};
