import { SotaError } from '../../domain/errors/sota-error.js';
import type { Files } from '../../ports/files.js';
import type { TlsIdentity } from '../../ports/http.js';
import type { IdentityStore, KeyGenerationType } from '../../ports/identity.js';
import type { SigningKey } from '../../ports/keys.js';
import type { Logger } from '../../ports/logger.js';
import { KeptGroup } from './kept-group.js';
import { checkTlsIdentity } from './tls-check.js';

/** Makes and loads the keys that this store keeps; the technology is another adapter's. */
export interface SigningKeyMaker {
  generate(keyType: KeyGenerationType): Promise<{ readonly privateKeyPem: string }>;
  /** @throws when it is no key. */
  load(privateKeyPem: string): SigningKey;
}

export interface IdentityStoreOptions {
  /** `<storage.path>/identity`. */
  readonly folder: string;
  /** `<storage.path>/identity.copy`, or on another file system where the board has one. */
  readonly copyFolder: string;
  readonly files: Files;
  readonly keys: SigningKeyMaker;
  readonly logger: Logger;
}

const authoritiesName = 'tls-ca.pem';
const certificateName = 'client.pem';
const tlsKeyName = 'pkey.pem';
const deviceIdName = 'device-id';
const primaryKeyName = 'ecukey.pem';

/** Who the device is, as files with checksums and a copy: a damaged one is mended from the other. */
export class FileIdentityStore implements IdentityStore {
  private readonly deviceIdGroup: KeptGroup;
  private readonly tlsGroup: KeptGroup;
  private readonly keyGroup: KeptGroup;
  private queue: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: IdentityStoreOptions) {
    const folders: readonly [string, string] = [options.folder, options.copyFolder];
    this.deviceIdGroup = new KeptGroup(options.files, folders, deviceIdName, options.logger);
    this.tlsGroup = new KeptGroup(options.files, folders, 'tls', options.logger);
    this.keyGroup = new KeptGroup(options.files, folders, 'ecukey', options.logger);
  }

  deviceId(): Promise<string | null> {
    return this.inTurn(async () => (await this.deviceIdGroup.read())?.get(deviceIdName)?.trimEnd() ?? null);
  }

  /** @throws SotaError CONFIGURATION_INVALID when another id is kept already. */
  keepDeviceId(deviceId: string): Promise<void> {
    return this.inTurn(async () => {
      if (deviceId.trim() !== deviceId || deviceId === '' || deviceId.length > 1_000) {
        throw new SotaError('CONFIGURATION_INVALID', { message: `"${deviceId}" is no device id` });
      }
      const kept = (await this.deviceIdGroup.read())?.get(deviceIdName)?.trimEnd();
      if (kept === deviceId) return;
      if (kept !== undefined) {
        throw new SotaError('CONFIGURATION_INVALID', {
          message: `this device already is "${kept}" and can not become "${deviceId}"`,
          hint: 'Take provision.device_id back, or provision the device again from an empty storage folder.',
        });
      }
      await this.deviceIdGroup.write(new Map([[deviceIdName, `${deviceId}\n`]]));
    });
  }

  tls(): Promise<TlsIdentity | null> {
    return this.inTurn(async () => {
      const contents = await this.tlsGroup.read();
      return contents === null ? null : tlsOf(contents);
    });
  }

  /**
   * Replaces what is kept: a certificate may be renewed, and a damaged one may be provisioned again.
   * @throws SotaError CREDENTIALS_INVALID when key and certificate don't belong together; nothing is changed then.
   */
  keepTls(identity: TlsIdentity): Promise<void> {
    return this.inTurn(async () => {
      checkTlsIdentity(identity);
      const contents = new Map([[authoritiesName, identity.certificateAuthorities]]);
      if (identity.clientCertificate !== undefined) contents.set(certificateName, identity.clientCertificate);
      if (identity.clientKey !== undefined) contents.set(tlsKeyName, identity.clientKey);
      await this.tlsGroup.write(contents);
    });
  }

  /** A key that is kept stays, whatever type is asked for: the server knows this device by it. */
  primaryKey(keyType: KeyGenerationType): Promise<SigningKey> {
    return this.inTurn(async () => {
      const kept = (await this.keyGroup.read())?.get(primaryKeyName);
      if (kept !== undefined) return this.loadKey(kept);
      const { privateKeyPem } = await this.options.keys.generate(keyType);
      const key = this.loadKey(privateKeyPem);
      await this.keyGroup.write(new Map([[primaryKeyName, privateKeyPem]]));
      return key;
    });
  }

  private loadKey(privateKeyPem: string): SigningKey {
    try {
      return this.options.keys.load(privateKeyPem);
    } catch {
      // What lies behind may quote the key: it doesn't go on.
      throw new SotaError('IDENTITY_DAMAGED', { message: `${primaryKeyName} holds no key of this device` });
    }
  }

  /** Calls run one after another, so that two can't generate two keys. */
  private inTurn<Value>(action: () => Promise<Value>): Promise<Value> {
    const result = this.queue.then(action);
    this.queue = result.catch(() => undefined);
    return result;
  }
}

function tlsOf(contents: ReadonlyMap<string, string>): TlsIdentity {
  const certificateAuthorities = contents.get(authoritiesName);
  const clientCertificate = contents.get(certificateName);
  const clientKey = contents.get(tlsKeyName);
  if (certificateAuthorities === undefined) {
    throw new SotaError('IDENTITY_DAMAGED', { message: `${authoritiesName} is not among the kept TLS files` });
  }
  return {
    certificateAuthorities,
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
    ...(clientKey === undefined ? {} : { clientKey }),
  };
}
