/**
 * How jest runs files of tests that need more than one worker: what records with BPF one file after another, everything else
 * beside it. A recording waits for most of its time, so that the other core has nothing to do; two recordings at once would
 * take from each other what some of them measure. Those that measure nothing are a third lane, one after another as well.
 */

const { EmittingTestRunner, default: TestRunner } = require('jest-runner');

/** @typedef {import('jest-runner').Test} Test */
/** @typedef {'recording' | 'reading' | 'others'} Lane */

class Lanes extends EmittingTestRunner {
  /** @param {import('@jest/types').Config.GlobalConfig} globalConfig @param {import('jest-runner').TestRunnerContext} context */
  constructor(globalConfig, context) {
    super(globalConfig, context);
    const runner = (/** @type {number} */ maxWorkers) => new TestRunner({ ...globalConfig, maxWorkers }, context);
    /** @type {Readonly<Record<Lane, InstanceType<typeof TestRunner>>>} */
    this.lanes = { recording: runner(1), reading: runner(1), others: runner(Math.max(1, globalConfig.maxWorkers - 1)) };
  }

  /**
   * @param {Test[]} tests @param {import('jest-runner').TestWatcher} watcher
   * @param {import('jest-runner').TestRunnerOptions} options `serial` where jest was told to use no worker
   */
  async runTests(tests, watcher, options) {
    if (options.serial) return this.lanes.recording.runTests(tests, watcher, options);
    const lanes = /** @type {[Lane, InstanceType<typeof TestRunner>][]} */ (Object.entries(this.lanes));
    await Promise.all(
      lanes.map(([lane, runner]) =>
        // Each in the order in which jest has put them: what took longest comes first.
        runner.runTests(
          tests.filter(({ path }) => laneOf(path) === lane),
          watcher,
          options,
        ),
      ),
    );
  }

  /** @type {EmittingTestRunner['on']} */
  on(eventName, listener) {
    const stops = Object.values(this.lanes).map((runner) => runner.on(eventName, listener));
    return () => {
      for (const stop of stops) stop();
    };
  }
}

/** They record processes of their own, and compare what was read. */
const READING = /\/test\/e2e\/(?:tls-(?:java|go|rustls|libraries|s2n)|openssl-users|websocket)\.test\./;

/** @param {string} path @returns {Lane} */
function laneOf(path) {
  if (READING.test(path)) return 'reading';
  return path.includes('/test/e2e/') ? 'recording' : 'others';
}

module.exports = Lanes;
