/** Stored files as the floor below which no version may fall; they may be expired (TUF 5.4.3, Uptane 5.4.4.4). */
import { reject, verdictOf } from './rejection.js';
import type { SignedMetadata, VerificationContext } from './signed-metadata.js';
import { requireThreshold, type RoleKeys } from './threshold.js';

/**
 * @returns null when nothing is stored, or when it doesn't verify under today's root: then it must not stand in the
 * way of what does.
 */
export function openStored<Metadata extends SignedMetadata<unknown>>(
  context: VerificationContext,
  bytes: Uint8Array | null,
  role: RoleKeys,
  open: (bytes: Uint8Array) => Metadata,
): Metadata | null {
  if (bytes === null) return null;
  const opened = verdictOf(() => {
    const metadata = open(bytes);
    requireThreshold(context, metadata, role);
    return metadata;
  });
  return opened.ok ? opened.value : null;
}

/** @throws RejectedMetadata METADATA_ROLLBACK when a version is lower than the stored one. */
export function requireNotOlder(
  context: VerificationContext,
  metadata: SignedMetadata<unknown>,
  stored: SignedMetadata<unknown> | null,
): void {
  if (stored === null || metadata.version >= stored.version) return;
  const reason = `version ${metadata.version} after ${stored.version}`;
  reject('METADATA_ROLLBACK', context.repository, metadata.role, reason);
}
