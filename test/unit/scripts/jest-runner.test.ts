import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from '../../support/sources';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'wiretape-runner-')));
afterAll(() => rmSync(folder, { recursive: true }));

const place = (name: string) => JSON.stringify(join(folder, name));

/** A file of tests that writes down its process, and ends once another one has. */
function meeting(own: string, other: string): string {
  return `const { existsSync, writeFileSync } = require('node:fs');
    it('meets', async () => {
      writeFileSync(${place(own)}, String(process.pid));
      while (!existsSync(${place(other)})) await new Promise((done) => setImmediate(done));
    });`;
}

function project(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

it('runs what records in one process, one file after another, and what only reads and everything else beside it', () => {
  const settings = { runner: join(root, 'scripts/jest-runner.js'), maxWorkers: 2, transform: {} };
  project({
    'jest.config.json': JSON.stringify(settings),
    'test/e2e/first.test.js': meeting('first', 'beside'),
    'test/e2e/second.test.js': meeting('second', 'beside'),
    'test/unit/beside.test.js': meeting('beside', 'first'),
    'test/e2e/tls-java.test.js': meeting('java', 'beside'),
  });
  const jest = [join(root, 'node_modules/jest/bin/jest.js'), '--rootDir', folder, '--json'];
  const said = execFileSync(process.execPath, jest, { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
  const { numPassedTests, testResults } = JSON.parse(said) as {
    readonly numPassedTests: number;
    readonly testResults: readonly { name: string; startTime: number; endTime: number }[];
  };
  expect(numPassedTests).toBe(4);
  const [first, second, beside, java] = ['first', 'second', 'beside', 'java'].map((name) =>
    readFileSync(join(folder, name), 'utf8'),
  );
  expect([second, new Set([first, beside, java, String(process.pid)]).size]).toEqual([first, 4]);
  const recording = testResults
    .filter(({ name }) => /\/e2e\/(?:first|second)/.test(name))
    .sort((a, b) => a.startTime - b.startTime);
  expect(recording[1]?.startTime).toBeGreaterThanOrEqual(recording[0]?.endTime ?? Number.POSITIVE_INFINITY);
});
