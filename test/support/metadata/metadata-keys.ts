/** Real key pairs for signed test metadata, synchronous, so that a test builds a repository in one expression. */
import { constants, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { keyIdOf } from '../../../src/adapters/crypto/software-signing-key.js';

export interface MetadataKey {
  readonly keyId: string;
  readonly keyType: string;
  readonly publicValue: string;
  readonly method: string;
  sign(text: string): string;
}

export function ed25519Key(): MetadataKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const publicValue = publicKey.export({ format: 'der', type: 'spki' }).subarray(12).toString('hex').toUpperCase();
  return {
    keyId: keyIdOf(publicValue),
    keyType: 'ED25519',
    publicValue,
    method: 'ed25519',
    sign: (text) => sign(null, Buffer.from(text), privateKey).toString('base64'),
  };
}

export function rsaKey(modulusLength = 2048): MetadataKey {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength });
  const publicValue = publicKey.export({ format: 'pem', type: 'spki' }).toString();
  return {
    keyId: keyIdOf(publicValue),
    keyType: 'RSA',
    publicValue,
    method: 'rsassa-pss-sha256',
    sign: (text) => signPss(text, privateKey),
  };
}

/** The same key under another id. */
export function underId(key: MetadataKey, keyId: string): MetadataKey {
  return { ...key, keyId };
}

function signPss(text: string, key: KeyObject): string {
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return sign('sha256', Buffer.from(text), { key, padding, saltLength: 32 }).toString('base64');
}
