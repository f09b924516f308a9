/**
 * A jest reporter that says what was skipped and why, and hands the counts to the task that runs jest.
 * A test file that could not even be loaded counts as a failure: its tests are nowhere else in the counts.
 */

const fs = require('node:fs');
const path = require('node:path');

class SkippedAndCounts {
  /** @param {{ rootDir: string }} globalConfig */
  constructor(globalConfig) {
    this.rootDir = globalConfig.rootDir;
  }

  /** @param {unknown} _contexts @param {import('@jest/reporters').AggregatedResult} results */
  onRunComplete(_contexts, results) {
    const lines = skippedLines(results.testResults, this.rootDir);
    if (lines.length > 0) process.stdout.write(`\nSkipped:\n${lines.join('\n')}\n`);
    const countsFile = process.env.WIRETAPE_COUNTS_FILE;
    if (countsFile !== undefined) fs.writeFileSync(countsFile, JSON.stringify(countsOf(results)));
  }
}

/** @param {import('@jest/reporters').AggregatedResult} results */
function countsOf(results) {
  return {
    passed: results.numPassedTests,
    failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
    skipped: results.numPendingTests + results.numTodoTests,
  };
}

/** One line for each group of skipped tests: the reason is part of the group's name. @param {readonly import('@jest/reporters').TestResult[]} files @param {string} rootDir */
function skippedLines(files, rootDir) {
  /** @type {Map<string, number>} */
  const groups = new Map();
  for (const file of files) {
    for (const test of file.testResults) {
      if (test.status !== 'pending' && test.status !== 'todo') continue;
      const group = `${path.relative(rootDir, file.testFilePath)}  ${test.ancestorTitles[0] ?? test.title}`;
      groups.set(group, (groups.get(group) ?? 0) + 1);
    }
  }
  return [...groups].map(([group, count]) => `  ${group}  (${count})`);
}

module.exports = SkippedAndCounts;
