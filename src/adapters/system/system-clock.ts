import { performance } from 'node:perf_hooks';
import type { Clock } from '../../ports/clock.js';

/** Node fires a longer timer at once. */
const longestTimerMilliseconds = 2 ** 31 - 1;

/** The clocks of the operating system. */
export class SystemClock implements Clock {
  wallMilliseconds(): number {
    return Date.now();
  }

  monotonicMilliseconds(): number {
    return performance.now();
  }

  async sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    const end = performance.now() + milliseconds;
    for (let rest = milliseconds; rest > 0 && signal?.aborted !== true; rest = end - performance.now()) {
      await timer(Math.min(rest, longestTimerMilliseconds), signal);
    }
  }
}

function timer(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(handle);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const handle = setTimeout(done, Math.ceil(milliseconds));
    signal?.addEventListener('abort', done, { once: true });
  });
}
