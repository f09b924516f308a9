/**
 * How jest runs files of tests that need more than one worker: what records with BPF one file after another, everything else
 * beside it. A recording waits for most of its time, so that the other core has nothing to do; two recordings at once would
 * take from each other what some of them measure.
 */

const { EmittingTestRunner, default: TestRunner } = require('jest-runner');

/** @typedef {import('jest-runner').Test} Test */

class TwoLanes extends EmittingTestRunner {
  /** @param {import('@jest/types').Config.GlobalConfig} globalConfig @param {import('jest-runner').TestRunnerContext} context */
  constructor(globalConfig, context) {
    super(globalConfig, context);
    const others = Math.max(1, globalConfig.maxWorkers - 1);
    this.recording = new TestRunner({ ...globalConfig, maxWorkers: 1 }, context);
    this.others = new TestRunner({ ...globalConfig, maxWorkers: others }, context);
  }

  /**
   * @param {Test[]} tests @param {import('jest-runner').TestWatcher} watcher
   * @param {import('jest-runner').TestRunnerOptions} options `serial` where jest was told to use no worker
   */
  async runTests(tests, watcher, options) {
    if (options.serial) return this.recording.runTests(tests, watcher, options);
    const { recording, others } = lanesOf(tests);
    await Promise.all([
      this.recording.runTests(recording, watcher, options),
      this.others.runTests(others, watcher, options),
    ]);
  }

  /** @type {EmittingTestRunner['on']} */
  on(eventName, listener) {
    const stops = [this.recording.on(eventName, listener), this.others.on(eventName, listener)];
    return () => {
      for (const stop of stops) stop();
    };
  }
}

/** It records processes of its own by their ids, measures nothing, and takes as long as five others: the lanes end at one time so. */
const BESIDE = '/test/e2e/tls-java.test.';

/** Each in the order in which jest has put them: what took longest comes first. @param {readonly Test[]} tests */
function lanesOf(tests) {
  const isRecording = (/** @type {Test} */ { path }) => path.includes('/test/e2e/') && !path.includes(BESIDE);
  return { recording: tests.filter(isRecording), others: tests.filter((test) => !isRecording(test)) };
}

module.exports = TwoLanes;
