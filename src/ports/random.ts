/** Chance, for jitter and identifiers. */
export interface Random {
  /** A number in [0, 1). */
  fraction(): number;
  /** A random UUID, version 4. */
  uuid(): string;
}
