import { readFileSync, statSync, truncateSync } from 'node:fs';
import { SotaError } from '../../domain/errors/sota-error.js';
import { openDatabase, type SqliteDatabase } from './native-database.js';
import { onDatabase, sqliteCode } from './sqlite-error.js';

export interface StorageLock {
  release(): void;
}

/** Locks that are held: without a reference the collector would close the database and so give the lock up. */
const heldLocks = new Set<SqliteDatabase>();

/**
 * Keeps two daemons apart: Node has no flock, so a SQLite file of its own is held in an exclusive transaction, which
 * writes nothing and ends with the process, however that ends (design rule 18). A damaged file is emptied: nothing is
 * kept in it, and a lock of somebody else is on its inode, which stays.
 * @param path `<storage.path>/lock.db`.
 * @throws SotaError STATE_LOCKED naming the holder's process id where `/proc/locks` shows it; FILE_UNREADABLE.
 */
export function acquireStorageLock(path: string): StorageLock {
  try {
    return holdExclusively(path);
  } catch (error) {
    if (sqliteCode(error) !== 'STATE_DAMAGED') throw error;
    onDatabase(path, () => truncateSync(path));
    return holdExclusively(path);
  }
}

function holdExclusively(path: string): StorageLock {
  const database = onDatabase(path, () => openDatabase(path, 1_000));
  try {
    onDatabase(path, () => {
      // Nothing is ever written: not even an empty journal file.
      database.pragma('journal_mode = MEMORY');
      database.exec('BEGIN EXCLUSIVE');
    });
  } catch (error) {
    database.close();
    if (sqliteCode(error) !== 'STATE_LOCKED') throw error;
    const holder = holderOf(path);
    throw new SotaError('STATE_LOCKED', {
      message: `${path} is held by ${holder === null ? 'another process' : `process ${holder}`}`,
      cause: error,
    });
  }
  heldLocks.add(database);
  return {
    release: () => {
      if (heldLocks.delete(database)) database.close();
    },
  };
}

/** The process that holds a POSIX lock on the file, by device and inode in `/proc/locks`; null when it isn't shown. */
function holderOf(path: string): number | null {
  let locks: string;
  let inode: string;
  try {
    locks = readFileSync('/proc/locks', 'utf8');
    inode = String(statSync(path, { bigint: true }).ino);
  } catch {
    return null; // Only the message is poorer.
  }
  for (const line of locks.split('\n')) {
    const fields = /^\d+: POSIX\s+\S+\s+WRITE\s+(\d+) [0-9a-f]+:[0-9a-f]+:(\d+) /.exec(line);
    if (fields?.[2] === inode && Number(fields[1]) > 0) return Number(fields[1]);
  }
  return null;
}
