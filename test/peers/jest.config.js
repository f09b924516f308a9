/** The suite of `npm run test:peers`: it needs what set-up installs into build/peers, and minutes. */
module.exports = {
  ...require('../../jest.config'),
  rootDir: '../..',
  testMatch: ['<rootDir>/test/peers/**/*.test.ts'],
  testPathIgnorePatterns: [],
};
