/** The log of an update from before its reboot: in memory it would not be there when the report is made. */
import type { StateStore } from '../ports/journal.js';
import type { RecentLog } from '../ports/logger.js';

/** How much of an update's log goes into its report. */
export const reportedLogBytes = 8 * 1024;

const valueName = 'logBeforeReboot';
const separator = '\n';

interface Parts {
  readonly state: StateStore;
  readonly recentLog: RecentLog;
}

/** Keeps the newest lines of the update; to be called in the transaction of the step before the reboot. */
export function keepLog({ state, recentLog }: Parts, correlationId: string | null): void {
  if (correlationId === null) return;
  state.values.set(valueName, `${correlationId}${separator}${recentLog.tail(correlationId, reportedLogBytes)}`);
}

/** The newest lines of the update, those from before the reboot first; at most `reportedLogBytes`. */
export function wholeLog({ state, recentLog }: Parts, correlationId: string): string {
  const now = recentLog.tail(correlationId, reportedLogBytes);
  const kept = state.values.get(valueName) ?? '';
  const prefix = `${correlationId}${separator}`;
  if (!kept.startsWith(prefix)) return now;
  const lines = [...kept.slice(prefix.length).split(separator), ...now.split(separator)].filter((line) => line !== '');
  // A restart without a reboot may find the same lines in both.
  const whole = [...new Set(lines)];
  let bytes = 0;
  const newest = whole
    .reverse()
    .filter((line) => (bytes += new TextEncoder().encode(line).length + 1) <= reportedLogBytes);
  return newest.reverse().join(separator);
}

/** The report has it now. */
export function forgetLog({ state }: Pick<Parts, 'state'>): void {
  if ((state.values.get(valueName) ?? '') !== '') state.values.set(valueName, '');
}
