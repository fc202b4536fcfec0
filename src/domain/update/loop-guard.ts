import type { Attempt, Outcome, UpdateRecord } from './record.js';

/**
 * Journal writes without progress that one attempt may make. A straight update needs 8; each start in the middle
 * adds one or two. A scheduled wait (a failure that is tried again with backoff) begins the count anew, since waits
 * are bounded by the deadline of the attempt.
 */
export const loopLimit = 40;

/**
 * Is a write of this record one too many? Never where the way out of a loop leads through (undoing, reporting), nor
 * for a version that already runs: going back from it is the boot loader's and the health gate's business.
 */
export function isLooping(record: UpdateRecord): boolean {
  return (
    record.state !== 'idle' &&
    record.state !== 'reporting' &&
    record.state !== 'undoing' &&
    record.state !== 'confirming' &&
    record.attempt.writesWithoutProgress > loopLimit
  );
}

/** How an attempt ends that goes round in circles. */
export function loopOutcome(attempt: Attempt, state: string): Outcome {
  return {
    result: 'failure',
    error: {
      code: 'LOOP_DETECTED',
      message: `${attempt.target.name}: ${attempt.writesWithoutProgress} journal writes without progress, last in ${state}`,
      causes: attempt.lastError === null ? [] : attempt.lastError.causes,
    },
  };
}
