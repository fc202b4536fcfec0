// For development only: never part of what runs on a device.
import { types } from 'node:util';

/** The code of a file system or network error (ENOENT, ...), or null. */
export function errorCodeOf(error: unknown): string | null {
  return types.isNativeError(error) && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

export function isMissingFile(error: unknown): boolean {
  const code = errorCodeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR';
}

/** A text for people, whatever was thrown. */
export function textOf(error: unknown): string {
  return types.isNativeError(error) || error instanceof Error ? error.message : String(error);
}
