import { SotaError, isSotaError } from '../../domain/errors/sota-error.js';
import type { ErrorCode } from '../../domain/errors/catalogue.js';

/** SQLite's result code of an error (`SQLITE_FULL`), or Node's (`ENOSPC`); empty when it has none. */
export function sqliteCode(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}

/** Does the code say that the file itself is bad, not its surroundings? */
export function isDamage(code: string): boolean {
  return code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_FORMAT';
}

function errorCodeOf(code: string): ErrorCode | null {
  if (isDamage(code)) return 'STATE_DAMAGED';
  if (code === 'SQLITE_FULL' || code === 'ENOSPC' || code === 'EDQUOT') return 'DISK_FULL';
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) return 'STATE_LOCKED';
  const isFileTrouble = ['SQLITE_IOERR', 'SQLITE_CANTOPEN', 'SQLITE_READONLY', 'SQLITE_PERM'].some((start) =>
    code.startsWith(start),
  );
  return isFileTrouble || code.startsWith('E') ? 'FILE_UNREADABLE' : null;
}

/**
 * Runs something on a database file and turns SQLite's errors into ours: DISK_FULL, STATE_DAMAGED, STATE_LOCKED,
 * FILE_UNREADABLE. What is no error of SQLite or of the file system (a bug) goes through as it is.
 */
export function onDatabase<Value>(file: string, action: () => Value): Value {
  try {
    return action();
  } catch (cause) {
    if (isSotaError(cause)) throw cause;
    const nativeCode = sqliteCode(cause);
    const code = errorCodeOf(nativeCode);
    if (code === null) throw cause;
    const reason = typeof cause === 'object' && cause !== null && 'message' in cause ? String(cause.message) : '';
    throw new SotaError(code, { message: `${file}: ${reason} (${nativeCode})`, cause });
  }
}
