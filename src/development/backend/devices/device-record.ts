// For development only: never part of what runs on a device.
import type { PublicKeyDocument } from '../metadata/keys.js';

/** A device as the backend knows it; the file `device.json`. */
export interface DeviceRecord {
  /** UUID, the common name of its certificate. */
  readonly uuid: string;
  /** The name it gave itself. */
  readonly deviceId: string;
  readonly createdAt: string;
  registeredAt: string | null;
  primarySerial: string | null;
  ecus: EcuRecord[];
  /** Serials that were replaced; they may not come back (backend.md 1.4). */
  removedSerials: string[];
  assignments: Assignment[];
  metadata: DeviceMetadata;
  /** How many manifests were accepted, and the number of the newest. */
  manifestNumber: number;
  lastManifestAt: string | null;
  /** The newest network address report, system information etc. are files of their own. */
}

export interface EcuRecord {
  readonly serial: string;
  readonly hardwareId: string;
  readonly key: PublicKeyDocument;
  /** From its newest manifest. */
  installed: InstalledImage | null;
}

export interface InstalledImage {
  readonly filepath: string;
  readonly sha256: string;
  readonly length: number;
}

export type AssignmentState = 'assigned' | 'inFlight' | 'succeeded' | 'failed' | 'cancelled';

export interface Assignment {
  readonly id: string;
  readonly correlationId: string;
  readonly ecu: string;
  readonly hardwareId: string;
  readonly target: string;
  readonly sha256: string;
  readonly length: number;
  readonly createdAt: string;
  state: AssignmentState;
  /** When the device fetched targets that hold it. */
  inFlightAt: string | null;
  closedAt: string | null;
  /** Why it was closed: code and words. */
  resultCode: string | null;
  resultText: string | null;
}

export interface DeviceMetadata {
  versions: { targets: number; snapshot: number; timestamp: number };
  /** Its targets no longer say what they should: they are made anew when they are next read. */
  isOutdated: boolean;
  /** The fault that is signed into the current version. */
  alteration: string;
  chain: {
    targets: KeptRole;
    snapshot: KeptRole;
    timestamp: KeptRole;
  } | null;
  /** Assignments that the current targets hold, so that reading them marks those, and keeps them after success. */
  assignmentIds: string[];
}

export interface KeptRole {
  bytes: string;
  expiresAt: number;
}

export function isOpen(assignment: Assignment): boolean {
  return assignment.state === 'assigned' || assignment.state === 'inFlight';
}

export function openAssignments(device: DeviceRecord): Assignment[] {
  return device.assignments.filter(isOpen);
}

/** Ends an assignment. */
export function close(
  assignment: Assignment,
  state: 'succeeded' | 'failed' | 'cancelled',
  result: { readonly code: string; readonly text: string; readonly time: string },
): void {
  assignment.state = state;
  assignment.closedAt = result.time;
  assignment.resultCode = result.code;
  assignment.resultText = result.text;
}
