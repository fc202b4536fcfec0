import { setTimeout as delay } from 'node:timers/promises';
import { types } from 'node:util';
import { familyOf, readProcessTable, type ProcessEntry } from './process-table.js';

const graceMilliseconds = 2_000;
const pollMilliseconds = 50;

/**
 * Ends a child with everything it started: SIGTERM, and SIGKILL two seconds later for what is still there.
 * Who left the group for a session of its own is found while its parent lives, and kept in view from then on.
 * Resolves when none of them runs.
 */
export async function endFamily(pid: number, procFolder: string): Promise<void> {
  const known = new Map<string, ProcessEntry>();
  const alive = (): ProcessEntry[] => {
    const table = readProcessTable(procFolder);
    for (const entry of familyOf(pid, table)) known.set(identityOf(entry), entry);
    return table.filter((entry) => known.has(identityOf(entry)));
  };
  let members = alive();
  for (const member of members) sendSignal(member.pid, 'SIGTERM');
  for (let waited = 0; members.length > 0 && waited < graceMilliseconds; waited += pollMilliseconds) {
    await delay(pollMilliseconds);
    members = alive();
  }
  // A process that forks while it is killed leaves a child for the next round.
  for (let round = 0; members.length > 0 && round < 100; round += 1) {
    for (const member of members) sendSignal(member.pid, 'SIGKILL');
    await delay(pollMilliseconds);
    members = alive();
  }
}

/** What the child left running in its group ends with it: a command is over when it returns. */
export async function endLeftovers(pid: number, procFolder: string): Promise<void> {
  if (sendSignal(-pid, 0)) await endFamily(pid, procFolder);
}

function identityOf(entry: ProcessEntry): string {
  return `${entry.pid} ${entry.startTime}`;
}

/** @returns false when there is no such process (any more). */
function sendSignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if (types.isNativeError(error) && 'code' in error && (error.code === 'ESRCH' || error.code === 'EPERM')) {
      return error.code === 'EPERM';
    }
    throw error;
  }
}
