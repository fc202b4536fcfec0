import { closeSync, constants, existsSync, openSync } from 'node:fs';
import Database from 'better-sqlite3';

/**
 * The addon is required by its path, so that esbuild (`--loader:.node=copy`) carries it beside the bundle:
 * the package's own search for it needs a folder `node_modules`.
 */
// eslint-disable-next-line @typescript-eslint/no-require-imports -- an addon has no import
const addon: unknown = require('better-sqlite3/build/Release/better_sqlite3.node');

export type SqliteDatabase = Database.Database;

/**
 * Opens a database file, made with mode 0600 when it is new: SQLite alone would take the umask.
 * An existing file is not touched: closing any other descriptor of it would drop SQLite's locks.
 * @param busyMilliseconds how long a lock of another process is waited for.
 */
export function openDatabase(file: string, busyMilliseconds: number): SqliteDatabase {
  if (!existsSync(file)) closeSync(openSync(file, constants.O_CREAT | constants.O_RDWR, 0o600));
  // The declaration of nativeBinding knows only the path; the package itself takes the addon too.
  return new Database(file, { nativeBinding: addon as string, timeout: busyMilliseconds });
}
