import { link, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { synchroniseFolder } from './durable-folder.js';
import { errnoOf } from './file-errors.js';
import { releaseTemporaryPath, reserveTemporaryPath } from './temporary-files.js';

/** Hard links are refused so on file systems that have none (FAT, as on a boot partition). */
const noHardLinks = new Set(['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK']);

/** Writes a new file, with exactly this mode whatever the umask, and flushes it to the disk. */
async function writeNewFile(path: string, bytes: Buffer | string, mode: number): Promise<void> {
  const handle = await open(path, 'wx', mode);
  try {
    await handle.chmod(mode);
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes a whole temporary file beside `path` and hands it on; whatever happens, no temporary file is left. */
async function withWholeTemporaryFile<Value>(
  path: string,
  bytes: Buffer | string,
  mode: number,
  place: (temporary: string) => Promise<Value>,
): Promise<Value> {
  const temporary = reserveTemporaryPath(path);
  try {
    await writeNewFile(temporary, bytes, mode);
    return await place(temporary);
  } finally {
    await rm(temporary, { force: true });
    releaseTemporaryPath(temporary);
  }
}

/** Replaces a file or makes it: a reader, and a power cut, see the old bytes or the new ones. */
export async function replaceDurably(path: string, bytes: Buffer | string, mode: number): Promise<void> {
  await withWholeTemporaryFile(path, bytes, mode, (temporary) => rename(temporary, path));
  await synchroniseFolder(dirname(path));
}

/** Makes a file only when the name is free. @returns false when it is not. */
export async function makeDurably(path: string, bytes: Buffer | string, mode: number): Promise<boolean> {
  try {
    await withWholeTemporaryFile(path, bytes, mode, (temporary) => link(temporary, path));
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'EEXIST') return false;
    if (errno === null || !noHardLinks.has(errno)) throw error;
    if (!(await makeWithoutLink(path, bytes, mode))) return false;
  }
  await synchroniseFolder(dirname(path));
  return true;
}

async function makeWithoutLink(path: string, bytes: Buffer | string, mode: number): Promise<boolean> {
  let made = false;
  try {
    const handle = await open(path, 'wx', mode);
    made = true;
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    if (made) await rm(path, { force: true });
    throw error;
  }
}
