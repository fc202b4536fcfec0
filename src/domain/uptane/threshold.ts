/** The signatures of a file against the keys of its role (Uptane 5.4.4.3 to 5.4.4.6, TUF 5.3.4). */
import type { ErrorCode } from '../errors/catalogue.js';
import type { PublicKey } from './cryptography.js';
import { reject } from './rejection.js';
import type { SignedMetadata, VerificationContext } from './signed-metadata.js';

/** Who may sign for a role. */
export interface RoleKeys {
  readonly threshold: number;
  /** By opaque key id. Ids without a key, and keys of unknown kinds, are not among them. */
  readonly keys: ReadonlyMap<string, PublicKey>;
}

/**
 * Counts keys by their material: one key under two ids is one signer. Signatures of others and broken ones don't count.
 * @throws RejectedMetadata with the given code when fewer than the threshold remain.
 */
export function requireThreshold(
  context: VerificationContext,
  metadata: SignedMetadata<unknown>,
  role: RoleKeys,
  code: ErrorCode = 'METADATA_SIGNATURE',
  whose = 'its role',
): void {
  const { cryptography, repository } = context;
  const message = new TextEncoder().encode(metadata.signedText);
  const signers = new Set<string>();
  const notes: string[] = [];
  for (const { keyId, bytes } of metadata.signatures) {
    const key = role.keys.get(keyId);
    if (key === undefined) continue;
    const judgement = cryptography.judge(key);
    if (!judgement.usable) {
      notes.push(judgement.reason);
    } else if (bytes !== null && !signers.has(judgement.material) && cryptography.verify(key, message, bytes)) {
      signers.add(judgement.material);
      if (signers.size >= role.threshold) return;
    }
  }
  const note = notes[0] === undefined ? '' : ` (${notes[0]})`;
  const count = `${signers.size} of ${role.threshold} needed signatures of ${whose} are valid${note}`;
  reject(code, repository, metadata.role, count);
}
