/** The refresh of the image repository: root, timestamp, snapshot, targets (Uptane 5.4.4.2 steps 6 to 9). */
import type { AssignedTarget } from './assignment.js';
import { openImageTargets, type ImageTarget } from './image-targets.js';
import {
  differenceToListed,
  openSnapshot,
  openTimestamp,
  requireListed,
  requireNothingLost,
  type SnapshotMetadata,
  type TimestampMetadata,
} from './listed-files.js';
import { RejectedMetadata, reject } from './rejection.js';
import { fetchRequired, store, type Refreshing, type RefreshInput, type RejectedVerdict } from './refresh-machine.js';
import { followRootChain, type FollowedRoot } from './root-chain.js';
import { requireUnexpired, type SignedMetadata, type VerificationContext } from './signed-metadata.js';
import { openStored, requireNotOlder } from './stored-floor.js';
import { requireThreshold } from './threshold.js';
import type { KeptFile } from './trusted-metadata.js';

/** The wanted targets that the repository has; what it lacks isn't in the map. */
export type ImageVerdict =
  { readonly kind: 'verified'; readonly targets: ReadonlyMap<string, ImageTarget> } | RejectedVerdict;

/** Brings the image repository's metadata up to date and looks the assigned targets up in them. */
export function* refreshImageRepository(
  input: RefreshInput,
  assignment: { readonly targets: readonly Pick<AssignedTarget, 'name'>[] },
): Refreshing<ImageVerdict> {
  try {
    const wanted = new Set(assignment.targets.map((target) => target.name));
    return { kind: 'verified', targets: yield* refresh(input, wanted) };
  } catch (error) {
    if (error instanceof RejectedMetadata) return { kind: 'rejected', rejection: error.rejection };
    throw error;
  }
}

function* refresh(input: RefreshInput, wanted: ReadonlySet<string>): Refreshing<ReadonlyMap<string, ImageTarget>> {
  const context: VerificationContext = { ...input, repository: 'image' };
  const followed = yield* followRootChain(context, input.trusted);
  const timestamp = yield* refreshTimestamp(context, followed);
  const snapshot = yield* refreshSnapshot(context, followed, timestamp);
  const targets = yield* refreshTargets(context, followed, snapshot, wanted);
  yield* store([], changedFiles(followed, [timestamp, snapshot, targets]));
  return targets.body.found;
}

/** Uptane 5.4.4.4: always fetched; its own version and the listed snapshot's must not fall. */
function* refreshTimestamp(context: VerificationContext, { root, files }: FollowedRoot): Refreshing<TimestampMetadata> {
  const role = root.body.roles.timestamp;
  const stored = openStored(context, files.timestamp, role, (bytes) => openTimestamp(context, bytes));
  const timestamp = openTimestamp(context, yield* fetchRequired(context, 'timestamp', context.limits.timestampBytes));
  requireThreshold(context, timestamp, role);
  requireNotOlder(context, timestamp, stored);
  if (stored !== null && timestamp.body.snapshot.version < stored.body.snapshot.version) {
    const reason = `lists snapshot version ${timestamp.body.snapshot.version} after ${stored.body.snapshot.version}`;
    reject('METADATA_ROLLBACK', context.repository, 'timestamp', reason);
  }
  requireUnexpired(context, timestamp);
  return timestamp.signedText === stored?.signedText ? stored : timestamp;
}

/** Uptane 5.4.4.5: the stored one stands in when it is the listed one. */
function* refreshSnapshot(
  context: VerificationContext,
  { root, files }: FollowedRoot,
  timestamp: TimestampMetadata,
): Refreshing<SnapshotMetadata> {
  const role = root.body.roles.snapshot;
  const listed = timestamp.body.snapshot;
  const stored = openStored(context, files.snapshot, role, (bytes) => openSnapshot(context, bytes));
  if (stored !== null && differenceToListed(context, stored, listed) === null) {
    requireUnexpired(context, stored);
    return stored;
  }
  const snapshot = openSnapshot(context, yield* fetchRequired(context, 'snapshot', context.limits.snapshotBytes));
  requireListed(context, snapshot, listed, 'timestamp');
  requireThreshold(context, snapshot, role);
  requireNotOlder(context, snapshot, stored);
  if (stored !== null) requireNothingLost(context, stored, snapshot);
  requireUnexpired(context, snapshot);
  return snapshot;
}

/** Uptane 5.4.4.6: the stored one stands in when it is the listed one. */
function* refreshTargets(
  context: VerificationContext,
  { root, files }: FollowedRoot,
  snapshot: SnapshotMetadata,
  wanted: ReadonlySet<string>,
): Refreshing<SignedMetadata<{ readonly found: ReadonlyMap<string, ImageTarget> }>> {
  const role = root.body.roles.targets;
  const listed = snapshot.body.targets;
  const stored = openStored(context, files.targets, role, (bytes) => openImageTargets(context, bytes, wanted));
  if (stored !== null && differenceToListed(context, stored, listed) === null) {
    requireUnexpired(context, stored);
    return stored;
  }
  const bytes = yield* fetchRequired(context, 'targets', context.limits.imageTargetsBytes);
  const targets = openImageTargets(context, bytes, wanted);
  requireListed(context, targets, listed, 'snapshot');
  requireThreshold(context, targets, role);
  requireNotOlder(context, targets, stored);
  requireUnexpired(context, targets);
  return targets;
}

/** Files that aren't the stored ones, byte for byte: an idle poll writes nothing (design rule 18). */
function changedFiles(followed: FollowedRoot, metadata: readonly SignedMetadata<unknown>[]): readonly KeptFile[] {
  const changed: KeptFile[] = [];
  for (const { role, bytes } of metadata) {
    if (role !== 'root' && followed.files[role] !== bytes) changed.push({ repository: 'image', role, bytes });
  }
  return changed;
}
