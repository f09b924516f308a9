/**
 * Vitest suites: ES modules that import what they use, so that they need no configuration and no globals. The tests are
 * imported after the time limit is set, since Vitest reads it when a test is declared.
 */
import type { Generator } from '../generator';
import { stringLiteral } from '../literal';
import { storyFiles } from '../story/files';
import { nextCommand } from '../story/next';
import type { Runner } from '../story/runner';

const runner: Runner = {
  title: 'Vitest',
  moduleType: 'module',
  command: 'npx vitest run',
  endpointImports: "import { describe, test } from 'vitest';\nimport { recorded } from '../setup.js';\n",
  entry(names, slugs, { ms, because }) {
    const used = ['afterAll', 'beforeAll', ...(names.includes('noMisses') ? ['describe', 'test'] : []), 'vi'];
    const imports = slugs.map((slug) => `await import(${stringLiteral(`./endpoints/${slug}.js`)});\n`);
    return `import { ${used.join(', ')} } from 'vitest';
import { ${names.join(', ')} } from './setup.js';

vi.setConfig({ testTimeout: ${ms}, hookTimeout: ${ms} }); // ${because}
beforeAll(start);
afterAll(stop);

${imports.join('')}`;
  },
  setupImports: "import { suite } from 'wiretape';\n",
  setupExport: 'export const { recorded, start, noMisses, stop } =',
  folder: 'import.meta.dirname',
};

export const vitestGenerator: Generator = {
  name: 'vitest',
  purpose: 'a test suite for Vitest',
  takes: { directions: ['inbound', 'outbound'], settings: true },
  refuses: () => null,
  files: (exchanges, options) => storyFiles(runner, exchanges, options),
  next: (out, settings) => nextCommand(runner, out, settings),
};
