import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { SotaError } from '../../domain/errors/sota-error.js';
import type { BinaryImages } from '../../ports/binary-images.js';
import type { Files } from '../../ports/files.js';
import { synchroniseFolder } from '../files/durable-folder.js';
import { fileError, isAbsence } from '../files/file-errors.js';

/** Left free beside what is needed, as the ancestor does (aktualizr.md 5.4). */
const reserveBytes = 1024 * 1024;
const keptImages = 2;
const imageName = /^[0-9A-F]{64}$/;

/**
 * Binary targets in `pacman.images_path`, each under the upper-case sha256 of its bytes, never under its own name.
 */
export class BinaryImageFolder implements BinaryImages {
  readonly #folder: string;
  readonly #files: Files;
  /** What a file looked like when its hash was found right. */
  readonly #verified = new Map<string, string>();

  constructor(folder: string, files: Files) {
    this.#folder = folder;
    this.#files = files;
  }

  partPath(sha256: string): string {
    return `${this.#pathOf(sha256)}.part`;
  }

  async place(sha256: string, keep: readonly string[]): Promise<void> {
    const path = this.#pathOf(sha256);
    const part = this.partPath(sha256);
    try {
      if (await synchroniseFile(part)) await rename(part, path);
      else await stat(path);
      await synchroniseFolder(this.#folder);
    } catch (error) {
      throw fileError('place the image', path, error);
    }
    await this.#removeOthers([sha256, ...keep].map(nameOf));
  }

  async has(sha256: string, length: number): Promise<boolean> {
    const path = this.#pathOf(sha256);
    try {
      const { size, ino, ctimeMs } = await stat(path);
      if (size !== length) return false;
      const look = `${size} ${ino} ${ctimeMs}`;
      if (this.#verified.get(path) === look) return true;
      const isRight = (await hashOf(path)) === sha256.toLowerCase();
      if (isRight) this.#verified.set(path, look);
      return isRight;
    } catch (error) {
      if (isAbsence(error)) return false;
      throw fileError('read', path, error);
    }
  }

  async discardPart(sha256: string): Promise<void> {
    await this.#files.remove(this.partPath(sha256));
    await this.#files.remove(`${this.partPath(sha256)}.etag`);
  }

  async requireSpace(bytes: number, resumedSha256?: string): Promise<void> {
    await this.#files.makeFolder(this.#folder, 0o700);
    const present = resumedSha256 === undefined ? 0 : await sizeOf(this.partPath(resumedSha256));
    const needed = Math.max(0, bytes - present) + reserveBytes;
    const free = await this.#files.freeBytes(this.#folder);
    if (free >= needed) return;
    throw new SotaError('DISK_FULL', { message: `${this.#folder}: ${needed} bytes are needed, ${free} are free` });
  }

  /** Keeps these names and, beyond them, no more than the newest ones up to two files. */
  async #removeOthers(keep: readonly string[]): Promise<void> {
    const kept = new Set(keep);
    const others: { readonly path: string; readonly changed: number }[] = [];
    for (const name of await this.#files.list(this.#folder)) {
      const path = join(this.#folder, name);
      if (imageName.test(name) && !kept.has(name)) others.push({ path, changed: (await stat(path)).mtimeMs });
    }
    others.sort((one, other) => other.changed - one.changed);
    for (const { path } of others.slice(Math.max(0, keptImages - kept.size))) {
      this.#verified.delete(path);
      await this.#files.remove(path);
    }
  }

  #pathOf(sha256: string): string {
    return join(this.#folder, nameOf(sha256));
  }
}

/** @throws SotaError TARGET_FORMAT for what is no hash: it would lead out of the folder. */
function nameOf(sha256: string): string {
  const name = sha256.toUpperCase();
  if (!imageName.test(name)) throw new SotaError('TARGET_FORMAT', { message: 'the sha256 of an image is no hash' });
  return name;
}

/** @returns false when there is no such file. */
async function synchroniseFile(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'r');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if (isAbsence(error)) return false;
    throw error;
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isAbsence(error)) return 0;
    throw fileError('look at', path, error);
  }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash);
  return hash.digest('hex');
}
