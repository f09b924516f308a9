/** What differs between the test runners a suite is written for: how a file gets at what it uses, and how the runner is called. */

/** How long a test may take, as a number of milliseconds in source code, and why. */
export interface TimeLimit {
  readonly ms: string;
  readonly because: string;
}

export interface Runner {
  /** As people write it. */
  readonly title: string;
  /** Of the package.json beside the suite: what its `.js` files are, in any project. */
  readonly moduleType: 'commonjs' | 'module';
  /** What a person types to run it. */
  readonly command: string;
  /** The top of a file of tests, which takes `recorded` from ../setup.js. */
  readonly endpointImports: string;
  /** The entry, below its comment: takes `names` from ./setup.js, and then each file of tests. */
  entry(names: readonly string[], slugs: readonly string[], limit: TimeLimit): string;
  /** The line of setup.js that takes `suite` from wiretape. */
  readonly setupImports: string;
  /** What setup.js does with the suite: `module.exports =`. */
  readonly setupExport: string;
  /** The folder of setup.js, as its code says it. */
  readonly folder: string;
}
