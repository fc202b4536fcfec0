import type { Hold } from '../domain/policy/holds.js';
import type { AppendedRoot, KeptFile, TrustedRepository } from '../domain/uptane/trusted-metadata.js';

/** The one room of what is trusted (design rule 16): `<storage.path>/trust/`. */

/** How the first roots came to be trusted, recorded for ever. */
export interface FirstUse {
  readonly source: 'import' | 'image' | 'provisioning';
  readonly time: string;
}

export interface TrustedState {
  readonly director: TrustedRepository;
  readonly image: TrustedRepository;
  /** The time below which the clock can't be right, milliseconds since the epoch. */
  readonly timeFloorMilliseconds: number;
  readonly holds: readonly Hold[];
  readonly lastConfirmedCommit: string | null;
  readonly firstUse: FirstUse | null;
}

/** What changes; absent members stay as they are. */
export interface TrustChange {
  readonly appendRoots?: readonly AppendedRoot[];
  readonly files?: readonly KeptFile[];
  readonly timeFloorMilliseconds?: number;
  readonly holds?: readonly Hold[];
  readonly lastConfirmedCommit?: string;
  readonly firstUse?: FirstUse;
}

export interface TrustStore {
  /** The newest whole generation, or the former one when that is damaged. @throws SotaError STATE_DAMAGED. */
  load(): Promise<TrustedState>;
  /** A new generation, durable when it resolves; nothing is written when nothing changes. */
  commit(change: TrustChange): Promise<TrustedState>;
  /** The next report counter; reserved in blocks of 1 000, so that most calls write nothing. */
  nextReportCounter(): Promise<number>;
}
