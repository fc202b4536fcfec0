// For development only: never part of what runs on a device.
import { createHash } from 'node:crypto';
import { canonicalBytes, type PlainObject } from './canonical.js';
import { signWith, type StoredKey } from './keys.js';

/** What a list of files says about one of them. */
export interface FileEntry {
  readonly hashes: { readonly sha256: string };
  readonly length: number;
  readonly version: number;
}

/** Signed bytes of a role with what others need to know of them. */
export interface RoleFile {
  readonly version: number;
  readonly expiresAt: number;
  readonly bytes: Buffer;
}

/** Signs `signed` with each key; the bytes are those that are served (aktualizr.md 4.1). */
export function signRole(
  signed: PlainObject,
  keys: readonly StoredKey[],
  options: { readonly spoilSignature?: boolean } = {},
): Buffer {
  const message = canonicalBytes(signed);
  const signatures = keys.map((key) => {
    const signature = signWith(key, message);
    return options.spoilSignature === true ? { ...signature, sig: spoil(signature.sig) } : signature;
  });
  return canonicalBytes({ signatures: signatures.map((one) => ({ ...one })), signed });
}

/** Another signature of the same form. */
function spoil(base64: string): string {
  const bytes = Buffer.from(base64, 'base64');
  bytes[5] = (bytes[5] ?? 0) ^ 0xff;
  return bytes.toString('base64');
}

export function fileEntry(file: { readonly bytes: Buffer; readonly version: number }): FileEntry {
  return {
    hashes: { sha256: createHash('sha256').update(file.bytes).digest('hex') },
    length: file.bytes.length,
    version: file.version,
  };
}

/** `YYYY-MM-DDTHH:MM:SSZ`, 20 characters. */
export function formatTime(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}
