import { chmod, mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf, fileError } from './file-errors.js';

/** Makes what was created, renamed or removed in a folder survive a power cut. */
export async function synchroniseFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // Some file systems (FUSE, network) have no fsync for folders; there is nothing more that could be done.
    if (errnoOf(error) !== 'EINVAL' && errnoOf(error) !== 'ENOTSUP') throw error;
  } finally {
    await handle.close();
  }
}

/**
 * Makes a folder and its parents. Node's own recursive mkdir never ends, and its thread with it, where the parent is
 * there and the system still says ENOENT (below /proc).
 * @returns the topmost folder that was made; undefined when the folder was there.
 */
async function makeWithParents(folder: string, mode: number): Promise<string | undefined> {
  try {
    await mkdir(folder, { mode });
    return folder;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'EEXIST' && (await stat(folder)).isDirectory()) return undefined;
    if (errno !== 'ENOENT' || dirname(folder) === folder) throw error;
  }
  const firstMade = await makeWithParents(dirname(folder), mode);
  try {
    await mkdir(folder, { mode });
  } catch (error) {
    // Somebody else was faster.
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
  return firstMade ?? folder;
}

/** Makes a folder and its parents durably; parents get 0755, the last one exactly `mode`. */
export async function makeFolderDurably(folder: string, mode: number): Promise<void> {
  const firstMade = await makeWithParents(folder, 0o755);
  const { mode: present } = await stat(folder);
  if ((present & 0o7777) !== mode) await chmod(folder, mode);
  if (firstMade === undefined) return;
  const top = dirname(firstMade);
  for (let current = folder; ; current = dirname(current)) {
    await synchroniseFolder(current);
    if (current === top || current === dirname(current)) return;
  }
}

/**
 * Makes a folder that is missing, with exactly this mode; one that is there stays as it is, for it may be everybody's.
 * @throws SotaError DISK_FULL, FILE_UNREADABLE.
 */
export async function makeMissingFolder(folder: string, mode: number): Promise<void> {
  try {
    if ((await makeWithParents(folder, 0o755)) !== undefined) await chmod(folder, mode);
  } catch (error) {
    throw fileError('make the folder', folder, error);
  }
}
