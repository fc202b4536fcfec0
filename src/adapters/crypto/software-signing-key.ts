/** Signing keys whose private part is a PEM text on this machine. */
import {
  constants,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair as generateNodeKeyPair,
  sign,
  type KeyObject,
} from 'node:crypto';
import { promisify } from 'node:util';
import { SotaError } from '../../domain/errors/sota-error.js';
import { printCanonicalOta } from '../../domain/json/canonical-ota.js';
import type { KeyGenerationType } from '../../ports/identity.js';
import type { SigningKey } from '../../ports/keys.js';
import { ed25519WireForm } from './ed25519-public-key.js';
import { rsaPublicKey } from './rsa-public-key.js';

/** A new key pair: what must be kept, and what signs. */
export interface GeneratedKeyPair {
  /** PKCS#8, not encrypted: a secret. */
  readonly privateKeyPem: string;
  readonly signingKey: SigningKey;
}

const generate = promisify(generateNodeKeyPair);
const signInBackground = promisify(sign);

/** Makes a key pair; RSA4096 takes seconds on a small board, outside of the event loop. */
export async function generateKeyPair(type: KeyGenerationType): Promise<GeneratedKeyPair> {
  const { privateKey } =
    type === 'ED25519'
      ? await generate('ed25519')
      : await generate('rsa', { modulusLength: Number(type.slice('RSA'.length)), publicExponent: 65537 });
  const privateKeyPem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  return { privateKeyPem, signingKey: signingKeyFromPem(privateKeyPem) };
}

/**
 * The signing key of a private key's PEM text (PKCS#8 or PKCS#1, not encrypted).
 * @throws SotaError IDENTITY_DAMAGED when it is none, or of a kind that metadata don't know.
 */
export function signingKeyFromPem(privateKeyPem: string): SigningKey {
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(privateKeyPem);
  } catch {
    // The cause is left out: OpenSSL's texts may quote what they read.
    throw new SotaError('IDENTITY_DAMAGED', { message: 'the private key is not a PEM private key' });
  }
  const publicKey = createPublicKey(privateKey);
  if (privateKey.asymmetricKeyType === 'ed25519') {
    return signingKey('ED25519', ed25519WireForm(publicKey), (message) => signInBackground(null, message, privateKey));
  }
  const publicPem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
  const judged = rsaPublicKey(publicPem);
  if (typeof judged === 'string') throw new SotaError('IDENTITY_DAMAGED', { message: `the private key: ${judged}` });
  return signingKey('RSA', publicPem, (message) =>
    signInBackground('sha256', message, {
      key: privateKey,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      // As long as the digest, as the ancestor signs (its -1 means that to OpenSSL, though its comment says "maximum"):
      // the servers of the family verify with exactly this length (Bouncy Castle's SHA256withRSAandMGF1).
      saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
    }),
  );
}

/** The key id of aktualizr: SHA-256 of the canonical JSON of the public value without its last newlines. */
export function keyIdOf(publicValue: string): string {
  return createHash('sha256')
    .update(printCanonicalOta(publicValue.replace(/\n+$/, '')))
    .digest('hex');
}

function signingKey(
  keyType: SigningKey['keyType'],
  publicValue: string,
  signBytes: (message: Buffer) => Promise<Buffer>,
): SigningKey {
  return {
    keyId: keyIdOf(publicValue),
    keyType,
    publicValue,
    method: keyType === 'RSA' ? 'rsassa-pss' : 'ed25519',
    sign: async (message) => (await signBytes(Buffer.from(message, 'utf8'))).toString('base64'),
  };
}
