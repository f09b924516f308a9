/**
 * Generated suites under the real Vitest, with nothing configured: green on the build that was recorded, red on one that
 * differs, in processes and in threads.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runWiretape, withoutSettings } from '../../support/command';
import { describeGenerated, generatedPackages } from '../../support/generated';
import { apps, stopAll } from '../../support/programs';
import { recordOrders } from '../../support/recorded-orders';
import { root } from '../../support/source-tree';
import { writeTape } from '../../support/tape-file';

jest.setTimeout(120_000); // every test starts a vitest of its own

const folder = mkdtempSync(join(tmpdir(), 'wiretape-vitest-'));
const next = join(apps, 'orders/server-next-broken.js');

afterAll(async () => {
  await stopAll();
  rmSync(folder, { recursive: true, force: true });
});

describeGenerated('a suite for Vitest', 'vitest', () => {
  beforeAll(async () => {
    const { exchanges, payments } = await recordOrders();
    writeTape(join(folder, 'shop.tape'), exchanges);
    makeProject('shop');
    const command = ['--', 'node', join(apps, 'orders/server.js')];
    const env = ['--env', 'PORT={port}', '--env', `PAYMENTS_URL={mock:${payments}}`];
    const args = ['generate', '../shop.tape', '--to', 'vitest', '--out', 'test/wiretape', ...env, ...command];
    const { status, stderr } = await runWiretape(args, { cwd: join(folder, 'shop') });
    expect(stderr).toContain('Run them with  npx vitest run test/wiretape');
    expect(status).toBe(0);
  });

  it.each(['forks', 'threads'])('is green on the recorded build, in %s', async (pool) => {
    const { status, output } = await runVitest('shop', ['--pool', pool]);
    expect(output).toMatch(/Tests +10 passed \(10\)/);
    expect(status).toBe(0);
  });

  it('is red on a build with a regression, and names the very field and the very test', async () => {
    const broken = edited('broken', (setup) => setup.replace(join(apps, 'orders/server.js'), next));
    const { status, output } = await runVitest(broken);
    expect(output).toMatch(/body\.vat\.amount +expected 415, got 414/);
    expect(output).toMatch(/❯ test\/wiretape\/endpoints\/orders\.js:\d+:\d+/);
    expect(output).toMatch(/\d+\| +recorded\(\{/);
    expect(output).toMatch(/Tests +4 failed \| 6 passed \(10\)/);
    expect(status).toBe(1);
  });

  it('plays what came before when only one test is asked for', async () => {
    const { status, output } = await runVitest('shop', ['-t', 'POST /orders/{orderId}/cancel']);
    expect(output).toMatch(/Tests +1 passed \| 9 skipped \(10\)/);
    expect(status).toBe(0);
  });

  it('keeps the variables of the runner from the build under test', async () => {
    const seen = edited('seen', (setup) => setup.replace(join(apps, 'orders/server.js'), 'environment.js'));
    writeFileSync(
      join(folder, seen, 'environment.js'),
      `require('fs').writeFileSync('seen.json', JSON.stringify(Object.keys(process.env))); require(${JSON.stringify(join(apps, 'orders/server.js'))});`,
    );
    const { status } = await runVitest(seen);
    const names = JSON.parse(readFileSync(join(folder, seen, 'seen.json'), 'utf8')) as string[];
    expect(names.filter((name) => name.startsWith('VITEST'))).toEqual([]);
    expect(names).toContain('PAYMENTS_URL');
    expect(status).toBe(0);
  });
});

/** A project as users have them; wiretape lies in it as an installed package does, since Vitest looks at that. */
function makeProject(name: string): void {
  const packages = join(folder, name, 'node_modules');
  mkdirSync(join(packages, 'wiretape'), { recursive: true });
  for (const part of ['dist', 'package.json'])
    cpSync(join(root, part), join(packages, 'wiretape', part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(packages, 'wiretape/node_modules'));
  for (const library of ['vitest', 'vite']) symlinkSync(join(generatedPackages, library), join(packages, library));
  writeFileSync(join(folder, name, 'package.json'), JSON.stringify({ name: 'shop', type: 'commonjs' }));
}

function edited(name: string, edit: (setup: string) => string): string {
  cpSync(join(folder, 'shop'), join(folder, name), { recursive: true, verbatimSymlinks: true });
  const setup = join(folder, name, 'test/wiretape/setup.js');
  writeFileSync(setup, edit(readFileSync(setup, 'utf8')));
  return name;
}

async function runVitest(
  project: string,
  args: readonly string[] = [],
): Promise<{ status: number | null; output: string }> {
  const { NODE_ENV: _, JEST_WORKER_ID: __, ...inherited } = withoutSettings(process.env);
  const child = spawn(process.execPath, [join(generatedPackages, 'vitest/vitest.mjs'), 'run', ...args], {
    cwd: join(folder, project),
    env: { ...inherited, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, output };
}
