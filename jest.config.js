'use strict';

/** Types are checked by `npm run types`; here each file is only transpiled, which keeps a test run short. */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: {
    '^.+\\.ts$': ['ts-jest', { tsconfig: '<rootDir>/tsconfig.json', diagnostics: false, isolatedModules: true }],
  },
  maxWorkers: 2,
  testTimeout: 60_000,
  verbose: false,
};
