/** bin/wiretape.js: what an installed package runs first, on whatever Node.js the user has. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { transformSync } from '@swc/core';
import { readProjectFile, root } from '../../support/source-tree';

describe('the launcher of the installed package', () => {
  it.each(['20.20.2', '22.18.0', '18.0.0'])('refuses Node.js %s with what to do', (version) => {
    const { status, stderr } = runAs(version);
    expect(stderr).toBe(
      `wiretape needs Node.js 22.19 or newer, and this is v${version}\n` +
        `  do this   install a current Node.js, or run it with one: path/to/node ${join(root, 'bin/wiretape.js')}\n`,
    );
    expect(status).toBe(3);
  });

  it('is written so that an old Node.js can read it', () => {
    const text = readProjectFile('bin/wiretape.js').replace(/^#!.*/, '');
    const printedFor = (target: 'es5' | 'es2022') => transformSync(text, { jsc: { target }, isModule: false }).code;
    expect(printedFor('es5')).toBe(printedFor('es2022'));
  });
});

/** Runs the launcher with a version that is not the real one. */
function runAs(version: string): { status: number | null; stderr: string } {
  const pretend = `const versions = { ...process.versions, node: '${version}' };
    Object.defineProperty(process, 'versions', { value: versions });
    Object.defineProperty(process, 'version', { value: 'v${version}' });
    require('./bin/wiretape.js');`;
  return spawnSync(process.execPath, ['-e', pretend], { cwd: root, encoding: 'utf8' });
}
