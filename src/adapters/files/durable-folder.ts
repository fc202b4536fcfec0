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

/** Makes a folder and its parents durably; parents get 0755, the last one exactly `mode`. */
export async function makeFolderDurably(folder: string, mode: number): Promise<void> {
  const firstMade = await mkdir(folder, { recursive: true, mode: 0o755 });
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
    if ((await mkdir(folder, { recursive: true, mode: 0o755 })) !== undefined) await chmod(folder, mode);
  } catch (error) {
    throw fileError('make the folder', folder, error);
  }
}
