/**
 * Unit, protocol, contract, golden and architecture tests run anywhere; test/e2e needs root and BPF and says so when it has
 * neither. test/clients has a command and a configuration of its own.
 */
module.exports = {
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/clients/'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, module: { type: 'commonjs' } },
    ],
  },
  testEnvironment: 'node',
  // For machines that have other work: a test that hangs is seen all the same.
  testTimeout: 60_000,
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/build/', '<rootDir>/.toolchain/'],
};
