// For development only: never part of what runs on a device.
import type { PlainObject } from './canonical.js';
import type { Alteration } from './alteration.js';
import type { RoleName } from '../settings.js';
import { fileEntry, formatTime, signRole, type FileEntry, type RoleFile } from './role-document.js';
import type { RootKeeper } from './root-keeper.js';

/** Targets, snapshot and timestamp of one moment, which fit each other. */
export interface RoleChain {
  readonly targets: RoleFile;
  readonly snapshot: RoleFile;
  readonly timestamp: RoleFile;
}

/** Versions and times of a chain as they are kept. */
export interface KeptVersions {
  readonly targets: number;
  readonly snapshot: number;
  readonly timestamp: number;
}

/** What goes into the targets role: everything but type, version and date. */
export interface TargetsContent {
  readonly targets: PlainObject;
  readonly custom?: PlainObject;
}

/**
 * Signs a whole new chain, one version higher than the one before. All three are made at once: the servers of this
 * family do the same (backend.md 1.5), and none of the lists can then name an old file.
 */
export function signChain(
  keeper: RootKeeper,
  before: KeptVersions,
  content: TargetsContent,
  alteration: Alteration | null,
): RoleChain {
  const targets = signOne(keeper, 'targets', before.targets + 1, { ...content }, alteration);
  const root = keeper.newest();
  const snapshot = signOne(
    keeper,
    'snapshot',
    before.snapshot + 1,
    { meta: { 'root.json': entryOf(root), 'targets.json': listed(targets, 'targets', alteration) } },
    alteration,
  );
  const timestamp = signOne(
    keeper,
    'timestamp',
    before.timestamp + 1,
    { meta: { 'snapshot.json': listed(snapshot, 'snapshot', alteration) } },
    alteration,
  );
  return { targets, snapshot, timestamp };
}

/** Has a role of the chain less than an hour, or a tenth of its life, left? Then it is renewed on read. */
export function needsRenewal(keeper: RootKeeper, chain: RoleChain, now: number): boolean {
  return (['targets', 'snapshot', 'timestamp'] as const).some((role) => {
    const lifetime = keeper.lifetimeSeconds(role) * 1000;
    return chain[role].expiresAt - now < Math.min(3_600_000, lifetime / 10);
  });
}

function signOne(
  keeper: RootKeeper,
  role: Exclude<RoleName, 'root'>,
  version: number,
  content: PlainObject,
  alteration: Alteration | null,
): RoleFile {
  const expired = alteration?.kind === 'expired' && alteration.role === role;
  const now = keeper.now();
  const expiresAt = expired ? now - 60_000 : now + keeper.lifetimeSeconds(role) * 1000;
  const signed = {
    ...content,
    _type: `${role[0]?.toUpperCase() ?? ''}${role.slice(1)}`,
    expires: formatTime(expiresAt),
    version,
  };
  const spoilSignature = alteration?.kind === 'badSignature' && alteration.role === role;
  return { version, expiresAt, bytes: signRole(signed, keeper.keysOf(role), { spoilSignature }) };
}

function listed(file: RoleFile, role: 'targets' | 'snapshot', alteration: Alteration | null): PlainObject {
  const entry = fileEntry(file);
  if (alteration?.kind !== 'mixAndMatch' || alteration.role !== role) {
    return asObject(entry);
  }
  return asObject({ ...entry, hashes: { sha256: otherHash(entry.hashes.sha256) } });
}

function entryOf(file: RoleFile): PlainObject {
  return asObject(fileEntry(file));
}

function asObject(entry: FileEntry): PlainObject {
  return { hashes: { sha256: entry.hashes.sha256 }, length: entry.length, version: entry.version };
}

/** A SHA-256 in hex that is another one. */
export function otherHash(sha256: string): string {
  return (sha256.startsWith('0') ? '1' : '0') + sha256.slice(1);
}
