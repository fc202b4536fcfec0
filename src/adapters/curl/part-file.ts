import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { fileError } from '../files/file-errors.js';

const readBytes = 1024 * 1024;

export interface PartHashes {
  readonly sha256: string;
  readonly sha512: string;
}

/**
 * A file that grows while it is downloaded, with the hashes of all its bytes.
 * Appending is synchronous for the caller and asynchronous for the disk: what is not written yet counts as waiting.
 */
export class PartFile {
  readonly #path: string;
  readonly #file: FileHandle;
  #hashes = newHashes();
  #length = 0;
  #waiting = 0;
  #writes: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | null = null;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  /** Opens the file, 0600, or makes it. @throws SotaError DISK_FULL, FILE_UNREADABLE. */
  static async open(path: string): Promise<PartFile> {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
    try {
      return new PartFile(path, await open(path, flags, 0o600));
    } catch (error) {
      throw fileError('open', path, error);
    }
  }

  /** Bytes that are there or on their way to the disk. */
  get length(): number {
    return this.#length;
  }

  /** Bytes on their way. */
  get waitingBytes(): number {
    return this.#waiting;
  }

  /** Hashes what is there already, unless that is more than `maximumBytes`: then the file begins anew. */
  async rehash(maximumBytes: number, signal: AbortSignal | undefined): Promise<void> {
    await this.#guarded('read', async () => {
      const { size } = await this.#file.stat();
      if (size > maximumBytes) {
        await this.#file.truncate(0);
        return;
      }
      const buffer = Buffer.alloc(Math.min(readBytes, Math.max(size, 1)));
      while (this.#length < size && signal?.aborted !== true) {
        const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, this.#length);
        if (bytesRead === 0) break;
        this.#count(buffer.subarray(0, bytesRead));
      }
    });
  }

  /** Forgets all bytes. */
  restart(): void {
    this.#hashes = newHashes();
    this.#length = 0;
    this.#enqueue(() => this.#file.truncate(0));
  }

  append(chunk: Buffer): void {
    const position = this.#length;
    this.#count(chunk);
    this.#waiting += chunk.length;
    this.#enqueue(async () => {
      try {
        await writeWhole(this.#file, chunk, position);
      } finally {
        this.#waiting -= chunk.length;
      }
    });
  }

  /** Resolves when nothing waits. @throws SotaError DISK_FULL, FILE_UNREADABLE for any write since the opening. */
  async settled(): Promise<void> {
    await this.#writes;
    if (this.#failure !== null) throw fileError('write', this.#path, this.#failure.error);
  }

  /** Did a write fail? Then there is no sense in fetching more. */
  get hasFailed(): boolean {
    return this.#failure !== null;
  }

  /** Hashes of all bytes so far. */
  hashes(): PartHashes {
    return { sha256: this.#hashes.sha256.copy().digest('hex'), sha512: this.#hashes.sha512.copy().digest('hex') };
  }

  async synchronise(): Promise<void> {
    await this.settled();
    await this.#guarded('flush', () => this.#file.sync());
  }

  /** Closes the file once all writes have ended, well or not. */
  async close(): Promise<void> {
    await this.#writes;
    await this.#file.close();
  }

  #count(bytes: Buffer): void {
    this.#hashes.sha256.update(bytes);
    this.#hashes.sha512.update(bytes);
    this.#length += bytes.length;
  }

  #enqueue(action: () => Promise<void>): void {
    this.#writes = this.#writes.then(async () => {
      if (this.#failure !== null) return;
      try {
        await action();
      } catch (error) {
        this.#failure = { error };
      }
    });
  }

  async #guarded(doing: string, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      throw fileError(doing, this.#path, error);
    }
  }
}

function newHashes(): { readonly sha256: Hash; readonly sha512: Hash } {
  return { sha256: createHash('sha256'), sha512: createHash('sha512') };
}

async function writeWhole(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}
