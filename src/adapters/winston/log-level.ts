/** Levels by their syslog priority, which is also the journal's prefix (`<6>`). */
export const priorities = { critical: 2, error: 3, warning: 4, info: 6, debug: 7 } as const;

export type LogLevel = keyof typeof priorities;

/** aktualizr's loglevel: 0 trace, 1 debug, 2 info, 3 warning, 4 error, 5 fatal (aktualizr.md 1.2). */
const levels: readonly LogLevel[] = ['debug', 'debug', 'info', 'warning', 'error', 'critical'];

/** The level of `logger.loglevel`; a number out of range is clamped, as aktualizr does. */
export function logLevelOf(loglevel: number): LogLevel {
  const index = Math.min(Math.max(Math.trunc(loglevel), 0), levels.length - 1);
  return levels[index] ?? 'info';
}
