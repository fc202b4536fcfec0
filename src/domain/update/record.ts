/**
 * What the journal holds about the one update at work. The format only ever grows: an older sotad, started by a
 * rollback, must read what a newer one wrote (design rule 15).
 */
import type { ErrorCode } from '../errors/catalogue.js';

/** The target of an attempt, as verified in both repositories. */
export interface UpdateTarget {
  readonly name: string;
  /** Lower-case hex; for OSTREE the commit. */
  readonly sha256: string;
  /** Lower-case hex, where the metadata give one. */
  readonly sha512: string | null;
  readonly lengthBytes: number;
  readonly format: 'OSTREE' | 'BINARY';
  /** Where to fetch it from instead of the configured server. */
  readonly uri: string | null;
}

/** One try to bring one target onto this device. */
export interface Attempt {
  readonly target: UpdateTarget;
  /** The director's name for the assignment, opaque; without one nothing is ever reported. */
  readonly correlationId: string | null;
  readonly ecuSerial: string;
  /** Wall clock at the first journal write, milliseconds since the epoch. */
  readonly startedMilliseconds: number;
  /** Journal writes since the last progress or scheduled wait (loop guard, design rule 4). */
  readonly writesWithoutProgress: number;
  /** Failures in a row that are tried again; they set the backoff. */
  readonly failures: number;
  readonly lastError: RecordedError | null;
}

export interface RecordedError {
  readonly code: ErrorCode;
  readonly message: string;
  /** From the outermost to the innermost. */
  readonly causes: readonly string[];
}

/** What ran when the installation began: what a rollback goes back to. */
export interface Origin {
  /** null on a device that isn't booted from an OSTree sysroot. */
  readonly commit: string | null;
  readonly bootId: string;
}

/** How an attempt ended. */
export type Outcome =
  | { readonly result: 'success'; readonly text: string }
  | { readonly result: 'failure'; readonly error: RecordedError }
  | { readonly result: 'withdrawn'; readonly text: string };

export type UpdateRecord =
  | { readonly state: 'idle' }
  | { readonly state: 'downloading'; readonly attempt: Attempt }
  | { readonly state: 'retrying'; readonly attempt: Attempt }
  | { readonly state: 'ready'; readonly attempt: Attempt }
  | { readonly state: 'installing'; readonly attempt: Attempt; readonly origin: Origin }
  | { readonly state: 'awaitingReboot'; readonly attempt: Attempt; readonly origin: Origin }
  | { readonly state: 'rebooting'; readonly attempt: Attempt; readonly origin: Origin }
  | { readonly state: 'confirming'; readonly attempt: Attempt; readonly origin: Origin }
  | { readonly state: 'undoing'; readonly attempt: Attempt; readonly outcome: Outcome }
  | { readonly state: 'reporting'; readonly attempt: Attempt; readonly outcome: Outcome };

export type StateName = UpdateRecord['state'];

export const idleRecord: UpdateRecord = { state: 'idle' };

/** The attempt of a record, if one is under way. */
export function attemptOf(record: UpdateRecord): Attempt | null {
  return record.state === 'idle' ? null : record.attempt;
}
