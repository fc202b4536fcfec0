import { chown, lstat, rm } from 'node:fs/promises';
import { createConnection, type Server } from 'node:net';
import { SotaError } from '../../domain/errors/sota-error.js';
import { errnoOf, fileError, isAbsence } from '../files/file-errors.js';

export interface SocketFile {
  readonly path: string;
  readonly mode: number;
  /** The group that owns it; null leaves the process's own. */
  readonly groupId: number | null;
}

/** Does anybody answer on the socket? */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const connection = createConnection(path);
    connection.once('connect', () => {
      connection.destroy();
      resolve(true);
    });
    connection.once('error', (error) => {
      if (errnoOf(error) === 'ECONNREFUSED' || isAbsence(error)) resolve(false);
      else if (errnoOf(error) === 'EAGAIN') resolve(true);
      else reject(fileError('connect to', path, error));
    });
  });
}

/** Removes what a killed daemon left, never what somebody answers on or what is no socket. */
async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch((error: unknown) => {
    if (isAbsence(error)) return null;
    throw fileError('look at', path, error);
  });
  if (found === null) return;
  if (!found.isSocket()) throw new SotaError('FILE_UNREADABLE', { message: `${path} is there and is no socket` });
  if (await isAnswered(path)) {
    throw new SotaError('STATE_LOCKED', { message: `another daemon answers on ${path}` });
  }
  await rm(path, { force: true });
}

/**
 * Lets a server listen on a socket file that has its mode from the first moment on: Node binds before it returns, so
 * the umask stands for just that call.
 * @throws SotaError STATE_LOCKED when another daemon answers there, FILE_UNREADABLE.
 */
export async function listenOn(server: Server, { path, mode, groupId }: SocketFile): Promise<void> {
  await removeStale(path);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      const umask = process.umask(0o777 & ~mode);
      try {
        server.listen(path, () => {
          server.off('error', reject);
          resolve();
        });
      } finally {
        process.umask(umask);
      }
    });
    if (groupId !== null) await chown(path, process.getuid?.() ?? 0, groupId);
  } catch (error) {
    throw fileError('listen on', path, error);
  }
}
