// For development only: never part of what runs on a device.
import { join } from 'node:path';
import { readIfPresent, readState, writeDurably, writeState } from '../storage/durable-files.js';
import { roleNames, type BackendSettings, type RepositoryName, type RoleName } from '../settings.js';
import type { PlainObject } from './canonical.js';
import { generateStoredKey, type StoredKey } from './keys.js';
import { formatTime, signRole, type RoleFile } from './role-document.js';

/** Keys and root chain of one repository, kept in the state folder. */
export class RootKeeper {
  private readonly roots: RoleFile[] = [];
  private readonly keys = new Map<RoleName, StoredKey>();

  constructor(
    readonly repository: RepositoryName,
    private readonly settings: BackendSettings,
  ) {
    for (let version = 1; ; version += 1) {
      const bytes = readIfPresent(this.rootPath(version));
      if (bytes === null) {
        break;
      }
      this.roots.push({ version, bytes, expiresAt: readRoot(bytes).expiresAt });
    }
    if (this.roots.length === 0) {
      roleNames.forEach((role) => this.makeKey(role));
      this.addRoot([this.keyOf('root')], {});
    } else {
      const { keyIds } = readRoot(this.newest().bytes);
      roleNames.forEach((role) => this.openKey(role, keyIds[role]));
    }
  }

  now(): number {
    return this.settings.now();
  }

  lifetimeSeconds(role: RoleName): number {
    return this.settings.expiries[role];
  }

  keysOf(role: RoleName): readonly StoredKey[] {
    return [this.keyOf(role)];
  }

  /** The root of this version, or null: a 404 is the normal end of every chain. */
  root(version: number): RoleFile | null {
    return this.roots[version - 1] ?? null;
  }

  /**
   * Renews a root that soon expires, or begins or ends the fault of an expired one: always by a next root, since a
   * client never looks at the old one again.
   * @returns whether there is a next root.
   */
  settle(wantsExpired: boolean): boolean {
    const left = this.newest().expiresAt - this.now();
    const isSpent = left < Math.min(3_600_000, this.lifetimeSeconds('root') * 100);
    if (wantsExpired ? left < 0 : !isSpent) {
      return false;
    }
    this.rotate([], { expired: wantsExpired });
    return true;
  }

  /** A next root whose signature is wrong; it isn't kept. */
  spoiledNext(): Buffer {
    const expiresAt = this.now() + this.lifetimeSeconds('root') * 1000;
    return signRole(this.describe(this.roots.length + 1, expiresAt), this.keysOf('root'), { spoilSignature: true });
  }

  newest(): RoleFile {
    const root = this.roots.at(-1);
    if (root === undefined) {
      throw new Error(`${this.repository} has no root`);
    }
    return root;
  }

  /**
   * A next root with new keys for these roles, signed by the old and the new root key (Uptane 5.4.4.3).
   * An expired one is a fault.
   */
  rotate(roles: readonly RoleName[], options: { readonly expired?: boolean } = {}): RoleFile {
    const oldRootKey = this.keyOf('root');
    roles.forEach((role) => this.makeKey(role));
    const newRootKey = this.keyOf('root');
    const signers = newRootKey.keyId === oldRootKey.keyId ? [newRootKey] : [oldRootKey, newRootKey];
    return this.addRoot(signers, options);
  }

  private addRoot(signers: readonly StoredKey[], options: { readonly expired?: boolean }): RoleFile {
    const version = this.roots.length + 1;
    const now = this.now();
    const expiresAt = options.expired === true ? now - 60_000 : now + this.lifetimeSeconds('root') * 1000;
    const bytes = signRole(this.describe(version, expiresAt), signers);
    writeDurably(this.rootPath(version), bytes);
    const root = { version, bytes, expiresAt };
    this.roots.push(root);
    return root;
  }

  private describe(version: number, expiresAt: number): PlainObject {
    const keys: Record<string, PlainObject> = {};
    const roles: Record<string, PlainObject> = {};
    for (const role of roleNames) {
      const key = this.keyOf(role);
      keys[key.keyId] = { keytype: key.document.keytype, keyval: { public: key.document.keyval.public } };
      roles[role] = { keyids: [key.keyId], threshold: 1 };
    }
    return { _type: 'Root', consistent_snapshot: false, expires: formatTime(expiresAt), keys, roles, version };
  }

  /** The newest root says which key a role has, so that a kill between key and root does no harm. */
  private openKey(role: RoleName, keyId: string): void {
    const path = this.keyPath(role, keyId);
    const kept = readState(path) as StoredKey | null;
    if (kept === null) {
      throw new Error(`the state folder lacks the key ${path}`);
    }
    this.keys.set(role, kept);
  }

  private makeKey(role: RoleName): void {
    const made = generateStoredKey(this.settings.keyType);
    writeState(this.keyPath(role, made.keyId), made);
    this.keys.set(role, made);
  }

  private keyOf(role: RoleName): StoredKey {
    const key = this.keys.get(role);
    if (key === undefined) {
      throw new Error(`no key for ${role}`);
    }
    return key;
  }

  private keyPath(role: RoleName, keyId: string): string {
    return join(this.settings.folder, 'keys', this.repository, `${role}.${keyId.slice(0, 16)}.json`);
  }

  private rootPath(version: number): string {
    return join(this.settings.folder, this.repository, `${version}.root.json`);
  }
}

/** What we need of our own root. */
function readRoot(bytes: Buffer): { readonly expiresAt: number; readonly keyIds: Record<RoleName, string> } {
  const { signed } = JSON.parse(bytes.toString('utf8')) as {
    signed: { expires: string; roles: Record<RoleName, { keyids: [string] }> };
  };
  const keyIds = { root: '', targets: '', snapshot: '', timestamp: '' };
  for (const role of roleNames) {
    keyIds[role] = signed.roles[role].keyids[0];
  }
  return { expiresAt: Date.parse(signed.expires), keyIds };
}
