/**
 * What differs between families of servers. The profile comes from the configuration, never from the data: whoever
 * could choose the canonical form could choose what was signed (uptane.md 3). A `tuf` profile is to come.
 */
import { printCanonicalOta } from '../json/canonical-ota.js';
import type { JsonReader } from '../json/json-reader.js';
import { isJsonObject, type JsonValue } from '../json/json-value.js';
import { decodeBase64 } from './base64.js';
import type { PublicKey } from './cryptography.js';
import type { Role } from './rejection.js';

export interface MetadataSignature {
  /** Opaque: never worked out from the key (uptane.md 3). */
  readonly keyId: string;
  /** null when its text is no base64; such a signature doesn't count. */
  readonly bytes: Uint8Array | null;
}

export interface Profile {
  readonly name: 'ota';
  readonly maximumVersion: number;
  /** The text that is signed. */
  canonicalText(value: JsonValue): string;
  /** What the hash in a list above is computed over; the canonical text of the signed part is at hand already. */
  listedText(document: JsonValue, signedText: string, bytes: Uint8Array): string | Uint8Array;
  /** Does the `_type` of a file name the role? */
  isTypeOf(type: string, role: Role): boolean;
  isKeyId(keyId: string): boolean;
  /** null for a kind of key that can't verify anything here: it never counts. */
  readKey(key: JsonReader): PublicKey | null;
  readSignature(signature: JsonReader): MetadataSignature;
}

const methods: ReadonlySet<string> = new Set(['rsassa-pss', 'rsassa-pss-sha256', 'ed25519']);

/** aktualizr, ota-tuf and their family (aktualizr.md 4). */
export const otaProfile: Profile = {
  name: 'ota',
  maximumVersion: Number.MAX_SAFE_INTEGER,
  canonicalText: printCanonicalOta,
  listedText: wholeText,
  isTypeOf: (type, role) => type.toLowerCase() === role,
  isKeyId: (keyId) => /^(?:[0-9a-fA-F]{2}){1,64}$/.test(keyId),
  readKey: (key) => {
    const keyType = key.member('keytype').text(64).toUpperCase();
    const publicValue = key.member('keyval').member('public').text();
    return keyType === 'RSA' || keyType === 'ED25519' ? { keyType, publicValue } : null;
  },
  readSignature: (signature) => {
    const method = signature.member('method');
    // The key decides the algorithm; but a method that this family doesn't know makes the file a foreign one.
    if (!methods.has(method.text(64).toLowerCase())) method.refuse('is no known signature method');
    return { keyId: readKeyId(signature.member('keyid')), bytes: decodeBase64(signature.member('sig').text()) };
  },
};

/** The canonical text of a whole file, without printing megabytes of targets a second time. */
function wholeText(document: JsonValue, signedText: string): string {
  const signatures = isJsonObject(document) && document.size === 2 ? document.get('signatures') : undefined;
  if (signatures === undefined) return printCanonicalOta(document);
  return `{"signatures":${printCanonicalOta(signatures)},"signed":${signedText}}`;
}

function readKeyId(reader: JsonReader): string {
  const keyId = reader.text(128);
  if (!otaProfile.isKeyId(keyId)) reader.refuse('is not a key id');
  return keyId;
}
