'use strict';

/** What takes longer than a test run may: by hand, through .ci/long. */
module.exports = {
  ...require('./jest.config.js'),
  testMatch: ['**/*.long.ts'],
  testTimeout: 3_600_000,
  verbose: true,
};
