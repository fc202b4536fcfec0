import type { KeyGenerationType } from '../ports/identity.js';

/** What of the configuration provisioning needs. URLs are null where nothing names a server. */
export interface ProvisioningSettings {
  readonly mode: 'SharedCred' | 'SharedCredReuse' | 'DeviceCred';
  /** credentials.zip. */
  readonly archivePath: string | null;
  readonly archivePassword: string;
  readonly expiryDays: string;
  readonly deviceId: string | null;
  readonly primaryEcuSerial: string | null;
  readonly hardwareId: string;
  readonly keyType: KeyGenerationType;
  readonly provisioningServer: string | null;
  readonly ecuRegistrationEndpoint: string | null;
  readonly directorServer: string | null;
  readonly imageRepositoryServer: string | null;
  readonly importFolder: string;
  readonly rootsFolder: string;
  readonly firstUse: 'provisioning' | 'never';
  /** The configuration has mistakes in its safety keys: nothing is registered, no key made (design rule 12). */
  readonly isDegraded: boolean;
}
