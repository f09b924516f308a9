/**
 * What `npm pack` makes is what users install: it holds the built parts and nothing that only we need, and in an empty
 * project it gives a working command and library. npm runs offline: the dependencies are put in place beforehand.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTapeWriter } from '../../tape/store/sqlite/index';
import { describeE2e } from '../support/e2e';
import { storedExchanges } from '../support/exchanges';
import { root } from '../support/source-tree';
import { writeTape } from '../support/tape-file';
import { asRedacted, exchangeOf, sessionStart } from '../support/tapes';

const folder = mkdtempSync(join(tmpdir(), 'wiretape-pack-'));
const project = join(folder, 'project');
let packed: { readonly filename: string; readonly files: readonly { readonly path: string; readonly mode: number }[] };

beforeAll(() => {
  // the build is done by `npm test`; prepack would do it again
  const output = npm(['pack', '--json', '--ignore-scripts', '--pack-destination', folder], root);
  packed = JSON.parse(output)[0];
  installInto(project);
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the tarball', () => {
  it.each([
    'package.json',
    'README.md',
    'LICENSE',
    'CHANGELOG.md',
    'bin/wiretape.js',
    'dist/cli/main.js',
    'dist/index.js',
    'dist/index.mjs',
    'dist/index.d.ts',
    'dist/recorder.bpf.o',
    'dist/wiretape.node',
    'dist/wiretape-launcher',
    'dist/wiretape-java.so',
    'dist/licences/libbpf-dev.txt',
    'dist/licences/libelf-dev.txt',
    'dist/licences/libnghttp2-dev.txt',
    'dist/licences/libc6-dev.txt',
    'dist/licences/LGPL-3.txt',
    'docs/errors.md',
    'docs/redaction.md',
    'docs/tape-format.md',
  ])('holds %s', (path) => {
    expect(packed.files.map((file) => file.path)).toContain(path);
  });

  it('holds no tests, no sources and nothing private', () => {
    const unwanted = packed.files.filter(
      ({ path }) =>
        !/^(bin|dist|docs)\/|^[A-Z]+(\.md)?$|^package\.json$/.test(path) ||
        /\.test\.|(?<!\.d)\.m?ts$|\.tape|\.wiretape/.test(path),
    );
    expect(unwanted).toEqual([]);
  });
});

describe('an empty project that installs it', () => {
  it('gets a command that shows its help', () => {
    const { status, stdout } = wiretape(['--help']);
    expect(stdout).toContain('wiretape <command>');
    expect(status).toBe(0);
  });

  it('gets a command that says its version', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(wiretape(['--version']).stdout.trim()).toBe(version);
  });

  it('gets a command that reads a tape', () => {
    const path = join(project, 'shop.tape');
    const writer = openTapeWriter(path);
    writer.append(writer.beginSession(sessionStart), [asRedacted(exchangeOf())]);
    writer.close();
    const { status, stdout } = wiretape(['ls', 'shop.tape', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ schema: 1, id: '1', method: 'GET', path: '/orders?x=1', status: 200 });
    expect(status).toBe(0);
  });

  it('gets a doctor that finds the addon', () => {
    const { status, stdout } = wiretape(['doctor', '--json']);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ schema: 1 });
    expect(report.checks).toContainEqual(expect.objectContaining({ name: 'addon', ok: true }));
    expect(status).toBe(report.ok ? 0 : 3);
  });

  it('gets a library for CommonJS and for ES modules, with the same names', () => {
    const required = node(['-e', "console.log(Object.keys(require('wiretape')).sort().join())"]);
    const imported = node([
      '--input-type=module',
      '-e',
      "import * as all from 'wiretape'; console.log(Object.keys(all).sort().join())",
    ]);
    expect(required).toContain('defineConfig');
    expect(imported).toBe(required);
  });

  it.each(['CommonJS', 'ES modules'])('gets mocks of a tape in a test of its own, in %s', (kind) => {
    writeOutbound(join(project, 'calls.tape'));
    const use = `const mocks = await startMocks('calls.tape');
const answer = await fetch(mocks.urlOf('payments:8080') + '/rates');
const tape = await openTape('calls.tape');
const targets = await Array.fromAsync(tape.exchanges(), ({ target }) => target);
console.log(JSON.stringify([answer.status, await answer.json(), targets, mocks.misses()]));
await tape.close();
await mocks.close();`;
    const program =
      kind === 'CommonJS'
        ? ['-e', `const { openTape, startMocks } = require('wiretape'); (async () => { ${use} })();`]
        : ['--input-type=module', '-e', `import { openTape, startMocks } from 'wiretape'; ${use}`];
    expect(JSON.parse(node(program))).toEqual([200, { rate: 1.2 }, ['/rates'], []]);
  });

  it.each(['use.cts', 'use.mts'])('gets types for what it imports, in %s', (file) => {
    const use = `import { defineConfig, openTape, startMocks, suite, type Mocks, type TapeExchange } from 'wiretape';
export async function use(): Promise<string> {
  const mocks: Mocks = await startMocks('calls.tape', { serve: 'inbound', onMiss: '404', include: 'GET */rates' });
  const tape = await openTape('calls.tape');
  const first: TapeExchange | undefined = (await tape.exchanges({ direction: 'outbound' }).next()).value;
  // @ts-expect-error the side is one of two
  await startMocks('calls.tape', { serve: 'sideways' });
  void [defineConfig, suite, first?.response?.body.text().length];
  return mocks.urlOf('payments:8080');
}
`;
    writeFileSync(join(project, file), use);
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    const types = ['--typeRoots', join(root, 'node_modules/@types'), '--types', 'node'];
    const options = [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'es2023',
      '--lib',
      'es2024,esnext.disposable',
    ];
    const { stdout, status } = spawnSync(process.execPath, [compiler, ...options, ...types, file], {
      cwd: project,
      encoding: 'utf8',
    });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });

  it('gets one copy of the code, whichever way it is loaded', () => {
    const same = node([
      '--input-type=module',
      '-e',
      "import { createRequire } from 'node:module'; import { defineConfig } from 'wiretape'; console.log(createRequire(import.meta.url)('wiretape').defineConfig === defineConfig)",
    ]);
    expect(same).toBe('true');
  });

  it('ran nothing while installing', () => {
    expect(existsSync(join(project, 'node_modules/wiretape/build'))).toBe(false);
    expect(
      JSON.parse(readFileSync(join(project, 'node_modules/wiretape/package.json'), 'utf8')).scripts?.install,
    ).toBeUndefined();
  });
});

describeE2e('an empty project that installs it, on a machine that may record', () => {
  it('gets a BPF object that loads and attaches', () => {
    expect(JSON.parse(wiretape(['doctor', '--json']).stdout)).toMatchObject({ ok: true, tier: 'tracepoint' });
  });
});

function writeOutbound(path: string): void {
  const call = { direction: 'outbound', host: 'payments:8080', target: '/rates', responseBody: { rate: 1.2 } } as const;
  if (!existsSync(path)) writeTape(path, storedExchanges(call));
}

/** The dependencies are copied as `npm ci` put them here; npm then finds nothing left to fetch. */
function installInto(target: string): void {
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, 'package.json'), JSON.stringify({ name: 'empty', version: '1.0.0', private: true }));
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages as Record<
    string,
    { dev?: boolean }
  >;
  for (const [place, entry] of Object.entries(lock)) {
    if (place !== '' && entry.dev !== true && existsSync(join(root, place)))
      cpSync(join(root, place), join(target, place), { recursive: true });
  }
  // npm takes a package without its command links for broken, and would fetch it again
  npm(['rebuild', '--ignore-scripts'], target);
  // a cache of its own, empty, so that this holds however npm was used before
  const cache = join(folder, 'npm-cache');
  npm(
    [
      'install',
      '--offline',
      '--cache',
      cache,
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      join(folder, packed.filename),
    ],
    target,
  );
}

function npm(args: readonly string[], cwd: string): string {
  return execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function node(args: readonly string[]): string {
  return execFileSync(process.execPath, args, { cwd: project, encoding: 'utf8' }).trim();
}

function wiretape(args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const command = join(project, 'node_modules/.bin/wiretape');
  return spawnSync(command, args, { cwd: project, encoding: 'utf8' });
}
