/** Time. Monotonic time is for scheduling, wall time only for expiry and for people (design rule 9). */
export interface Clock {
  /** Milliseconds since the epoch by the system clock, which may be wrong. */
  wallMilliseconds(): number;
  /** Milliseconds that only grow, from an arbitrary start. */
  monotonicMilliseconds(): number;
  /** Resolves after the time, or at once when aborted (never rejects). */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}
