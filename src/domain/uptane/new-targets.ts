/** Which assigned targets aren't installed yet (aktualizr.md 4.5, Uptane 5.4.4.6 steps 8 and 9). */
import type { Result } from '../result.js';
import type { AssignedEcu, AssignedTarget, Assignment } from './assignment.js';
import { inQuotes, reject, verdictOf, type Rejection } from './rejection.js';

/** What an ECU runs, as far as it is known. */
export interface InstalledTarget {
  readonly name: string;
  readonly sha256: string;
  readonly length: number;
}

/** An assigned target with only those ECUs that don't run it. */
export type NewTarget = AssignedTarget;

/**
 * @param ecus serial and hardware id of every ECU of this device.
 * @param installed by serial; an ECU of which nothing is known isn't in it.
 * Rejections: ASSIGNMENT_FOREIGN (an ECU that isn't here or is other hardware), METADATA_MISMATCH (the name of what
 * runs, with other content: no server of ours names two files alike).
 */
export function selectNewTargets(
  assignment: Assignment,
  ecus: ReadonlyMap<string, string>,
  installed: ReadonlyMap<string, InstalledTarget>,
): Result<readonly NewTarget[], Rejection> {
  return verdictOf(() => {
    // All ECUs are checked before the first target is taken.
    for (const ecu of assignment.targets.flatMap((target) => target.ecus)) requireOwnEcu(ecu, ecus);
    return assignment.targets
      .map((target) => ({ ...target, ecus: target.ecus.filter((ecu) => isNew(target, installed.get(ecu.serial))) }))
      .filter((target) => target.ecus.length > 0);
  });
}

function requireOwnEcu(ecu: AssignedEcu, ecus: ReadonlyMap<string, string>): void {
  const hardwareId = ecus.get(ecu.serial);
  const serial = inQuotes(ecu.serial);
  if (hardwareId === undefined) {
    reject('ASSIGNMENT_FOREIGN', 'director', 'targets', `ECU ${serial} is not in this device`);
  }
  if (hardwareId !== ecu.hardwareId) {
    const reason = `ECU ${serial} has the hardware id ${inQuotes(hardwareId)}, assigned is ${inQuotes(ecu.hardwareId)}`;
    reject('ASSIGNMENT_FOREIGN', 'director', 'targets', reason);
  }
}

function isNew(target: AssignedTarget, installed: InstalledTarget | undefined): boolean {
  if (installed?.name !== target.name) return true;
  if (installed.sha256.toLowerCase() === target.hashes.sha256 && installed.length === target.length) return false;
  const reason = `${inQuotes(target.name)} is installed with other content`;
  return reject('METADATA_MISMATCH', 'director', 'targets', reason);
}
