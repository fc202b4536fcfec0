import { join } from 'node:path';
import { SotaError } from '../../domain/errors/sota-error.js';

/** sun_path has 108 bytes with its end; Node 20 cuts a longer path silently and says that it listens. */
const maximumPathBytes = 107;

/** status.sock: for the group of the folder, reading. control.sock: for the daemon's user, acting. */
export interface SocketPaths {
  readonly status: string;
  readonly control: string;
}

/** The sockets in a runtime folder (`/run/sotad`). @throws SotaError CONFIGURATION_INVALID when a path is too long. */
export function socketPaths(folder: string): SocketPaths {
  const paths = { status: join(folder, 'status.sock'), control: join(folder, 'control.sock') };
  for (const path of Object.values(paths)) {
    const bytes = Buffer.byteLength(path);
    if (bytes > maximumPathBytes) {
      throw new SotaError('CONFIGURATION_INVALID', {
        message: `${path} has ${bytes} bytes; a socket's path may have ${maximumPathBytes}`,
        hint: 'Choose a shorter runtime folder.',
      });
    }
  }
  return paths;
}
