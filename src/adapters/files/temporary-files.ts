import { randomBytes } from 'node:crypto';
import { readdir, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errnoOf, fileError, isAbsence } from './file-errors.js';

/**
 * Names of files that are not whole yet: `.<name>.<pid>-<random>.tmp` beside the file they become.
 * A crash leaves one behind; it is swept by the next process that uses the folder. The process id tells whether its
 * writer still lives, so that one program never takes away what another one is writing.
 */
const pattern = /^\..+\.(\d+)-[0-9a-f]{12}\.tmp$/;

const inUse = new Set<string>();

/** A new temporary path beside `path`; it is in use until `release`. */
export function reserveTemporaryPath(path: string): string {
  const name = `.${basename(path).slice(0, 48)}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`;
  const temporary = join(dirname(path), name);
  inUse.add(temporary);
  return temporary;
}

/** The temporary file became the real one, or is gone. */
export function releaseTemporaryPath(temporary: string): void {
  inUse.delete(temporary);
}

/** Does the process that made this file still live? One that we may not signal does. */
function writerLives(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) !== 'ESRCH';
  }
}

/**
 * Removes what crashed writers left in a folder.
 * @throws SotaError FILE_UNREADABLE when a left file can't be removed.
 */
export async function sweepTemporaryFiles(folder: string): Promise<void> {
  const names = await readdir(folder);
  for (const name of names) {
    const match = pattern.exec(name);
    const path = join(folder, name);
    if (match === null || inUse.has(path) || writerLives(Number(match[1]))) continue;
    try {
      await unlink(path);
    } catch (error) {
      if (!isAbsence(error)) throw fileError('remove', path, error);
    }
  }
}
