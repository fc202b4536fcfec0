/** Where binary targets lie (`pacman.images_path`). */
export interface BinaryImages {
  /** The part file of a download. */
  partPath(sha256: string): string;
  /**
   * Moves the complete part file to its place, durably, under the upper-case hash; keeps the newest two and `keep`.
   * May be repeated: a file that is in its place already is left there.
   */
  place(sha256: string, keep: readonly string[]): Promise<void>;
  /** Is the file in its place, with this length and hash? The hash is worked out again only when the file changed. */
  has(sha256: string, length: number): Promise<boolean>;
  discardPart(sha256: string): Promise<void>;
  /**
   * Also makes the folder.
   * @param resumedSha256 the file to be fetched: what its part file holds already needs no more space.
   * @throws SotaError DISK_FULL when not so many bytes (and a reserve) are free.
   */
  requireSpace(bytes: number, resumedSha256?: string): Promise<void>;
}
