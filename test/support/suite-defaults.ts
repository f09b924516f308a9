/** What `wiretape replay` runs with when nothing is asked of it, for tests that run suites; without a redactor. */
import type { SuiteOptions } from '../../replayer/run';

export const suiteDefaults: Omit<SuiteOptions, 'target'> = {
  timeoutMs: 20_000,
  hostHeader: null,
  httpVersion: null,
  insecure: false,
  ca: null,
  noise: [],
  setHeaders: [],
  secrets: new Map(),
  redactor: null,
  keyed: false,
  concurrency: 1,
  speed: 'max',
};
