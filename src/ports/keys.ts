/** A key pair that signs for an ECU. The private part may live where nobody can read it. */
export interface SigningKey {
  /** Hex SHA-256 of the canonical JSON of the public value, as aktualizr computes it (aktualizr.md 4.3). */
  readonly keyId: string;
  readonly keyType: 'RSA' | 'ED25519';
  /** SPKI PEM for RSA, 64 hex digits (upper case) for Ed25519: the form of the wire. */
  readonly publicValue: string;
  readonly method: 'rsassa-pss' | 'ed25519';
  /** @returns base64. */
  sign(message: string): Promise<string>;
}
