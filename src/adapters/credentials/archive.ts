import { types } from 'node:util';
import { unzipSync, zipSync, type Zippable } from 'fflate';
import { isSotaError, SotaError } from '../../domain/errors/sota-error.js';

/** Of what is read. */
const entryLimitBytes = 1024 * 1024;
/** Of all that is copied when an archive is written anew. */
const archiveLimitBytes = 16 * 1024 * 1024;

/** Entries get a fixed time: zip knows none before 1980, and the clock of a device may well say 1970. */
const entryTime = new Date('1980-01-03T00:00:00Z');

/**
 * Reads entries of a zip archive by their exact names; nothing is ever unpacked to disk under a name of the archive.
 * @throws SotaError CREDENTIALS_INVALID: no zip archive, or an entry over 1 MiB.
 */
export function readEntries(archive: Buffer, names: readonly string[], source: string): ReadonlyMap<string, Buffer> {
  const entries = unzip(archive, source, (name, bytes) => {
    if (!names.includes(name)) return false;
    if (bytes > entryLimitBytes) {
      throw new SotaError('CREDENTIALS_INVALID', {
        message: `${source}: ${name} is larger than ${entryLimitBytes} bytes`,
      });
    }
    return true;
  });
  return new Map(Object.entries(entries).map(([name, bytes]) => [name, Buffer.from(bytes)]));
}

/**
 * The archive without these entries; null when it has none of them.
 * @throws SotaError CREDENTIALS_INVALID: no zip archive, or over 16 MiB of contents.
 */
export function withoutEntries(archive: Buffer, names: readonly string[], source: string): Buffer | null {
  const removed: string[] = [];
  let total = 0;
  const rest = unzip(archive, source, (name, bytes) => {
    if (names.includes(name)) {
      removed.push(name);
      return false;
    }
    total += bytes;
    if (total > archiveLimitBytes) {
      throw new SotaError('CREDENTIALS_INVALID', { message: `${source}: holds more than ${archiveLimitBytes} bytes` });
    }
    return true;
  });
  if (removed.length === 0) return null;
  const kept: Zippable = Object.fromEntries(Object.entries(rest).map(([name, bytes]) => [name, [bytes, {}]]));
  return Buffer.from(zipSync(kept, { mtime: entryTime }));
}

function unzip(
  archive: Buffer,
  source: string,
  wants: (name: string, bytes: number) => boolean,
): Readonly<Record<string, Uint8Array>> {
  try {
    return unzipSync(archive, { filter: ({ name, originalSize }) => wants(name, originalSize) });
  } catch (error) {
    if (isSotaError(error)) throw error;
    const reason = types.isNativeError(error) ? error.message : 'unknown reason';
    throw new SotaError('CREDENTIALS_INVALID', { message: `${source}: no zip archive (${reason})`, cause: error });
  }
}
