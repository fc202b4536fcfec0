/** The disk: one gateway, atomic and durable writes (design rule 8). */
export interface Files {
  /**
   * @returns the bytes, or null when there is no such file.
   * @throws SotaError FILE_UNREADABLE when it can't be read or is larger than the limit.
   */
  read(path: string, maximumBytes: number): Promise<Buffer | null>;
  /**
   * Temp file in the same folder, fsync, rename, fsync of the folder.
   * @throws SotaError DISK_FULL, FILE_UNREADABLE; the old file is then untouched and no temp file is left.
   */
  writeAtomically(path: string, bytes: Buffer | string, mode: number): Promise<void>;
  /** Like writeAtomically, but false and no change when the path exists. */
  createDurably(path: string, bytes: Buffer | string, mode: number): Promise<boolean>;
  /** Removes a file (no error when it is absent) and makes that durable. */
  remove(path: string): Promise<void>;
  /** Makes a folder and its parents; the mode is enforced on the last one. */
  makeFolder(path: string, mode: number): Promise<void>;
  /** Names in a folder, sorted by bytes; empty when it does not exist. */
  list(path: string): Promise<readonly string[]>;
  /** Bytes that an ordinary write may still take on the file system of the path. */
  freeBytes(path: string): Promise<number>;
}
