import { SystemClock } from '../../../src/adapters/system/system-clock.js';
import { SystemRandom } from '../../../src/adapters/system/system-random.js';

describe('SystemClock', () => {
  const clock = new SystemClock();

  it('sleeps at least the time', async () => {
    const before = clock.monotonicMilliseconds();
    await clock.sleep(60);
    expect(clock.monotonicMilliseconds() - before).toBeGreaterThanOrEqual(60);
  });

  it('wakes at once when aborted, before or while it sleeps, and leaves no listener', async () => {
    const controller = new AbortController();
    const removed = jest.spyOn(controller.signal, 'removeEventListener');
    const before = clock.monotonicMilliseconds();
    setTimeout(() => controller.abort(), 20);
    await clock.sleep(2 ** 40, controller.signal);
    await clock.sleep(10_000, controller.signal);
    expect(clock.monotonicMilliseconds() - before).toBeLessThan(2_000);
    expect(removed).toHaveBeenCalledTimes(1);
  });

  it('does not sleep for no time or less', async () => {
    await clock.sleep(0);
    await clock.sleep(-5);
  });

  it('tells both times', () => {
    expect(Math.abs(clock.wallMilliseconds() - Date.now())).toBeLessThan(1_000);
    expect(clock.monotonicMilliseconds()).toBeLessThan(clock.monotonicMilliseconds() + 1);
  });
});

describe('SystemRandom', () => {
  it('gives fractions spread over [0, 1) and UUIDs of version 4', () => {
    const random = new SystemRandom();
    const fractions = Array.from({ length: 1_000 }, () => random.fraction());
    expect(Math.min(...fractions)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...fractions)).toBeLessThan(1);
    expect(new Set(fractions.map((fraction) => Math.floor(fraction * 10))).size).toBe(10);
    expect(random.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(random.uuid()).not.toBe(random.uuid());
  });
});
