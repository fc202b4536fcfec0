import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { familyOf, readProcessTable } from '../../../src/adapters/exec/process-table.js';

const procFolder = '/proc';
/** How long a child runs between two looks at it. */
const sliceMilliseconds = 1;

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

function wordsOf(pid: number): readonly string[] {
  try {
    return readFileSync(join(procFolder, String(pid), 'cmdline'), 'utf8').split('\0');
  } catch {
    // It ended in the meantime.
    return [];
  }
}

/** All processes that descend from one, itself included. */
export function descendants(pid: number): readonly number[] {
  return familyOf(pid, readProcessTable(procFolder)).map((entry) => entry.pid);
}

/** @returns false when it is gone. */
export function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

export function isAlive(pid: number): boolean {
  return readProcessTable(procFolder).some((entry) => entry.pid === pid);
}

/**
 * Waits until `ostree VERB …` runs below a process, then lets it run in small slices until the condition holds.
 * @param verb the first words of its arguments.
 * @returns its pid, stopped by SIGSTOP; null when it ended before.
 */
export async function stopChildWhen(
  parent: number,
  verb: readonly string[],
  holds: () => Promise<boolean>,
  seconds: number,
): Promise<number | null> {
  const end = process.hrtime.bigint() + BigInt(seconds * 1e9);
  const isMeant = (pid: number): boolean => {
    const [program = '', ...words] = wordsOf(pid);
    return program.endsWith('ostree') && verb.every((word, index) => words[index] === word);
  };
  let child: number | undefined;
  while (child === undefined) {
    if (process.hrtime.bigint() > end) throw new Error(`no ostree ${verb.join(' ')} in ${seconds} s`);
    await pause(0);
    child = descendants(parent).find(isMeant);
  }
  signal(child, 'SIGSTOP');
  while (!(await holds())) {
    if (process.hrtime.bigint() > end) throw new Error(`ostree ${verb.join(' ')}: not stopped in ${seconds} s`);
    signal(child, 'SIGCONT');
    await pause(sliceMilliseconds);
    if (!isAlive(child)) return null;
    signal(child, 'SIGSTOP');
  }
  return isAlive(child) ? child : null;
}
