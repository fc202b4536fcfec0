/** Where binary targets lie (`pacman.images_path`). */
export interface BinaryImages {
  /** The part file of a download. */
  partPath(sha256: string): string;
  /** Moves the complete part file to its place, durably, under the upper-case hash; keeps the newest two. */
  place(sha256: string, keep: readonly string[]): Promise<void>;
  has(sha256: string, length: number): Promise<boolean>;
  discardPart(sha256: string): Promise<void>;
  /** @throws SotaError DISK_FULL when not so many bytes (and a reserve) are free. */
  requireSpace(bytes: number): Promise<void>;
}
