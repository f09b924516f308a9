/** The suite of `npm run test:clients`: it needs what set-up installs into build/clients, and minutes. */
module.exports = {
  ...require('../../jest.config'),
  rootDir: '../..',
  testMatch: ['<rootDir>/test/clients/**/*.test.ts'],
  testPathIgnorePatterns: [],
};
