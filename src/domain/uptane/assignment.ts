/** What a director's targets file assigns to this device (Uptane 5.2.3.1, aktualizr.md 4.6, backend.md 1.6). */

export type TargetFormat = 'OSTREE' | 'BINARY';

export interface TargetHashes {
  /** Lower-case hex, as all hashes here. */
  readonly sha256: string;
  readonly sha512?: string;
}

export interface AssignedEcu {
  readonly serial: string;
  readonly hardwareId: string;
}

export interface AssignedTarget {
  readonly name: string;
  readonly length: number;
  readonly hashes: TargetHashes;
  readonly ecus: readonly AssignedEcu[];
  readonly uri: string | null;
  readonly format: TargetFormat | null;
  /** The whole `custom` of the director as canonical JSON. */
  readonly customText: string | null;
}

export interface Assignment {
  /** Opaque, echoed verbatim; null when there is none or an empty one. */
  readonly correlationId: string | null;
  /** Of the director's targets file. */
  readonly version: number;
  /** Empty: nothing is assigned (any more). */
  readonly targets: readonly AssignedTarget[];
}
