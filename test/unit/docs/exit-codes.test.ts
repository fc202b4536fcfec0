import { errorCatalogue, type ErrorCode } from '../../../src/domain/errors/catalogue.js';
import { exitCodeMeanings, exitCodeOf, exitCodeOfFailure } from '../../../src/domain/errors/exit-codes.js';
import { SotaError } from '../../../src/domain/errors/sota-error.js';

test.each<[unknown, number]>([
  [new SotaError('METADATA_SIGNATURE', { message: 'x' }), 3],
  [new SotaError('CONFIGURATION_INVALID', { message: 'x' }), 4],
  [new SotaError('DEPLOY_FAILED', { message: 'x' }), 4],
  [new SotaError('NETWORK_TIMEOUT', { message: 'x' }), 5],
  [new SotaError('DAEMON_NOT_RUNNING', { message: 'x' }), 6],
  [new TypeError('x'), 1],
  ['a text', 1],
  [undefined, 1],
])('%s ends with %d', (error, expected) => {
  expect(exitCodeOfFailure(error)).toBe(expected);
});

test('every code has an exit code that is explained', () => {
  for (const [code, { kind }] of Object.entries(errorCatalogue)) {
    expect(exitCodeMeanings.has(exitCodeOf(code as ErrorCode, kind))).toBe(true);
  }
});
