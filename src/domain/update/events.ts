import type { Origin, RecordedError, UpdateTarget } from './record.js';

/** What the director wants of this ECU now, verified; null when it wants nothing. */
export interface SeenAssignment {
  readonly target: UpdateTarget;
  readonly correlationId: string | null;
  readonly ecuSerial: string;
}

/** What is true of this machine after a start, whatever any flag says (design rule 3). */
export interface BootFacts {
  readonly bootId: string;
  /** The commit whose folder is `/`; null on a device that isn't booted from an OSTree sysroot. */
  readonly bootedCommit: string | null;
  /** The commit that boots next. */
  readonly firstCommit: string | null;
}

export type UpdateEvent =
  /** A verified poll ended. A target on hold, or already installed, is no assignment. */
  | {
      readonly name: 'AssignmentSeen';
      readonly assignment: SeenAssignment | null;
      /** The target's content already runs: it is taken by name alone. */
      readonly isRunning: boolean;
      readonly nowMilliseconds: number;
    }
  | { readonly name: 'Downloaded' }
  | {
      readonly name: 'DownloadFailed';
      readonly error: RecordedError;
      readonly isPermanent: boolean;
      readonly isPastDeadline: boolean;
    }
  /** No lock, no inhibitor, the running version is confirmed. */
  | { readonly name: 'Cleared'; readonly origin: Origin }
  | { readonly name: 'Installed'; readonly needsReboot: boolean; readonly text: string }
  | {
      readonly name: 'InstallationFailed';
      readonly error: RecordedError;
      readonly isPermanent: boolean;
      readonly isPastDeadline: boolean;
    }
  | { readonly name: 'RebootDue' }
  | { readonly name: 'RebootFailed'; readonly error: RecordedError }
  | { readonly name: 'Booted'; readonly facts: BootFacts }
  | { readonly name: 'Confirmed' }
  | { readonly name: 'ConfirmationFailed'; readonly error: RecordedError }
  | { readonly name: 'Undone' }
  | { readonly name: 'UndoFailed'; readonly error: RecordedError }
  | { readonly name: 'Reported' };

export type EventName = UpdateEvent['name'];
export type EventOf<Name extends EventName> = Extract<UpdateEvent, { name: Name }>;
