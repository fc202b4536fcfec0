/** Root metadata (Uptane 5.2.2): who signs for which role. */
import type { JsonReader } from '../json/json-reader.js';
import type { PublicKey } from './cryptography.js';
import type { Role } from './rejection.js';
import { openMetadata, type SignedMetadata, type VerificationContext } from './signed-metadata.js';
import { requireThreshold, type RoleKeys } from './threshold.js';

export interface RootBody {
  readonly roles: Readonly<Record<Role, RoleKeys>>;
}

export type RootMetadata = SignedMetadata<RootBody>;

const maximumThreshold = 1000;

/** Opens a root; its signatures are still to be checked. */
export function openRoot(context: VerificationContext, bytes: Uint8Array): RootMetadata {
  return openMetadata(context, 'root', bytes, context.limits.rootBytes, (signed) => readRoot(context, signed));
}

/** Opens a root that is signed by a threshold of its own keys. */
export function openSelfSignedRoot(context: VerificationContext, bytes: Uint8Array): RootMetadata {
  const root = openRoot(context, bytes);
  requireThreshold(context, root, root.body.roles.root, 'METADATA_SIGNATURE', 'its own root role');
  return root;
}

/** Were the keys or the threshold of a role replaced (fast-forward recovery, Uptane 5.4.4.3 step 8)? */
export function isRotated(
  context: VerificationContext,
  before: RootMetadata,
  after: RootMetadata,
  role: Role,
): boolean {
  return signature(context, before.body.roles[role]) !== signature(context, after.body.roles[role]);
}

/** A text that is equal for equal sets of key material and equal thresholds. */
function signature(context: VerificationContext, role: RoleKeys): string {
  const materials = [...role.keys.values()].map((key) => {
    const judgement = context.cryptography.judge(key);
    return judgement.usable ? judgement.material : `${key.keyType}:${key.publicValue}`;
  });
  return [role.threshold, ...[...new Set(materials)].sort()].join('\n');
}

function readRoot(context: VerificationContext, signed: JsonReader): RootBody {
  const { profile, limits } = context;
  const keys = new Map<string, PublicKey>();
  for (const [keyId, reader] of signed.member('keys').members(limits.keysPerRoot)) {
    if (!profile.isKeyId(keyId)) reader.refuse('has a name that is not a key id');
    const key = profile.readKey(reader);
    if (key !== null) keys.set(keyId, key);
  }
  // Other roles may be there (offline-updates, remote-sessions) and are nothing to us (backend.md 1.5).
  const roles = signed.member('roles');
  const readRole = (role: Role): RoleKeys => readRoleKeys(roles.member(role), keys, limits.keysPerRoot);
  return {
    roles: {
      root: readRole('root'),
      timestamp: readRole('timestamp'),
      snapshot: readRole('snapshot'),
      targets: readRole('targets'),
    },
  };
}

/** An id without a key, or a threshold above their number, makes the role unmet and not the root wrong. */
function readRoleKeys(role: JsonReader, keys: ReadonlyMap<string, PublicKey>, maximumKeys: number): RoleKeys {
  const threshold = role.member('threshold').integer(1, maximumThreshold);
  const keyIds = role.member('keyids').elements(maximumKeys);
  const seen = new Set<string>();
  const ofRole = new Map<string, PublicKey>();
  for (const reader of keyIds) {
    const keyId = reader.text(128);
    if (seen.has(keyId)) reader.refuse('names a key twice');
    seen.add(keyId);
    const key = keys.get(keyId);
    if (key !== undefined) ofRole.set(keyId, key);
  }
  return { threshold, keys: ofRole };
}
