// For development only: never part of what runs on a device.
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { isMissingFile } from './file-errors.js';

/**
 * The state of the backend on disk. Synchronous on purpose: a request changes memory and disk in one turn of the
 * event loop, so that no other request sees a half of it.
 */

/** Temp file in the same folder, fsync, rename, fsync of the folder. Keys and state are for the owner only. */
export function writeDurably(path: string, content: Buffer | string, mode = 0o600): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  const file = openSync(temporary, 'wx', mode);
  try {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    for (let offset = 0; offset < bytes.length;) {
      offset += writeSync(file, bytes, offset);
    }
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  syncFolder(dirname(path));
}

/** Makes renames and removals in a folder durable. */
export function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** The bytes of a file of the state, or null when there is none. */
export function readIfPresent(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch (error) {
    if (isMissingFile(error)) {
      return null;
    }
    throw error;
  }
}

/** Our own state as it was written, or null. Only we write it, so the caller may say what it is. */
export function readState(path: string): unknown {
  const bytes = readIfPresent(path);
  return bytes === null ? null : JSON.parse(bytes.toString('utf8'));
}

export function writeState(path: string, state: unknown): void {
  writeDurably(path, `${JSON.stringify(state, null, 1)}\n`);
}
