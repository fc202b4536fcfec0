/** The domain's `Cryptography` over node:crypto (OpenSSL). */
import { constants, createHash, verify, type KeyObject } from 'node:crypto';
import type { Cryptography, DigestAlgorithm, KeyJudgement, PublicKey } from '../../domain/uptane/cryptography.js';
import { ed25519PublicKey } from './ed25519-public-key.js';
import { rsaPublicKey } from './rsa-public-key.js';

interface ParsedKey {
  readonly key: KeyObject | null;
  readonly judgement: KeyJudgement;
}

/** Keys that may come in one root document (256), for two repositories and their next roots. */
const maximumKeptKeys = 1024;

export class NodeCryptography implements Cryptography {
  /** Parsing a PEM text costs six times as much as a verification with it. */
  private readonly kept = new Map<string, ParsedKey>();

  digest(algorithm: DigestAlgorithm, bytes: Uint8Array): string {
    return createHash(algorithm).update(bytes).digest('hex');
  }

  judge(key: PublicKey): KeyJudgement {
    return this.parsed(key).judgement;
  }

  verify(key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
    const { key: keyObject, judgement } = this.parsed(key);
    if (keyObject === null || !judgement.usable || signature.length !== judgement.signatureLengthBytes) return false;
    if (key.keyType === 'ED25519') return verify(null, message, keyObject, signature);
    return verify(
      'sha256',
      message,
      {
        key: keyObject,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        // Servers of this family differ in their salt length.
        saltLength: constants.RSA_PSS_SALTLEN_AUTO,
      },
      signature,
    );
  }

  private parsed(key: PublicKey): ParsedKey {
    const name = `${key.keyType}:${key.publicValue}`;
    const known = this.kept.get(name);
    if (known !== undefined) return known;
    if (this.kept.size >= maximumKeptKeys) this.kept.clear();
    const parsed = parse(key);
    this.kept.set(name, parsed);
    return parsed;
  }
}

function parse(key: PublicKey): ParsedKey {
  const keyObject = key.keyType === 'ED25519' ? ed25519PublicKey(key.publicValue) : rsaPublicKey(key.publicValue);
  if (typeof keyObject === 'string') return { key: null, judgement: { usable: false, reason: keyObject } };
  const der = keyObject.export({ format: 'der', type: 'spki' });
  const material = `${key.keyType}:${createHash('sha256').update(der).digest('hex')}`;
  const modulusBits = keyObject.asymmetricKeyDetails?.modulusLength ?? 0;
  const signatureLengthBytes = key.keyType === 'ED25519' ? 64 : Math.ceil(modulusBits / 8);
  return { key: keyObject, judgement: { usable: true, material, signatureLengthBytes } };
}
