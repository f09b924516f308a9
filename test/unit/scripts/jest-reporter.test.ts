import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SkippedAndCounts from '../../../scripts/jest-reporter';

const folder = mkdtempSync(join(tmpdir(), 'wiretape-reporter-'));
const countsFile = join(folder, 'counts.json');
const written: string[] = [];

beforeEach(() => {
  written.length = 0;
  process.env.WIRETAPE_COUNTS_FILE = countsFile;
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
});

afterEach(() => {
  jest.restoreAllMocks();
  delete process.env.WIRETAPE_COUNTS_FILE;
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the reporter of our test runs', () => {
  it('lists what was skipped by file and group, whose name holds the reason', () => {
    report({ skipped: ['records TLS [needs root and BPF: not root]', 'records TLS [needs root and BPF: not root]'] });
    expect(written.join('')).toBe(
      '\nSkipped:\n  test/e2e/tls.test.ts  records TLS [needs root and BPF: not root]  (2)\n',
    );
  });

  it('says nothing where nothing was skipped', () => {
    report({ skipped: [] });
    expect(written).toEqual([]);
  });

  it('counts a file that could not be loaded as a failure', () => {
    report({ skipped: [], numPassedTests: 5, numFailedTests: 1, numRuntimeErrorTestSuites: 2 });
    expect(JSON.parse(readFileSync(countsFile, 'utf8'))).toEqual({ passed: 5, failed: 3, skipped: 0 });
  });
});

function report({ skipped, ...counts }: { skipped: readonly string[] } & Record<string, unknown>): void {
  const none = {
    numPassedTests: 0,
    numFailedTests: 0,
    numPendingTests: 0,
    numTodoTests: 0,
    numRuntimeErrorTestSuites: 0,
  };
  const testResults = skipped.map((group, i) => ({ status: 'pending', ancestorTitles: [group], title: `test ${i}` }));
  const files = [{ testFilePath: '/checkout/test/e2e/tls.test.ts', testResults }];
  type Results = Parameters<SkippedAndCounts['onRunComplete']>[1];
  const results = { ...none, ...counts, testResults: files } as unknown as Results; // only what the reporter reads
  new SkippedAndCounts({ rootDir: '/checkout' }).onRunComplete(undefined, results);
}
