import type { Clock } from '../ports/clock.js';

/** Something that is under way and must show signs of life. */
export interface Activity {
  /** It moved. */
  sign(): void;
  end(): void;
}

/**
 * Knows whether everything under way still moves, each within its own limit: what the watchdog of the service manager
 * is fed by, never a bare timer.
 */
export class Vitality {
  private readonly clock: Clock;
  private readonly activities = new Map<symbol, { readonly limitMilliseconds: number; last: number }>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  begin(name: string, limitSeconds: number): Activity {
    const key = Symbol(name);
    const activity = { limitMilliseconds: limitSeconds * 1000, last: this.clock.monotonicMilliseconds() };
    this.activities.set(key, activity);
    return {
      sign: () => {
        activity.last = this.clock.monotonicMilliseconds();
      },
      end: () => {
        this.activities.delete(key);
      },
    };
  }

  /** The names of activities that stand still for longer than their limit. */
  stalled(): readonly string[] {
    const now = this.clock.monotonicMilliseconds();
    return [...this.activities]
      .filter(([, { last, limitMilliseconds }]) => now - last > limitMilliseconds)
      .map(([key]) => key.description ?? '');
  }
}
