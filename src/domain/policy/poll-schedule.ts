/**
 * When to poll next: the interval with 10 % jitter either way, so that a fleet that was switched on together drifts
 * apart (field.md C12).
 * @param fraction chance in [0, 1)
 * @returns seconds
 */
export function pollDelaySeconds(intervalSeconds: number, fraction: number): number {
  return intervalSeconds * (0.9 + 0.2 * fraction);
}

/**
 * The first poll after a start comes at random within one interval, at most `mostSeconds`, so that a power cut of a
 * whole site is no rush on the server.
 */
export function firstPollDelaySeconds(intervalSeconds: number, mostSeconds: number, fraction: number): number {
  return Math.min(intervalSeconds, mostSeconds) * fraction;
}
