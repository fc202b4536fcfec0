/** The two repositories of an Uptane deployment (Standard 5.2.6: every image needs both). */
export type RepositoryName = 'director' | 'image';

/** Metadata of one repository as they were verified, byte for byte. */
export interface TrustedRepository {
  /** Every root from the first one on, the newest last; empty when none is trusted yet. */
  readonly roots: readonly TrustedRoot[];
  readonly timestamp: Uint8Array | null;
  readonly snapshot: Uint8Array | null;
  readonly targets: Uint8Array | null;
}

export interface TrustedRoot {
  readonly version: number;
  readonly bytes: Uint8Array;
}

/** A root that follows from the newest trusted one. */
export interface AppendedRoot extends TrustedRoot {
  readonly repository: RepositoryName;
}

/** A verified file to keep; null forgets it (its role's keys were rotated). */
export interface KeptFile {
  readonly repository: RepositoryName;
  readonly role: 'timestamp' | 'snapshot' | 'targets';
  readonly bytes: Uint8Array | null;
}
