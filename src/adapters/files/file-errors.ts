import { types } from 'node:util';
import { SotaError } from '../../domain/errors/sota-error.js';

const outOfSpace = new Set(['ENOSPC', 'EDQUOT']);

/**
 * The errno name of a failed system call (`ENOENT`), or null.
 * Not by instanceof: under jest the errors of node:fs come from another realm.
 */
export function errnoOf(error: unknown): string | null {
  if (!types.isNativeError(error) || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}

/** Is it that the file (or a folder on the way to it) does not exist? */
export function isAbsence(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === 'ENOENT' || errno === 'ENOTDIR';
}

/**
 * What a failed system call on a path means.
 * @param doing what was tried, as in "cannot ... ": `read`, `write`.
 * @returns DISK_FULL for ENOSPC and EDQUOT, FILE_UNREADABLE otherwise; path and errno are in the message.
 */
export function fileError(doing: string, path: string, error: unknown): SotaError {
  const errno = errnoOf(error);
  const reason = errno ?? (types.isNativeError(error) ? error.message : 'unknown reason');
  const code = errno !== null && outOfSpace.has(errno) ? 'DISK_FULL' : 'FILE_UNREADABLE';
  return new SotaError(code, { message: `${path}: cannot ${doing}: ${reason}`, cause: error });
}
