import { readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { SotaError } from '../../domain/errors/sota-error.js';

/** Where configuration lies when nobody says otherwise (aktualizr.md 1.1). */
export const defaultConfigurationFolders: readonly string[] = ['/usr/lib/sota/conf.d', '/etc/sota/conf.d'];

/**
 * The files to read, in the order of processing (aktualizr.md 1.1): later files hide earlier ones of the same
 * basename, and what is left is processed in ascending order of the basename. In a folder only `.toml` counts.
 * @param named what `-c` named, files or folders; empty: the default folders, of which missing ones are skipped.
 * @throws SotaError CONFIGURATION_INVALID when something that was named does not exist.
 */
export function listConfigurationFiles(
  named: readonly string[],
  defaultFolders: readonly string[] = defaultConfigurationFolders,
): readonly string[] {
  const byBasename = new Map<string, string>();
  for (const path of named.length > 0 ? named : defaultFolders) {
    const kind = kindOf(path);
    if (kind === null) {
      if (named.length > 0) {
        throw new SotaError('CONFIGURATION_INVALID', {
          message: `Configuration file or folder ${path} does not exist.`,
        });
      }
      continue;
    }
    for (const file of kind === 'folder' ? tomlFiles(path) : [path]) {
      byBasename.set(basename(file), file);
    }
  }
  return [...byBasename]
    .sort(([left], [right]) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
    .map(([, file]) => file);
}

function tomlFiles(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.toml'))
      .map((name) => join(folder, name))
      .filter((path) => kindOf(path) !== 'folder');
  } catch (error) {
    throw new SotaError('FILE_UNREADABLE', {
      message: `Configuration folder ${folder} can not be read.`,
      cause: error,
    });
  }
}

/** null when there is nothing; a dangling link counts as a file, so that its absence is told later. */
function kindOf(path: string): 'file' | 'folder' | null {
  const status = statSync(path, { throwIfNoEntry: false });
  return status === undefined ? null : status.isDirectory() ? 'folder' : 'file';
}
