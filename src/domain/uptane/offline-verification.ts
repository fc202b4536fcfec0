/**
 * Verification without a network, by the very machine that refreshes: it is handed stored bytes where a server would
 * answer. Before an install the stored metadata must still lead to the same plan; the privileged side judges what the
 * resident part hands over before it keeps it (design rules 16 and 17).
 */
import { failure, type Result } from '../result.js';
import { selectNewTargets, type InstalledTarget } from './new-targets.js';
import { refreshDirector } from './refresh-director.js';
import { refreshImageRepository } from './refresh-image-repository.js';
import type { RefreshInput, Refreshing } from './refresh-machine.js';
import { reject, verdictOf, type Rejection } from './rejection.js';
import { filesToForget, openNewestRoot, openNextRoot } from './root-chain.js';
import { openSelfSignedRoot, type RootMetadata } from './root.js';
import type { VerificationContext } from './signed-metadata.js';
import type { AppendedRoot, KeptFile, RepositoryName, TrustedRepository } from './trusted-metadata.js';
import { matchTargets, type UpdatePlan } from './update-plan.js';

/** Both repositories as they are stored, and what to judge them with. */
export interface OfflineInput extends Omit<RefreshInput, 'trusted'> {
  readonly director: TrustedRepository;
  readonly image: TrustedRepository;
}

/** The plan that the stored metadata lead to, with all checks of a refresh, expiry too (aktualizr.md 4.5, end). */
export function planFromStoredMetadata(
  input: OfflineInput,
  ecus: ReadonlyMap<string, string>,
  installed: ReadonlyMap<string, InstalledTarget>,
): Result<UpdatePlan, Rejection> {
  const director = runOffline(refreshDirector({ ...input, trusted: input.director }), input.director).verdict;
  if (director.kind === 'rejected') return failure(director.rejection);
  const newTargets = selectNewTargets(director.assignment, ecus, installed);
  if (!newTargets.ok) return newTargets;
  const wanted = { ...director.assignment, targets: newTargets.value };
  // Nothing new: the image repository has no say, and may never have been asked.
  if (wanted.targets.length === 0) return matchTargets(wanted, new Map());
  const image = runOffline(refreshImageRepository({ ...input, trusted: input.image }, wanted), input.image).verdict;
  return image.kind === 'rejected' ? failure(image.rejection) : matchTargets(wanted, image.targets);
}

/**
 * May these roots and files be kept on top of what is trusted? New roots must follow the chain (the first of a
 * repository must be signed by itself), files must verify under the newest root and not be older; a file is forgotten
 * only when its keys were rotated.
 */
export function verifyTrustChange(
  input: OfflineInput,
  change: { readonly appendRoots?: readonly AppendedRoot[]; readonly files?: readonly KeptFile[] },
): Result<null, Rejection> {
  return verdictOf(() => {
    for (const repository of ['director', 'image'] as const) {
      const roots = (change.appendRoots ?? []).filter((root) => root.repository === repository);
      const files = (change.files ?? []).filter((file) => file.repository === repository);
      if (roots.length > 0 || files.length > 0) verifyRepositoryChange(input, repository, roots, files);
    }
    return null;
  });
}

function verifyRepositoryChange(
  input: OfflineInput,
  repository: RepositoryName,
  appended: readonly AppendedRoot[],
  files: readonly KeptFile[],
): void {
  const context: VerificationContext = { ...input, repository };
  const trusted = input[repository];
  const mayForget = followAppended(context, trusted, appended);
  const after: Record<KeptFile['role'], Uint8Array | null> = { ...trusted };
  for (const { role, bytes } of files) {
    if (bytes === null && trusted[role] !== null && !mayForget.has(role)) {
      reject('METADATA_ROLLBACK', repository, role, 'would be forgotten although its keys were not rotated');
    }
    after[role] = bytes;
  }
  if (files.every((file) => file.bytes === null)) return;
  const roots = [...trusted.roots, ...appended];
  const kept: TrustedRepository = { roots, ...withoutRoles(trusted, mayForget) };
  const served: TrustedRepository = { roots, ...withoutRoots(after) };
  const { verdict, stored } =
    repository === 'director'
      ? runOffline(refreshDirector({ ...input, trusted: kept }), served)
      : runOffline(refreshImageRepository({ ...input, trusted: kept }, { targets: [] }), served);
  if (verdict.kind === 'rejected') {
    const { code, role, reason } = verdict.rejection;
    reject(code, repository, role, reason);
  }
  for (const { role, bytes } of files) {
    // The machine never looked at what it didn't want to keep: such a file is unverified.
    const isWanted = stored.some((file) => file.role === role && file.bytes === bytes);
    if (bytes !== null && !isWanted && !equalBytes(bytes, kept[role])) {
      reject('METADATA_MISMATCH', repository, role, 'is not the file that the signed lists lead to');
    }
  }
}

/** @returns the roles whose files may be forgotten after the appended roots. */
function followAppended(
  context: VerificationContext,
  trusted: TrustedRepository,
  appended: readonly AppendedRoot[],
): ReadonlySet<KeptFile['role']> {
  const forgettable = new Set<KeptFile['role']>();
  let root: RootMetadata | null = trusted.roots.length === 0 ? null : openNewestRoot(context, trusted.roots);
  for (const { bytes, version } of appended) {
    const next: RootMetadata = root === null ? openSelfSignedRoot(context, bytes) : openNextRoot(context, root, bytes);
    if (next.version !== version) {
      const reason = `is kept as version ${version} but is version ${next.version}`;
      reject('METADATA_ROOT_CHAIN', context.repository, 'root', reason);
    }
    if (root !== null) {
      for (const { role } of filesToForget(context, root, next, trusted)) forgettable.add(role);
    }
    root = next;
  }
  return forgettable;
}

function withoutRoots({
  timestamp,
  snapshot,
  targets,
}: Omit<TrustedRepository, 'roots'>): Omit<TrustedRepository, 'roots'> {
  return { timestamp, snapshot, targets };
}

function withoutRoles(
  files: Omit<TrustedRepository, 'roots'>,
  forgotten: ReadonlySet<KeptFile['role']>,
): Omit<TrustedRepository, 'roots'> {
  const left = (role: KeptFile['role']): Uint8Array | null => (forgotten.has(role) ? null : files[role]);
  return { timestamp: left('timestamp'), snapshot: left('snapshot'), targets: left('targets') };
}

interface OfflineRun<Verdict> {
  readonly verdict: Verdict;
  /** What the machine verified and would have had kept. */
  readonly stored: readonly KeptFile[];
}

/** Drives a machine with stored bytes; there never is a newer root, and keeping is left to the caller. */
function runOffline<Verdict>(machine: Refreshing<Verdict>, files: TrustedRepository): OfflineRun<Verdict> {
  const stored: KeptFile[] = [];
  let step = machine.next();
  while (step.done !== true) {
    const request = step.value;
    if (request.kind === 'store') {
      stored.push(...request.files);
      step = machine.next({ kind: 'stored' });
      continue;
    }
    const bytes = request.role === 'root' ? null : files[request.role];
    step = machine.next(bytes === null ? { kind: 'absent' } : { kind: 'received', bytes });
  }
  return { verdict: step.value, stored };
}

function equalBytes(left: Uint8Array, right: Uint8Array | null): boolean {
  return left.length === right?.length && left.every((byte, index) => byte === right[index]);
}
