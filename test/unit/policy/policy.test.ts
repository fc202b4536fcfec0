import fc from 'fast-check';
import { backoffSeconds } from '../../../src/domain/policy/backoff.js';
import { addHold, findHold, type Hold } from '../../../src/domain/policy/holds.js';
import { firstPollDelaySeconds, pollDelaySeconds } from '../../../src/domain/policy/poll-schedule.js';

const policy = { firstSeconds: 10, capSeconds: 3600 };

describe('backoff', () => {
  it('is never zero and never over the cap, for any number of failures', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (failures, fraction) => {
          const seconds = backoffSeconds(policy, failures, fraction);
          expect(seconds).toBeGreaterThanOrEqual(1);
          expect(seconds).toBeLessThanOrEqual(3600);
        },
      ),
    );
  });

  it('doubles its ceiling and spreads below it', () => {
    expect(backoffSeconds(policy, 1, 0.5)).toBe(5);
    expect(backoffSeconds(policy, 2, 0.5)).toBe(10);
    expect(backoffSeconds(policy, 3, 0.5)).toBe(20);
  });

  it('keeps to Retry-After within [1 s, 1 h]', () => {
    expect(backoffSeconds(policy, 1, 0, 120)).toBe(120);
    expect(backoffSeconds(policy, 1, 0, 10 ** 9)).toBe(3600);
    expect(backoffSeconds(policy, 1, 0, Number.NaN)).toBe(1);
  });
});

describe('the poll schedule', () => {
  it('jitters by 10 % either way', () => {
    expect(pollDelaySeconds(300, 10, 0)).toBe(270);
    expect(pollDelaySeconds(300, 10, 0.5)).toBe(300);
    expect(pollDelaySeconds(300, 10, 0.999)).toBeLessThan(330);
  });

  it('spreads the first poll over one interval, or the configured most', () => {
    expect(firstPollDelaySeconds(300, 600, 0.5)).toBe(150);
    expect(firstPollDelaySeconds(300, 10, 0.5)).toBe(5);
  });
});

describe('holds', () => {
  const hold: Hold = { targetName: 'a', sha256: 'b', correlationId: 'c', reason: 'rolled back' };

  it('are by name, content and correlation id', () => {
    expect(findHold([hold], hold)).toBe(hold);
    expect(findHold([hold], { ...hold, correlationId: 'd' })).toBeNull();
    expect(findHold([hold], { ...hold, sha256: 'd' })).toBeNull();
  });

  it('are kept once, the newest hundred', () => {
    const one = [hold];
    expect(addHold(one, { ...hold, reason: 'again' })).toBe(one);
    let many: readonly Hold[] = [];
    for (let index = 0; index < 150; index += 1) many = addHold(many, { ...hold, targetName: `t${index}` });
    expect(many).toHaveLength(100);
    expect(many[99]?.targetName).toBe('t149');
  });
});
