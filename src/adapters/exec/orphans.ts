import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { types } from 'node:util';
import { ownerVariable } from './environment.js';
import { readProcessTable, readVanishing, type ProcessEntry } from './process-table.js';

const pollMilliseconds = 20;
/** A process in the middle of a disk access ends when that does. */
const patienceMilliseconds = 10_000;

/**
 * Ends by SIGKILL what a former process with this owner left running when it was killed: an `ostree` that would work
 * on beside ours, a child that still holds a lock. To be called where it is certain that the former one is gone.
 * Spared are this process and its ancestors (a reboot command may have started it).
 * @param owner as given to NodeProcesses.
 * @returns how many were found, and how many of these are still there after ten seconds.
 */
export async function endOrphans(
  owner: string,
  procFolder = '/proc',
): Promise<{ readonly found: number; readonly left: number }> {
  const found = new Set<string>();
  for (let waited = 0; ; waited += pollMilliseconds) {
    const orphans = orphansOf(owner, procFolder);
    if (orphans.length === 0 || waited >= patienceMilliseconds) return { found: found.size, left: orphans.length };
    for (const { pid, startTime } of orphans) {
      found.add(`${pid} ${startTime}`);
      kill(pid);
    }
    await delay(pollMilliseconds);
  }
}

function orphansOf(owner: string, procFolder: string): readonly ProcessEntry[] {
  const table = readProcessTable(procFolder);
  const own = ancestry(process.pid, table);
  const mark = `${ownerVariable}=${owner}`;
  return table.filter(
    ({ pid }) =>
      !own.has(pid) &&
      (readVanishing(join(procFolder, String(pid), 'environ'), 'utf8') ?? '').split('\0').includes(mark),
  );
}

function ancestry(pid: number, table: readonly ProcessEntry[]): ReadonlySet<number> {
  const parents = new Map(table.map((entry) => [entry.pid, entry.parent]));
  const own = new Set<number>();
  for (let next: number | undefined = pid; next !== undefined && !own.has(next); next = parents.get(next)) {
    own.add(next);
  }
  return own;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It ended by itself, or belongs to somebody else by now.
    if (!types.isNativeError(error) || !('code' in error) || (error.code !== 'ESRCH' && error.code !== 'EPERM')) {
      throw error;
    }
  }
}
