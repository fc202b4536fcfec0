/**
 * The refresh of the director (Uptane 5.4.4.2 steps 2 to 5, aktualizr.md 4.5): root and targets, as the ancestor and
 * its servers do it. A profile with the director's own timestamp and snapshot has its place before the targets.
 */
import { assignmentOf, openDirectorTargets, type DirectorTargetsMetadata } from './director-targets.js';
import type { Assignment } from './assignment.js';
import { RejectedMetadata, reject } from './rejection.js';
import { fetchRequired, store, type Refreshing, type RefreshInput, type RejectedVerdict } from './refresh-machine.js';
import { followRootChain } from './root-chain.js';
import { requireUnexpired, type VerificationContext } from './signed-metadata.js';
import { openStored, requireNotOlder } from './stored-floor.js';
import { requireThreshold } from './threshold.js';

export type DirectorVerdict = { readonly kind: 'verified'; readonly assignment: Assignment } | RejectedVerdict;

/** Brings the director's metadata up to date and tells what it assigns. */
export function* refreshDirector(input: RefreshInput): Refreshing<DirectorVerdict> {
  try {
    return { kind: 'verified', assignment: yield* refresh(input) };
  } catch (error) {
    if (error instanceof RejectedMetadata) return { kind: 'rejected', rejection: error.rejection };
    throw error;
  }
}

function* refresh(input: RefreshInput): Refreshing<Assignment> {
  const context: VerificationContext = { ...input, repository: 'director' };
  const { root, files } = yield* followRootChain(context, input.trusted);
  const role = root.body.roles.targets;
  const stored = openStored(context, files.targets, role, (bytes) => openDirectorTargets(context, bytes));
  const bytes = yield* fetchRequired(context, 'targets', context.limits.directorTargetsBytes);
  const targets = openDirectorTargets(context, bytes);
  requireThreshold(context, targets, role);
  requireNotOlder(context, targets, stored);
  requireSameContent(context, targets, stored);
  requireUnexpired(context, targets);
  const assignment = assignmentOf(context, targets);
  if (targets.signedText !== stored?.signedText) {
    yield* store([], [{ repository: 'director', role: 'targets', bytes }]);
  }
  return assignment;
}

/** Two assignments under one version: nobody could tell which one is the newer. */
function requireSameContent(
  context: VerificationContext,
  targets: DirectorTargetsMetadata,
  stored: DirectorTargetsMetadata | null,
): void {
  if (targets.version !== stored?.version || targets.signedText === stored.signedText) return;
  const reason = `version ${targets.version} came again with other content`;
  reject('METADATA_ROLLBACK', context.repository, 'targets', reason);
}
