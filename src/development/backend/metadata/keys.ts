// For development only: never part of what runs on a device.
import {
  constants,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';

/** Keys of metadata and of ECUs, in the forms of the wire (aktualizr.md 4.3). */

/** A public key as it stands in root metadata and in an ECU's registration. */
export interface PublicKeyDocument {
  readonly keytype: 'RSA' | 'ED25519';
  readonly keyval: { readonly public: string };
}

/** A key of the backend as it is kept: the private part is PKCS#8 PEM. */
export interface StoredKey {
  readonly keyId: string;
  readonly document: PublicKeyDocument;
  readonly privatePem: string;
}

export interface SignatureDocument {
  readonly keyid: string;
  readonly method: string;
  readonly sig: string;
}

/** The DER before the 32 bytes of an Ed25519 public key. */
const ed25519Prefix = Buffer.from('302a300506032b6570032100', 'hex');

export function generateStoredKey(keyType: 'ed25519' | 'rsa'): StoredKey {
  const pair =
    keyType === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('rsa', { modulusLength: 2048 });
  const der = pair.publicKey.export({ type: 'spki', format: 'der' });
  const document: PublicKeyDocument =
    keyType === 'ed25519'
      ? { keytype: 'ED25519', keyval: { public: der.subarray(ed25519Prefix.length).toString('hex') } }
      : { keytype: 'RSA', keyval: { public: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString() } };
  return {
    keyId: createHash('sha256').update(der).digest('hex'),
    document,
    privatePem: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** Ed25519, or RSASSA-PSS with SHA-256. */
export function signWith(key: StoredKey, message: Buffer): SignatureDocument {
  const privateKey = createPrivateKey(key.privatePem);
  if (key.document.keytype === 'ED25519') {
    return { keyid: key.keyId, method: 'ed25519', sig: sign(null, message, privateKey).toString('base64') };
  }
  const signature = sign('sha256', message, {
    key: privateKey,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  });
  return { keyid: key.keyId, method: 'rsassa-pss-sha256', sig: signature.toString('base64') };
}

/** Why a public key can't be used, or null when it can. */
export function faultOfPublicKey(document: PublicKeyDocument): string | null {
  const key = readPublicKey(document);
  if (key === null) {
    return `the public key can't be read as ${document.keytype}`;
  }
  const bits = key.asymmetricKeyDetails?.modulusLength;
  return bits !== undefined && bits < 2048 ? `an RSA key of ${bits} bits is too short` : null;
}

/** Is the signature of an ECU's key right? The salt of RSA-PSS has 32 bytes, as for ota-tuf; the key id doesn't count. */
export function isSignatureValid(document: PublicKeyDocument, message: Buffer, signature: SignatureDocument): boolean {
  const key = readPublicKey(document);
  if (key === null) {
    return false;
  }
  const bytes = Buffer.from(signature.sig, 'base64');
  const method = signature.method.toLowerCase();
  if (document.keytype === 'ED25519') {
    return method === 'ed25519' && verify(null, message, key, bytes);
  }
  if (method !== 'rsassa-pss' && method !== 'rsassa-pss-sha256') {
    return false;
  }
  const options = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  return verify('sha256', message, options, bytes);
}

function readPublicKey(document: PublicKeyDocument): KeyObject | null {
  const text = document.keyval.public;
  try {
    if (document.keytype === 'RSA') {
      const key = createPublicKey(text);
      return key.asymmetricKeyType === 'rsa' ? key : null;
    }
    if (!/^[0-9a-fA-F]{64}$/.test(text)) {
      return null;
    }
    const der = Buffer.concat([ed25519Prefix, Buffer.from(text, 'hex')]);
    return createPublicKey({ key: der, format: 'der', type: 'spki' });
  } catch {
    // What Node can't read as a key isn't one: the caller says so.
    return null;
  }
}
