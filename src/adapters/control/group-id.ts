import type { Processes } from '../../ports/processes.js';

/**
 * The number of a group, from whatever the system keeps its groups in (getent(1)).
 * @returns null when there is no such group or no getent.
 */
export async function findGroupId(processes: Processes, name: string): Promise<number | null> {
  try {
    const outcome = await processes.run({ file: 'getent', arguments: ['group', name], timeoutSeconds: 10 });
    const id = /^[^:]*:[^:]*:(\d+):/.exec(outcome.standardOutput)?.[1];
    return outcome.exitCode === 0 && id !== undefined ? Number(id) : null;
  } catch {
    // Without getent there is no group: only the daemon's own user reads the status.
    return null;
  }
}
