import { chmod, stat } from 'node:fs/promises';
import { SotaError, isSotaError } from '../../domain/errors/sota-error.js';
import { makeFolderDurably } from '../files/durable-folder.js';
import { fileError, isAbsence } from '../files/file-errors.js';

/**
 * Makes the storage folder (0700) or checks that it is safe, as aktualizr does (aktualizr.md 8.2): what others may
 * read is silently closed, what others may write or own ends here, since it may hold their files already.
 * @param userId for tests; by default the user of this process.
 * @throws SotaError STORAGE_UNSAFE, FILE_UNREADABLE, DISK_FULL.
 */
export async function secureStorageFolder(path: string, userId = process.getuid?.() ?? 0): Promise<void> {
  const unsafe = (reason: string): SotaError => new SotaError('STORAGE_UNSAFE', { message: `${path} ${reason}` });
  try {
    const found = await stat(path).catch((error: unknown) => {
      if (isAbsence(error)) return null;
      throw error;
    });
    if (found === null) {
      await makeFolderDurably(path, 0o700);
      return;
    }
    if (!found.isDirectory()) throw unsafe('is not a folder');
    if (found.uid !== userId) throw unsafe(`is owned by user ${found.uid}, not by ${userId}`);
    if ((found.mode & 0o022) !== 0) {
      throw unsafe(`can be written by group or others (mode ${(found.mode & 0o777).toString(8)})`);
    }
    if ((found.mode & 0o077) !== 0) await chmod(path, 0o700);
  } catch (error) {
    throw isSotaError(error) ? error : fileError('check', path, error);
  }
}
