/** From the newest trusted root to the newest one of the server (Uptane 5.4.4.3, TUF 5.3). */
import { verdictOf, reject, type Rejection } from './rejection.js';
import { fetchOptional, store, type Refreshing } from './refresh-machine.js';
import { isRotated, openRoot, openSelfSignedRoot, type RootMetadata } from './root.js';
import { requireUnexpired, type VerificationContext } from './signed-metadata.js';
import { requireThreshold } from './threshold.js';
import type { Result } from '../result.js';
import type { KeptFile, RepositoryName, TrustedRepository, TrustedRoot } from './trusted-metadata.js';

/** The newest root, and what is left of the other stored files under it. */
export interface FollowedRoot {
  readonly root: RootMetadata;
  readonly files: Omit<TrustedRepository, 'roots'>;
}

/**
 * Fetches root N+1 until there is none, each stored before the next is asked for. Only the last one must not be
 * expired: a device that slept for years follows the chain.
 */
export function* followRootChain(context: VerificationContext, trusted: TrustedRepository): Refreshing<FollowedRoot> {
  const { repository, limits } = context;
  let root = openNewestRoot(context, trusted.roots);
  let files: FollowedRoot['files'] = trusted;
  for (let followed = 0; ; followed += 1) {
    const version = root.version + 1;
    const bytes = yield* fetchOptional(context, 'root', `${version}.root.json`, limits.rootBytes);
    if (bytes === null) break;
    if (followed === limits.rootsPerRefresh) {
      reject('METADATA_ROOT_CHAIN', repository, 'root', `more than ${followed} new roots; the next refresh goes on`);
    }
    const next = openNextRoot(context, root, bytes);
    const forgotten = filesToForget(context, root, next, files);
    yield* store([{ repository, version, bytes }], forgotten);
    files = withoutForgotten(files, forgotten);
    root = next;
  }
  requireUnexpired(context, root);
  return { root, files };
}

/**
 * Judges the very first root of a repository: well formed and signed by a threshold of its own keys. It may be
 * expired, for the chain leads on from it; trust in it comes from where it was found.
 */
export function verifyFirstRoot(
  bytes: Uint8Array,
  repository: RepositoryName,
  verification: Pick<VerificationContext, 'profile' | 'cryptography' | 'limits'>,
): Result<TrustedRoot, Rejection> {
  // Time plays no part here.
  const context: VerificationContext = { ...verification, repository, trustedNowMilliseconds: 0 };
  return verdictOf(() => ({ version: openSelfSignedRoot(context, bytes).version, bytes }));
}

/** The newest trusted root, verified against itself. @throws RejectedMetadata ROOT_MISSING when there is none. */
export function openNewestRoot(context: VerificationContext, roots: readonly TrustedRoot[]): RootMetadata {
  const newest = roots.at(-1);
  if (newest === undefined) return reject('ROOT_MISSING', context.repository, 'root', 'no root is trusted yet');
  return openSelfSignedRoot(context, newest.bytes);
}

/** A root that follows: version N+1, a threshold of N's keys and of its own (Uptane 5.4.4.3 steps 3 to 5). */
export function openNextRoot(context: VerificationContext, trusted: RootMetadata, bytes: Uint8Array): RootMetadata {
  const next = openRoot(context, bytes);
  const version = trusted.version + 1;
  if (next.version !== version) {
    const reason = `version ${next.version} where ${version} follows`;
    reject('METADATA_ROOT_CHAIN', context.repository, 'root', reason);
  }
  const trustedRole = `root ${trusted.version}`;
  requireThreshold(context, next, trusted.body.roles.root, 'METADATA_ROOT_CHAIN', trustedRole);
  requireThreshold(context, next, next.body.roles.root, 'METADATA_ROOT_CHAIN', `root ${version}`);
  return next;
}

/**
 * Fast-forward recovery (Uptane 5.4.4.3 step 8): whoever stole keys may have signed a huge version; with the keys the
 * memory of it goes. The timestamp and snapshot list each other's versions and go together; a snapshot also lists the
 * targets' version and goes with their keys.
 */
export function filesToForget(
  context: VerificationContext,
  before: RootMetadata,
  after: RootMetadata,
  stored: FollowedRoot['files'],
): readonly KeptFile[] {
  const rotated = (role: KeptFile['role']): boolean => isRotated(context, before, after, role);
  const listsRotated = rotated('timestamp') || rotated('snapshot');
  const roles: readonly KeptFile['role'][] = [
    ...(listsRotated ? (['timestamp'] as const) : []),
    ...(listsRotated || rotated('targets') ? (['snapshot'] as const) : []),
    ...(rotated('targets') ? (['targets'] as const) : []),
  ];
  return roles
    .filter((role) => stored[role] !== null)
    .map((role) => ({ repository: context.repository, role, bytes: null }));
}

function withoutForgotten(files: FollowedRoot['files'], forgotten: readonly KeptFile[]): FollowedRoot['files'] {
  const isForgotten = (role: KeptFile['role']): boolean => forgotten.some((file) => file.role === role);
  return {
    timestamp: isForgotten('timestamp') ? null : files.timestamp,
    snapshot: isForgotten('snapshot') ? null : files.snapshot,
    targets: isForgotten('targets') ? null : files.targets,
  };
}
