import { constants } from 'node:fs';
import { open, readdir, statfs, unlink, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isSotaError, SotaError } from '../../domain/errors/sota-error.js';
import type { Files } from '../../ports/files.js';
import { makeDurably, replaceDurably } from './atomic-write.js';
import { makeFolderDurably, synchroniseFolder } from './durable-folder.js';
import { errnoOf, fileError, isAbsence } from './file-errors.js';
import { sweepTemporaryFiles } from './temporary-files.js';

/**
 * The disk (design rule 8). Every write is whole or not there, also after a power cut; every failure names its path.
 */
export class NodeFiles implements Files {
  readonly #swept = new Set<string>();

  async read(path: string, maximumBytes: number): Promise<Buffer | null> {
    try {
      // Not blocking: a pipe in the place of a file must not stop the daemon.
      const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
      try {
        return await readBounded(handle, path, maximumBytes);
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (isSotaError(error)) throw error;
      if (isAbsence(error)) return null;
      throw fileError('read', path, error);
    }
  }

  async writeAtomically(path: string, bytes: Buffer | string, mode: number): Promise<void> {
    await guarded('write', path, async () => {
      await this.#sweepOnce(dirname(path));
      await replaceDurably(path, bytes, mode);
    });
  }

  async createDurably(path: string, bytes: Buffer | string, mode: number): Promise<boolean> {
    return guarded('create', path, async () => {
      await this.#sweepOnce(dirname(path));
      return makeDurably(path, bytes, mode);
    });
  }

  async remove(path: string): Promise<void> {
    await guarded('remove', path, async () => {
      try {
        await unlink(path);
      } catch (error) {
        if (isAbsence(error)) return;
        throw error;
      }
      await synchroniseFolder(dirname(path));
    });
  }

  async makeFolder(path: string, mode: number): Promise<void> {
    await guarded('make the folder', path, async () => {
      await makeFolderDurably(path, mode);
      await this.#sweepOnce(path);
    });
  }

  async list(path: string): Promise<readonly string[]> {
    try {
      const names = await readdir(path);
      return names.sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return [];
      throw fileError('list', path, error);
    }
  }

  /** A path that does not exist yet counts as its nearest existing parent. */
  async freeBytes(path: string): Promise<number> {
    try {
      const { bavail, bsize } = await statfs(path);
      return bavail * bsize;
    } catch (error) {
      if (isAbsence(error) && dirname(path) !== path) return this.freeBytes(dirname(path));
      throw fileError('ask for free space', path, error);
    }
  }

  async #sweepOnce(folder: string): Promise<void> {
    if (this.#swept.has(folder)) return;
    await sweepTemporaryFiles(folder);
    this.#swept.add(folder);
  }
}

async function guarded<Value>(doing: string, path: string, action: () => Promise<Value>): Promise<Value> {
  try {
    return await action();
  } catch (error) {
    throw isSotaError(error) ? error : fileError(doing, path, error);
  }
}

/** Reads by counting, since the size of a file in /proc is 0 and another one may grow meanwhile. */
async function readBounded(handle: FileHandle, path: string, maximumBytes: number): Promise<Buffer> {
  const status = await handle.stat();
  if (!status.isFile()) {
    throw new SotaError('FILE_UNREADABLE', { message: `${path}: cannot read: not a regular file` });
  }
  const chunks: Buffer[] = [];
  let total = 0;
  for (;;) {
    const wanted = Math.min(Math.max(status.size - total, 4096) + 1, maximumBytes + 1 - total);
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(wanted), 0, wanted, null);
    if (bytesRead === 0) return Buffer.concat(chunks, total);
    chunks.push(buffer.subarray(0, bytesRead));
    total += bytesRead;
    if (total > maximumBytes) {
      throw new SotaError('FILE_UNREADABLE', { message: `${path}: larger than ${maximumBytes} bytes` });
    }
  }
}
