import { chown, stat } from 'node:fs/promises';
import { SotaError } from '../../domain/errors/sota-error.js';
import { makeFolderDurably } from '../files/durable-folder.js';
import { fileError, isAbsence } from '../files/file-errors.js';

/**
 * Makes the folder of the sockets (0750, for the group), or takes the one that is there: a folder that others can't
 * enter (systemd's RuntimeDirectory) is given to the group; one that everybody uses (`/run`) keeps mode and group.
 * @throws SotaError STORAGE_UNSAFE when others may write there, and so put a socket of theirs in our place;
 * FILE_UNREADABLE, DISK_FULL.
 */
export async function prepareSocketFolder(folder: string, groupId: number | null): Promise<void> {
  const userId = process.getuid?.() ?? 0;
  try {
    const found = await stat(folder).catch((error: unknown) => {
      if (isAbsence(error)) return null;
      throw error;
    });
    if (found === null) await makeFolderDurably(folder, 0o750);
    else if ((found.mode & 0o002) !== 0) {
      throw new SotaError('STORAGE_UNSAFE', {
        message: `${folder} can be written by everybody, so it can't hold the daemon's sockets`,
        hint: 'Choose a folder that only the user of sotad may write.',
      });
    }
    const isOurs = found === null || (found.uid === userId && (found.mode & 0o007) === 0);
    if (groupId !== null && isOurs) await chown(folder, userId, groupId);
  } catch (error) {
    throw error instanceof SotaError ? error : fileError('prepare', folder, error);
  }
}
