import type { Processes } from '../../ports/processes.js';

/** For development only: runs a program that must succeed. @returns its standard output. @throws Error with its text. */
export async function runProgram(processes: Processes, file: string, argumentList: readonly string[]): Promise<string> {
  const outcome = await processes.run({ file, arguments: argumentList, environment, timeoutSeconds: 300 });
  if (outcome.exitCode === 0) return outcome.standardOutput;
  const end = outcome.exitCode === null ? (outcome.signal ?? outcome.endedBy) : `exit code ${outcome.exitCode}`;
  throw new Error(`${file} ${argumentList.join(' ')}: ${end}: ${outcome.standardError.trim()}`);
}

/** No immutable bits on deployments that we throw away again; needed without real root (platform.md 3b). */
const environment = { OSTREE_SYSROOT_DEBUG: 'mutable-deployments' };
