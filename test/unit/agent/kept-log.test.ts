import { forgetLog, keepLog, reportedLogBytes, wholeLog } from '../../../src/agent/kept-log.js';
import { MemoryStateStore } from '../../support/agent/memory-state-store.js';

const log = (...lines: readonly string[]) => ({ tail: () => lines.join('\n') });

test('a report holds the lines from before the reboot and those from after it, each once', () => {
  const state = new MemoryStateStore();
  keepLog({ state, recentLog: log('pulled', 'deployed') }, 'urn:1');
  expect(wholeLog({ state, recentLog: log('deployed', 'confirmed') }, 'urn:1')).toBe('pulled\ndeployed\nconfirmed');
});

test('the lines of another update are not among them', () => {
  const state = new MemoryStateStore();
  keepLog({ state, recentLog: log('of the first') }, 'urn:1');
  expect(wholeLog({ state, recentLog: log('of the second') }, 'urn:2')).toBe('of the second');
});

test('nothing is kept without a correlation id, nor after the report', () => {
  const state = new MemoryStateStore();
  keepLog({ state, recentLog: log('nameless') }, null);
  keepLog({ state, recentLog: log('told') }, 'urn:1');
  forgetLog({ state });
  expect(wholeLog({ state, recentLog: log('new') }, 'urn:1')).toBe('new');
});

test('of too many lines the newest stay', () => {
  const state = new MemoryStateStore();
  const line = (index: number): string => `${index} ${'x'.repeat(500)}`;
  keepLog({ state, recentLog: log(...Array.from({ length: 16 }, (_, index) => line(index))) }, 'urn:1');
  const whole = wholeLog({ state, recentLog: log(line(16), line(17)) }, 'urn:1');
  expect(Buffer.byteLength(whole)).toBeLessThanOrEqual(reportedLogBytes);
  expect(whole.endsWith(line(17))).toBe(true);
  expect(whole.startsWith(line(0))).toBe(false);
});
