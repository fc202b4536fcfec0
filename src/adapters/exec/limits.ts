import { performance } from 'node:perf_hooks';
import type { ProcessOutcome, ProcessRequest } from '../../ports/processes.js';
import { ProgressMeter } from './progress-meter.js';

const sampleMilliseconds = 1_000;
/** A longer one would fire at once. */
const longestTimerMilliseconds = 2 ** 31 - 1;

type Limit = Exclude<ProcessOutcome['endedBy'], 'itself'>;

interface LimitListeners {
  /** Called at most once, with the limit that was hit. */
  readonly exceeded: (limit: Limit) => void;
  readonly written: ((bytes: number) => void) | undefined;
}

/**
 * Watches the limits of a running child: time, progress, cancellation.
 * @returns stops watching; must be called, or timers and listeners stay.
 */
export function watchLimits(
  pid: number,
  request: ProcessRequest,
  procFolder: string,
  listeners: LimitListeners,
): () => void {
  const cleanups: (() => void)[] = [];
  const stop = (): void => {
    for (const cleanup of cleanups.splice(0)) cleanup();
  };
  const hit = (limit: Limit): void => {
    stop();
    listeners.exceeded(limit);
  };
  const { signal, timeoutSeconds, stallTimeoutSeconds } = request;
  if (timeoutSeconds !== undefined) {
    const timer = setTimeout(() => hit('timeout'), Math.min(timeoutSeconds * 1_000, longestTimerMilliseconds));
    cleanups.push(() => clearTimeout(timer));
  }
  if (stallTimeoutSeconds !== undefined || listeners.written !== undefined) {
    const limitMilliseconds = stallTimeoutSeconds === undefined ? Infinity : stallTimeoutSeconds * 1_000;
    const meter = new ProgressMeter(pid, procFolder);
    cleanups.push(watchProgress(meter, limitMilliseconds, listeners.written, () => hit('stall')));
  }
  if (signal !== undefined) {
    const onAbort = (): void => hit('abort');
    signal.addEventListener('abort', onAbort, { once: true });
    cleanups.push(() => signal.removeEventListener('abort', onAbort));
    // It may have come while the child was being started.
    if (signal.aborted) onAbort();
  }
  return stop;
}

function watchProgress(
  meter: ProgressMeter,
  limitMilliseconds: number,
  written: LimitListeners['written'],
  stalled: () => void,
): () => void {
  let lastMove = performance.now();
  const sample = (): void => {
    const { bytes, moved } = meter.sample();
    if (moved) lastMove = performance.now();
    written?.(bytes);
    if (performance.now() - lastMove >= limitMilliseconds) stalled();
  };
  const timer = setInterval(sample, Math.min(sampleMilliseconds, limitMilliseconds / 4));
  return () => clearInterval(timer);
}
