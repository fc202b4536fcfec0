import type { Cryptography } from '../domain/uptane/cryptography.js';
import { defaultMetadataLimits } from '../domain/uptane/limits.js';
import { verifyTrustChange } from '../domain/uptane/offline-verification.js';
import { otaProfile } from '../domain/uptane/profile.js';
import { rejectionError } from './metadata-session.js';
import type { MetadataGuard } from './privileged-local.js';

/**
 * The privileged side judges for itself, by the very machine that refreshes, what the resident part hands over
 * (design rule 16).
 * @param now milliseconds since the epoch, as for every expiry.
 */
export function metadataGuard(cryptography: Cryptography, now: () => number): MetadataGuard {
  return (trusted, change) => {
    if (change.appendRoots === undefined && change.files === undefined) return;
    const verdict = verifyTrustChange(
      {
        director: trusted.director,
        image: trusted.image,
        profile: otaProfile,
        cryptography,
        limits: defaultMetadataLimits,
        trustedNowMilliseconds: now(),
      },
      change,
    );
    if (!verdict.ok) throw rejectionError(verdict.error);
  };
}
