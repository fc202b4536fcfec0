import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { types } from 'node:util';
import { SotaError } from '../../domain/errors/sota-error.js';
import type { ProcessRequest } from '../../ports/processes.js';
import { childEnvironment } from './environment.js';

const notFound = new Set(['ENOENT', 'EACCES', 'ENOTDIR', 'ENOEXEC']);

/** A child that runs, its output in pipes. */
export interface StartedChild extends ChildProcess {
  readonly pid: number;
  stdout: Readable;
  stderr: Readable;
}

/**
 * Starts the program of a request as the leader of a session and group of its own, without a shell.
 * @throws SotaError PROCESS_NOT_FOUND (no such program or folder), PROCESS_FAILED (the system refused to start it).
 */
export async function startChild(request: ProcessRequest, owner: string | null): Promise<StartedChild> {
  try {
    const child = spawn(request.file, request.arguments, {
      cwd: request.workingFolder,
      env: childEnvironment(request.environment, owner),
      detached: true,
      shell: false,
      windowsHide: true,
      stdio: [request.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    // From here on an 'error' event only says that a signal could not be sent; without a listener it would be thrown.
    child.on('error', () => undefined);
    return child as StartedChild;
  } catch (error) {
    const errno = types.isNativeError(error) && 'code' in error ? String(error.code) : 'unknown reason';
    const where = request.workingFolder === undefined ? '' : ` in ${request.workingFolder}`;
    throw new SotaError(notFound.has(errno) ? 'PROCESS_NOT_FOUND' : 'PROCESS_FAILED', {
      message: `${request.file}${where} can not be started: ${errno}`,
      cause: error,
    });
  }
}
