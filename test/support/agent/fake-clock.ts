import type { Clock } from '../../../src/ports/clock.js';

interface Sleeper {
  readonly wakesAt: number;
  readonly wake: () => void;
}

/** A fake: virtual time that stands still until the test moves it. */
export class FakeClock implements Clock {
  private passed = 0;
  private sleepers: Sleeper[] = [];
  /** The length of every sleep that was asked for and wasn't over at once, milliseconds. */
  readonly sleeps: number[] = [];

  /** @param wallStart what the system clock says at the start, milliseconds since the epoch. */
  constructor(public wallStart = Date.UTC(2027, 0, 1)) {}

  wallMilliseconds(): number {
    return this.wallStart + this.passed;
  }

  monotonicMilliseconds(): number {
    return this.passed;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true || milliseconds <= 0) return Promise.resolve();
    this.sleeps.push(milliseconds);
    return new Promise((resolve) => {
      const sleeper: Sleeper = {
        wakesAt: this.passed + milliseconds,
        wake: () => {
          this.sleepers = this.sleepers.filter((other) => other !== sleeper);
          signal?.removeEventListener('abort', sleeper.wake);
          resolve();
        },
      };
      this.sleepers.push(sleeper);
      signal?.addEventListener('abort', sleeper.wake, { once: true });
    });
  }

  /** Lets time pass, waking sleepers in their order; what they start goes on in between. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.passed + milliseconds;
    await settle();
    for (;;) {
      const [next] = this.sleepers.filter(({ wakesAt }) => wakesAt <= end).sort((a, b) => a.wakesAt - b.wakesAt);
      if (next === undefined) break;
      this.passed = Math.max(this.passed, next.wakesAt);
      next.wake();
      await settle();
    }
    this.passed = end;
    await settle();
  }
}

/** Lets everything that needs no time come to rest. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
