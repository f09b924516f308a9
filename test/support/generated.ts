/**
 * What generated files are run with (`scripts/generated`), installed apart by `npm run test:generated`. Where it is not
 * there the tests are listed as skipped, with the reason; under that command it is a failure instead.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { GeneratedFile } from '../../replayer/generate/generator';
import { root } from './source-tree';

/** The folder of their packages. */
export const generatedPackages = join(root, 'build/generated/node_modules');

/** `describe` for tests that need one of them. */
export function describeGenerated(name: string, needed: string, tests: () => void): void {
  if (existsSync(join(generatedPackages, needed)) || process.env.WIRETAPE_REQUIRE_GENERATED === '1') {
    describe(name, tests);
  } else {
    describe.skip(`${name} [npm run test:generated installs ${needed}]`, tests);
  }
}

export function writeFiles(folder: string, files: readonly GeneratedFile[]): void {
  for (const { path, bytes } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
}
