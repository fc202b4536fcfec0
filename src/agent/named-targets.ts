/**
 * What the privileged side believes of a commit: only what the metadata say that it verified and keeps itself. A
 * resident part that was taken over can't make it pull or deploy anything else (design rules 16 and 17).
 */
import { SotaError } from '../domain/errors/sota-error.js';
import type { Cryptography } from '../domain/uptane/cryptography.js';
import { defaultMetadataLimits } from '../domain/uptane/limits.js';
import { planFromStoredMetadata } from '../domain/uptane/offline-verification.js';
import { otaProfile } from '../domain/uptane/profile.js';
import type { PlannedTarget } from '../domain/uptane/update-plan.js';
import type { TlsIdentity } from '../ports/http.js';
import type { PullSource } from '../ports/operating-system-tree.js';
import type { TrustStore } from '../ports/trust.js';
import { rejectionError } from './metadata-session.js';

export interface NamedTargetsParts {
  readonly trust: TrustStore;
  readonly cryptography: Cryptography;
  readonly now: () => number;
  /** Serial and hardware id of each ECU of this device. */
  readonly ecus: () => Promise<ReadonlyMap<string, string>>;
}

export class NamedTargets {
  private readonly parts: NamedTargetsParts;

  constructor(parts: NamedTargetsParts) {
    this.parts = parts;
  }

  /**
   * The target whose content is this commit, verified in both repositories.
   * @throws SotaError TARGET_UNKNOWN when no trusted metadata name it, or the refusal of the metadata.
   */
  async require(commit: string): Promise<PlannedTarget> {
    const { trust, cryptography, now, ecus } = this.parts;
    const { director, image } = await trust.load();
    const plan = planFromStoredMetadata(
      {
        director,
        image,
        profile: otaProfile,
        cryptography,
        limits: defaultMetadataLimits,
        trustedNowMilliseconds: now(),
      },
      await ecus(),
      new Map(),
    );
    if (!plan.ok) throw rejectionError(plan.error);
    const target = plan.value.targets.find(({ hashes }) => hashes.sha256 === commit);
    if (target !== undefined) return target;
    throw new SotaError('TARGET_UNKNOWN', {
      message: `no trusted metadata assign the commit ${commit} to this device`,
    });
  }
}

/**
 * Where to pull a target from: its own URI, else the configured treehub. The device's credential goes to the treehub's
 * origin only (uptane.md 5).
 * @throws SotaError METADATA_MALFORMED for a URI that is no https URL.
 */
export function pullSourceOf(target: PlannedTarget, treehub: string, tls: TlsIdentity): PullSource {
  if (target.uri === null) return { url: treehub, tls };
  const url = URL.canParse(target.uri) ? new URL(target.uri) : null;
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '') {
    throw new SotaError('METADATA_MALFORMED', { message: `the URI of ${target.name} is no https URL` });
  }
  const isOwn = URL.canParse(treehub) && new URL(treehub).origin === url.origin;
  return { url: target.uri, tls: isOwn ? tls : { certificateAuthorities: tls.certificateAuthorities } };
}
