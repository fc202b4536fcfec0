'use strict';

/** Types are checked by `npm run types`; here each file is only transpiled, which keeps a test run short. */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  // Sources import each other by the name that they have when compiled; packages keep theirs.
  moduleNameMapper: { '^(\\.{1,2}/(?!.*generated).*)\\.js$': ['$1.ts', '$1.js'] },
  transform: {
    '^.+\\.ts$': ['ts-jest', { tsconfig: '<rootDir>/tsconfig.json', diagnostics: false }],
  },
  maxWorkers: 2,
  testTimeout: 60_000,
  verbose: false,
};
