/** bin/wiretape.js and bin/wiretape: what runs first, on whatever Node.js the user, or root under sudo, has. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
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

it('opens with a line that the shell passes over: what begins a comment here must not be run there', () => {
  expect(readProjectFile('bin/wiretape.js').split('\n').slice(0, 2)).toEqual(['#!/bin/sh', "':' /* 2>/dev/null"]);
});

describe('under the PATH that sudo sets', () => {
  let folder: string;
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'wiretape-launcher-')));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** A program that says it is Node.js of that version, and otherwise what it was asked to run. */
  function pretendNode(path: string, version: string): void {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `#!/bin/sh\n[ "$1" = --version ] && echo ${version} || echo "${version} runs $*"\n`);
    chmodSync(path, 0o755);
  }

  /** As sudo would: nothing of the caller's environment but for a PATH of its own, with an old Node.js first. */
  function run(command: string): { status: number | null; stdout: string; stderr: string } {
    pretendNode(join(folder, 'system/node'), 'v20.20.2');
    return spawnSync(command, ['doctor', '--json'], {
      env: { PATH: `${join(folder, 'system')}:/usr/bin:/bin` },
      encoding: 'utf8',
    });
  }

  function install(place: string): string {
    const file = join(folder, place, 'wiretape/bin/wiretape.js');
    mkdirSync(dirname(file), { recursive: true });
    copyFileSync(join(root, 'bin/wiretape.js'), file);
    chmodSync(file, 0o755);
    return file;
  }

  it('an installed package runs with the Node.js beside its command', () => {
    const file = install('elsewhere/node_modules');
    const command = join(folder, 'ada/bin/wiretape');
    pretendNode(join(folder, 'ada/bin/node'), 'v24.1.0');
    symlinkSync(file, command);
    expect(run(command)).toMatchObject({
      status: 0,
      stdout: `v24.1.0 runs --max-semi-space-size=16 ${command} doctor --json\n`,
    });
  });

  it('an installed package runs with the Node.js of its prefix', () => {
    const file = install('ada/lib/node_modules');
    pretendNode(join(folder, 'ada/bin/node'), 'v22.19.0');
    expect(run(file)).toMatchObject({
      status: 0,
      stdout: `v22.19.0 runs --max-semi-space-size=16 ${file} doctor --json\n`,
    });
  });

  it('an installed package hands itself to the old one where there is no other, which then says it is old', () => {
    const file = install('ada/lib/node_modules');
    expect(run(file)).toMatchObject({ status: 0, stdout: `v20.20.2 runs ${file} doctor --json\n` });
  });

  it('a checkout runs with the Node.js that built it', () => {
    for (const file of ['bin/wiretape', 'scripts/node-path.sh']) {
      mkdirSync(join(folder, dirname(file)), { recursive: true });
      copyFileSync(join(root, file), join(folder, file));
    }
    chmodSync(join(folder, 'bin/wiretape'), 0o755);
    const command = join(folder, 'bin/wiretape');
    const refused = run(command);
    expect(refused.status).toBe(3);
    expect(refused.stderr).toContain('wiretape needs Node.js 22.19 or newer, and found v20.20.2\n');
    pretendNode(join(folder, 'home/ada/node'), 'v24.1.0');
    mkdirSync(join(folder, 'build'));
    writeFileSync(join(folder, 'build/node'), `${join(folder, 'home/ada/node')}\n`);
    expect(run(command)).toMatchObject({
      status: 0,
      stdout: `v24.1.0 runs --max-semi-space-size=16 ${join(folder, 'dist/cli/main.js')} doctor --json\n`,
    });
  });

  it('the build says which Node.js it was', () => {
    const named = spawnSync('cat', [join(root, 'build/node')], { encoding: 'utf8' }).stdout.trim();
    expect(spawnSync(named, ['--version'], { encoding: 'utf8' }).stdout).toMatch(/^v(22|2[3-9]|[3-9]\d)\./);
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
