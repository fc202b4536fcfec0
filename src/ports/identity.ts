import type { TlsIdentity } from './http.js';
import type { SigningKey } from './keys.js';

/** Who this device is: write-once files with a copy. Read errors are IDENTITY_DAMAGED, absence is null. */
export interface IdentityStore {
  deviceId(): Promise<string | null>;
  /** Keeps the id; once one is kept, another is refused. */
  keepDeviceId(deviceId: string): Promise<void>;
  tls(): Promise<TlsIdentity | null>;
  keepTls(identity: TlsIdentity): Promise<void>;
  /** The Uptane key of the primary, generated and kept at the first call. */
  primaryKey(keyType: KeyGenerationType): Promise<SigningKey>;
}

export type KeyGenerationType = 'RSA2048' | 'RSA3072' | 'RSA4096' | 'ED25519';

/** What a credentials archive holds for a device (aktualizr.md 2.1). */
export interface SharedCredentials {
  /** Trimmed `autoprov.url`. */
  readonly gatewayUrl: string;
  readonly tls: TlsIdentity;
}

/** The credentials archive and PKCS#12. */
export interface CredentialReader {
  /** @throws SotaError CREDENTIALS_MISSING (no archive, or already emptied), CREDENTIALS_INVALID. */
  readSharedCredentials(archivePath: string, password: string): Promise<SharedCredentials>;
  /** The gateway URL alone; null when there is no archive or no such entry. */
  readGatewayUrl(archivePath: string): Promise<string | null>;
  /** Takes the shared credential out of the archive, durably; nothing happens when it is gone already. */
  emptyArchive(archivePath: string): Promise<void>;
  /** @throws SotaError CREDENTIALS_INVALID when key, certificate or authority is missing or they don't fit. */
  readPkcs12(bytes: Buffer, password: string): TlsIdentity;
  /** The common name of the first certificate of a PEM text, or null. */
  commonName(certificatePem: string): string | null;
}
