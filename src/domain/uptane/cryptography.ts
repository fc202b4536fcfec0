/** What the verification needs of cryptography: synchronous, deterministic, without keys of its own. */

/** The digests that metadata list (aktualizr.md 4.2). */
export type DigestAlgorithm = 'sha256' | 'sha512';

/** A public key as metadata carry it (aktualizr.md 4.3). */
export interface PublicKey {
  readonly keyType: 'RSA' | 'ED25519';
  /** SPKI PEM for RSA, 64 hex digits for Ed25519. */
  readonly publicValue: string;
}

/** Can anything be verified with a key, and which key is it in truth? */
export type KeyJudgement =
  | {
      readonly usable: true;
      /** Equal for two writings of the same key, different for different keys: thresholds count these. */
      readonly material: string;
      readonly signatureLengthBytes: number;
    }
  | { readonly usable: false; readonly reason: string };

export interface Cryptography {
  /** @returns lower-case hex. */
  digest(algorithm: DigestAlgorithm, bytes: Uint8Array): string;
  /** Never throws: what can't be parsed, is too weak or accepts any signature is not usable. */
  judge(key: PublicKey): KeyJudgement;
  /** RSA-PSS with SHA-256 and any salt length, or Ed25519, by the type of the key. False for an unusable key. */
  verify(key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean;
}
