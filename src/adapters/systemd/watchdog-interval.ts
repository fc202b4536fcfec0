/**
 * Half of what the service manager allows between two signs of life (sd_watchdog_enabled(3)).
 * @returns seconds; null when it watches nothing, or another process.
 */
export function watchdogIntervalSeconds(
  environment: Readonly<Record<string, string | undefined>>,
  processId: number,
): number | null {
  const watched = environment['WATCHDOG_PID'];
  if (watched !== undefined && watched !== '' && watched !== String(processId)) return null;
  const microseconds = Number(environment['WATCHDOG_USEC'] ?? '');
  return Number.isSafeInteger(microseconds) && microseconds > 0 ? microseconds / 2_000_000 : null;
}
