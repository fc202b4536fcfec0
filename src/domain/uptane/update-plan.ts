/** What is to be installed: the director's assignment as the image repository confirms it (Uptane 5.4.4.2 step 10). */
import type { Result } from '../result.js';
import type { AssignedTarget, Assignment, TargetFormat } from './assignment.js';
import type { ImageTarget } from './image-targets.js';
import { inQuotes, reject, verdictOf, type Rejection } from './rejection.js';

export interface PlannedTarget extends Omit<AssignedTarget, 'format'> {
  readonly format: TargetFormat;
}

export interface UpdatePlan {
  readonly correlationId: string | null;
  readonly directorVersion: number;
  readonly targets: readonly PlannedTarget[];
}

/**
 * Matches every target with the one of the same name in the image repository (aktualizr.md 4.6, backend.md 2.1).
 * Rejections: TARGET_UNKNOWN, REPOSITORIES_DISAGREE (length, hash, hardware id, format), TARGET_FORMAT.
 */
export function matchTargets(
  assignment: Assignment,
  imageTargets: ReadonlyMap<string, ImageTarget>,
): Result<UpdatePlan, Rejection> {
  return verdictOf(() => ({
    correlationId: assignment.correlationId,
    directorVersion: assignment.version,
    targets: assignment.targets.map((target) => matchTarget(target, imageTargets.get(target.name))),
  }));
}

function matchTarget(assigned: AssignedTarget, image: ImageTarget | undefined): PlannedTarget {
  const name = inQuotes(assigned.name);
  if (image === undefined) {
    return reject(
      'TARGET_UNKNOWN',
      'image',
      'targets',
      `${name} is not a target at the top level (no delegations yet)`,
    );
  }
  const difference = differenceBetween(assigned, image);
  if (difference !== null) reject('REPOSITORIES_DISAGREE', 'image', 'targets', `${name}: ${difference}`);
  return { ...assigned, format: resolveFormat(assigned, image), uri: assigned.uri ?? image.uri };
}

/** @returns in words what the repositories say differently, or null. */
function differenceBetween(assigned: AssignedTarget, image: ImageTarget): string | null {
  if (assigned.length !== image.length) return `length ${assigned.length} and ${image.length}`;
  let equalHashes = 0;
  for (const algorithm of ['sha256', 'sha512'] as const) {
    const [left, right] = [assigned.hashes[algorithm], image.hashes[algorithm]];
    if (left === undefined || right === null) continue;
    if (left !== right) return `${algorithm} ${left} and ${right}`;
    equalHashes += 1;
  }
  if (equalHashes === 0) return 'no hash that both list';
  const foreign = assigned.ecus.find((ecu) => !image.hardwareIds.includes(ecu.hardwareId));
  return foreign === undefined ? null : `hardware id ${inQuotes(foreign.hardwareId)} is not among those of the image`;
}

/** The image repository's word, else the director's, else a target without bytes of its own is a commit. */
function resolveFormat(assigned: AssignedTarget, image: ImageTarget): TargetFormat {
  const name = inQuotes(assigned.name);
  if (image.format === null) return assigned.format ?? (assigned.length === 0 ? 'OSTREE' : 'BINARY');
  if (image.format !== 'OSTREE' && image.format !== 'BINARY') {
    return reject('TARGET_FORMAT', 'image', 'targets', `${name} has the unknown format ${inQuotes(image.format)}`);
  }
  if (assigned.format !== null && assigned.format !== image.format) {
    const reason = `${name}: format ${assigned.format} and ${image.format}`;
    return reject('REPOSITORIES_DISAGREE', 'image', 'targets', reason);
  }
  return image.format;
}
