/**
 * Unit, protocol, contract, golden and architecture tests run anywhere; test/e2e needs root and BPF and says so when it has
 * neither. test/clients and test/peers have commands and configurations of their own.
 */
module.exports = {
  // Each look at a global costs 100 ns in the context of a test: these are asked for in loops over bytes, and nobody compares what they make by its realm.
  sandboxInjectedGlobals: ['Math', 'Number', 'String'],
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/clients/', '<rootDir>/test/peers/'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, module: { type: 'commonjs' } },
    ],
  },
  testEnvironment: 'node',
  runner: '<rootDir>/scripts/jest-runner.js',
  // By itself jest takes one less than there are cores, which is one where there are two.
  maxWorkers: '100%',
  // For machines that have other work, where what takes seconds alone can take a minute: a test that hangs is seen all the same.
  testTimeout: 240_000,
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/build/', '<rootDir>/.toolchain/'],
};
