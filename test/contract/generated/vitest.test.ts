/**
 * Generated suites under the real Vitest, with nothing configured: green on the build that was recorded, red on one that
 * differs, in processes and in threads.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeGenerated } from '../../support/generated';
import { apps, stopAll } from '../../support/programs';
import { recordOrders } from '../../support/recorded-orders';
import { SuiteProjects, vitestRunner } from '../../support/suite-projects';
import { writeTape } from '../../support/tape-file';

jest.setTimeout(120_000); // every test starts a vitest of its own

const projects = new SuiteProjects(vitestRunner);
const { folder } = projects;
const next = join(apps, 'orders/server-next-broken.js');

afterAll(async () => {
  await stopAll();
  projects.remove();
});

describeGenerated('a suite for Vitest', ['vitest'], () => {
  beforeAll(async () => {
    const { exchanges, payments } = await recordOrders();
    writeTape(join(folder, 'shop.tape'), exchanges);
    projects.make('shop');
    const command = ['--', 'node', join(apps, 'orders/server.js')];
    const env = ['--env', 'PORT={port}', '--env', `PAYMENTS_URL={mock:${payments}}`];
    const { status, stderr } = await projects.generate('shop', 'shop.tape', [...env, ...command]);
    expect(stderr).toContain('Run them with  npx vitest run test/wiretape');
    expect(status).toBe(0);
  });

  it.each(['forks', 'threads'])('is green on the recorded build, in %s', async (pool) => {
    const { status, output } = await projects.run('shop', ['--pool', pool]);
    expect(output).toMatch(vitestRunner.counts({ passed: 10 }));
    expect(status).toBe(0);
  });

  it('is red on a build with a regression, and names the very field and the very test', async () => {
    const broken = projects.edited('shop', 'broken', (setup) => setup.replace(join(apps, 'orders/server.js'), next));
    const { status, output } = await projects.run(broken);
    expect(output).toMatch(/body\.vat\.amount +expected 415, got 414/);
    expect(output).toMatch(/❯ test\/wiretape\/endpoints\/orders\.js:\d+:\d+/);
    expect(output).toMatch(/\d+\| +recorded\(\{/);
    expect(output).toMatch(vitestRunner.counts({ failed: 4, passed: 6 }));
    expect(status).toBe(1);
  });

  it('plays what came before when only one test is asked for', async () => {
    const { status, output } = await projects.run('shop', ['-t', 'POST /orders/{orderId}/cancel']);
    expect(output).toMatch(vitestRunner.counts({ passed: 1, skipped: 9 }));
    expect(status).toBe(0);
  });

  it('keeps the variables of the runner from the build under test', async () => {
    const seen = projects.edited('shop', 'seen', (setup) =>
      setup.replace(join(apps, 'orders/server.js'), 'environment.js'),
    );
    writeFileSync(
      join(folder, seen, 'environment.js'),
      `require('fs').writeFileSync('seen.json', JSON.stringify(Object.keys(process.env))); require(${JSON.stringify(join(apps, 'orders/server.js'))});`,
    );
    const { status } = await projects.run(seen);
    const names = JSON.parse(readFileSync(join(folder, seen, 'seen.json'), 'utf8')) as string[];
    expect(names.filter((name) => name.startsWith('VITEST'))).toEqual([]);
    expect(names).toContain('PAYMENTS_URL');
    expect(status).toBe(0);
  });
});
