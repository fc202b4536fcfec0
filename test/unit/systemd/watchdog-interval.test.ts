import { watchdogIntervalSeconds } from '../../../src/adapters/systemd/watchdog-interval.js';

test.each([
  [{}, null],
  [{ WATCHDOG_USEC: '' }, null],
  [{ WATCHDOG_USEC: '0' }, null],
  [{ WATCHDOG_USEC: '-5' }, null],
  [{ WATCHDOG_USEC: 'often' }, null],
  [{ WATCHDOG_USEC: '60000000' }, 30],
  [{ WATCHDOG_USEC: '500000', WATCHDOG_PID: '42' }, 0.25],
  [{ WATCHDOG_USEC: '500000', WATCHDOG_PID: '' }, 0.25],
  [{ WATCHDOG_USEC: '500000', WATCHDOG_PID: '43' }, null],
] as const)('%j gives %p', (environment: Record<string, string>, seconds) => {
  expect(watchdogIntervalSeconds(environment, 42)).toBe(seconds);
});
