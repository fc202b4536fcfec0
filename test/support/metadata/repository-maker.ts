/** Makes signed repositories in memory, as the servers of the family write them, with knobs to break each part. */
import { createHash } from 'node:crypto';
import { printCanonicalOta } from '../../../src/domain/json/canonical-ota.js';
import { fromPlainValue } from '../../../src/domain/json/plain-value.js';
import type { Role } from '../../../src/domain/uptane/rejection.js';
import type { TrustedRepository } from '../../../src/domain/uptane/trusted-metadata.js';
import { ed25519Key, type MetadataKey } from './metadata-keys.js';

type Plain = Record<string, unknown>;

export interface RoleDefinition {
  readonly keys: readonly MetadataKey[];
  readonly threshold: unknown;
}

export type RoleDefinitions = Readonly<Record<Role, RoleDefinition>>;

const typeOf: Readonly<Record<Role, string>> = {
  root: 'Root',
  timestamp: 'Timestamp',
  snapshot: 'Snapshot',
  targets: 'Targets',
};

/** One new Ed25519 key a role. */
export function newRoles(changes: Partial<RoleDefinitions> = {}): RoleDefinitions {
  const role = (): RoleDefinition => ({ keys: [ed25519Key()], threshold: 1 });
  return { root: role(), timestamp: role(), snapshot: role(), targets: role(), ...changes };
}

export const farFuture = '2040-01-01T00:00:00Z';

export const canonical = (value: unknown): string => printCanonicalOta(fromPlainValue(value));
export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
export const sha256 = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex');

/** Signs a plain object with keys. */
export function signed(content: Plain, keys: readonly MetadataKey[]): Uint8Array {
  return bytesOf(canonical({ signatures: signaturesOf(content, keys), signed: content }));
}

export function signaturesOf(content: Plain, keys: readonly MetadataKey[]): Plain[] {
  const text = canonical(content);
  return keys.map((key) => ({ keyid: key.keyId, method: key.method, sig: key.sign(text) }));
}

export function rootContent(version: number, roles: RoleDefinitions, changes: Plain = {}): Plain {
  const keys: Plain = {};
  const roleEntries: Plain = {};
  for (const [name, role] of Object.entries(roles)) {
    for (const key of role.keys) keys[key.keyId] = { keytype: key.keyType, keyval: { public: key.publicValue } };
    roleEntries[name] = { keyids: role.keys.map((key) => key.keyId), threshold: role.threshold };
  }
  const content = { _type: typeOf.root, consistent_snapshot: false, expires: farFuture, keys, roles: roleEntries };
  return { ...content, version, ...changes };
}

/** A root signed by its own keys and, when given, those of the root before. */
export function makeRoot(
  version: number,
  roles: RoleDefinitions,
  before?: RoleDefinitions,
  changes?: Plain,
): Uint8Array {
  const signers = new Map([...roles.root.keys, ...(before?.root.keys ?? [])].map((key) => [key.keyId, key]));
  return signed(rootContent(version, roles, changes), [...signers.values()]);
}

export interface RoleFile {
  readonly version?: unknown;
  readonly expires?: unknown;
  /** Replaces or adds members of the signed part. */
  readonly changes?: Plain;
  /** Sign with these instead of the keys of the role. */
  readonly keys?: readonly MetadataKey[];
}

export function makeTargets(roles: RoleDefinitions, targets: Plain, file: RoleFile = {}): Uint8Array {
  return makeRole(roles, 'targets', { targets }, file);
}

/** `listed` are the files by name with their bytes and versions. */
export function makeSnapshot(
  roles: RoleDefinitions,
  listed: Readonly<Record<string, { bytes: Uint8Array; version: unknown; changes?: Plain }>>,
  file: RoleFile = {},
): Uint8Array {
  const entries = Object.entries(listed).map(([name, { bytes, version, changes }]) => [
    name,
    { hashes: { sha256: sha256(bytes) }, length: bytes.length, version, ...changes },
  ]);
  return makeRole(roles, 'snapshot', { meta: Object.fromEntries(entries) as Plain }, file);
}

export function makeTimestamp(
  roles: RoleDefinitions,
  snapshot: Uint8Array,
  snapshotVersion: unknown,
  file: RoleFile & { readonly entry?: Plain } = {},
): Uint8Array {
  const entry = { hashes: { sha256: sha256(snapshot) }, length: snapshot.length, version: snapshotVersion };
  return makeRole(roles, 'timestamp', { meta: { 'snapshot.json': { ...entry, ...file.entry } } }, file);
}

function makeRole(roles: RoleDefinitions, role: Role, body: Plain, file: RoleFile): Uint8Array {
  const { version = 1, expires = farFuture, changes = {}, keys = roles[role].keys } = file;
  return signed({ _type: typeOf[role], expires, version, ...body, ...changes }, keys);
}

export interface ImageRepositoryOptions {
  readonly targets: Plain;
  /** Of targets, snapshot and timestamp alike. */
  readonly version?: number;
  readonly targetsFile?: RoleFile;
  readonly snapshotFile?: RoleFile;
  readonly timestampFile?: RoleFile & { readonly entry?: Plain };
}

/** The files of a whole image repository by name, without roots. */
export function makeImageFiles(roles: RoleDefinitions, options: ImageRepositoryOptions): Map<string, Uint8Array> {
  const version = options.version ?? 1;
  const targets = makeTargets(roles, options.targets, { version, ...options.targetsFile });
  const listed = { 'targets.json': { bytes: targets, version: options.targetsFile?.version ?? version } };
  const snapshot = makeSnapshot(roles, listed, { version, ...options.snapshotFile });
  const snapshotVersion = options.snapshotFile?.version ?? version;
  const timestamp = makeTimestamp(roles, snapshot, snapshotVersion, { version, ...options.timestampFile });
  return new Map([
    ['targets.json', targets],
    ['snapshot.json', snapshot],
    ['timestamp.json', timestamp],
  ]);
}

export function trustedWith(
  roots: readonly Uint8Array[],
  files: Partial<Record<'timestamp' | 'snapshot' | 'targets', Uint8Array>> = {},
): TrustedRepository {
  return {
    roots: roots.map((bytes, index) => ({ version: index + 1, bytes })),
    timestamp: files.timestamp ?? null,
    snapshot: files.snapshot ?? null,
    targets: files.targets ?? null,
  };
}
