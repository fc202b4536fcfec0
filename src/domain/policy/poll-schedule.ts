/**
 * When to poll next: the interval with some jitter either way, so that a fleet that was switched on together drifts
 * apart.
 * @param jitterPercent at most so much longer or shorter
 * @param fraction chance in [0, 1)
 * @returns seconds
 */
export function pollDelaySeconds(intervalSeconds: number, jitterPercent: number, fraction: number): number {
  return intervalSeconds * (1 + (jitterPercent / 100) * (2 * fraction - 1));
}

/**
 * The first poll after a start comes at random within one interval, at most `mostSeconds`, so that a power cut of a
 * whole site is no rush on the server.
 */
export function firstPollDelaySeconds(intervalSeconds: number, mostSeconds: number, fraction: number): number {
  return Math.min(intervalSeconds, mostSeconds) * fraction;
}
