/** How long to wait after failures in a row. */
export interface BackoffPolicy {
  readonly firstSeconds: number;
  readonly capSeconds: number;
}

export const defaultBackoff: BackoffPolicy = { firstSeconds: 10, capSeconds: 3600 };

/** What a server may ask for at most and at least by `Retry-After`. */
const retryAfterSeconds = { least: 1, most: 3600 };

/**
 * Exponential with full jitter, capped, never zero (design rule 10).
 * @param failures in a row, at least 1
 * @param fraction chance in [0, 1)
 * @param retryAfter what the server asked for, seconds; clamped to [1 s, 1 h], and a lower bound
 * @returns seconds
 */
export function backoffSeconds(
  policy: BackoffPolicy,
  failures: number,
  fraction: number,
  retryAfter: number | null = null,
): number {
  const ceiling = Math.min(policy.capSeconds, policy.firstSeconds * 2 ** Math.min(failures - 1, 30));
  const jittered = Math.max(Math.min(1, policy.firstSeconds), ceiling * fraction);
  if (retryAfter === null || !Number.isFinite(retryAfter)) return jittered;
  const asked = Math.min(retryAfterSeconds.most, Math.max(retryAfterSeconds.least, retryAfter));
  return Math.max(jittered, asked);
}
