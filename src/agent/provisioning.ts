/**
 * Makes this device known to its server (aktualizr.md 2). Each step looks at what is already durable, so that it can be
 * cut and repeated anywhere; a failure is a state with a reason, tried again with the next poll, never an exit.
 */
import { SotaError } from '../domain/errors/sota-error.js';
import type { Clock } from '../ports/clock.js';
import type { Http, HttpFactory, TlsIdentity } from '../ports/http.js';
import type { CredentialReader, IdentityStore } from '../ports/identity.js';
import type { StateStore } from '../ports/journal.js';
import type { SigningKey } from '../ports/keys.js';
import type { Logger } from '../ports/logger.js';
import type { Random } from '../ports/random.js';
import { registerEcus } from './ecu-registration.js';
import type { FirstRoots } from './first-roots.js';
import type { ProvisioningSettings } from './provisioning-settings.js';
import { isSuccess, serverError, statusError } from './server-reply.js';

/** A device that its server knows. */
export interface Provisioned {
  readonly deviceId: string;
  readonly ecuSerial: string;
  readonly hardwareId: string;
  readonly key: SigningKey;
  readonly http: Http;
}

export interface ProvisioningParts {
  readonly settings: ProvisioningSettings;
  readonly identity: IdentityStore;
  readonly credentials: CredentialReader;
  readonly httpFactory: HttpFactory;
  readonly state: StateStore;
  readonly firstRoots: FirstRoots;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Of a reply to POST /devices (aktualizr.md 2.3). */
const mostPkcs12Bytes = 64 * 1024;
const deadlineSeconds = 60;

export class Provisioning {
  private readonly parts: ProvisioningParts;
  private client: (Http & { close(): void }) | null = null;

  constructor(parts: ProvisioningParts) {
    this.parts = parts;
  }

  /** The client with the device's identity, once there is one. */
  get http(): Http | null {
    return this.client;
  }

  /** Loads the TLS material of an earlier run, so that even the first request after a reboot has it. */
  async load(): Promise<void> {
    const tls = await this.parts.identity.tls();
    if (tls !== null) this.client ??= this.parts.httpFactory.create(tls);
  }

  /**
   * All steps, in order; what is done already costs nothing but reads.
   * @throws SotaError of the group provisioning, or the network's.
   */
  async provision(): Promise<Provisioned> {
    const { settings, identity, state, firstRoots } = this.parts;
    const tls = (await identity.tls()) ?? (await this.obtainTls());
    this.client ??= this.parts.httpFactory.create(tls);
    const deviceId = await this.deviceId(tls);
    if (settings.mode === 'SharedCred' && settings.archivePath !== null) {
      // Only now: the device's own credential is durable.
      await this.parts.credentials.emptyArchive(settings.archivePath);
    }
    const key = await identity.primaryKey(settings.keyType);
    const ecuSerial = settings.primaryEcuSerial ?? key.keyId;
    const ecu = { serial: ecuSerial, hardwareId: settings.hardwareId, key };
    await registerEcus({ state, http: this.client, endpoint: required(settings.ecuRegistrationEndpoint), ecu });
    await firstRoots.ensure(this.client);
    return { deviceId, ecuSerial, hardwareId: settings.hardwareId, key, http: this.client };
  }

  /** Forgets connections. */
  close(): void {
    this.client?.close();
    this.client = null;
  }

  private async deviceId(tls: TlsIdentity): Promise<string> {
    const { identity, settings, credentials } = this.parts;
    const kept = await identity.deviceId();
    if (kept !== null) return kept;
    const named = tls.clientCertificate === undefined ? null : credentials.commonName(tls.clientCertificate);
    const deviceId = settings.deviceId ?? named;
    if (deviceId === null) {
      throw new SotaError('CREDENTIALS_INVALID', { message: "the device's certificate has no common name" });
    }
    await identity.keepDeviceId(deviceId);
    return deviceId;
  }

  private async obtainTls(): Promise<TlsIdentity> {
    const { settings, credentials } = this.parts;
    if (settings.mode === 'DeviceCred') {
      throw new SotaError('CREDENTIALS_MISSING', {
        message: 'provision.mode is DeviceCred, but there is no device credential in the storage',
        hint: 'Import of device credentials is not supported by this version: set provision.provision_path.',
      });
    }
    if (settings.archivePath === null) {
      throw new SotaError('CREDENTIALS_MISSING', { message: 'provision.provision_path is not set' });
    }
    const shared = await credentials.readSharedCredentials(settings.archivePath, settings.archivePassword);
    const server = settings.provisioningServer ?? shared.gatewayUrl;
    const bootstrap = this.parts.httpFactory.create(shared.tls);
    try {
      return await this.requestCredential(bootstrap, server);
    } finally {
      bootstrap.close();
    }
  }

  /** aktualizr.md 2.3: the server makes key and certificate. */
  private async requestCredential(http: Http, server: string): Promise<TlsIdentity> {
    const { identity, credentials, logger, settings } = this.parts;
    const deviceId = settings.deviceId ?? (await this.intendedDeviceId());
    logger.info(`provisioning: asking ${server} for a credential as ${deviceId}`);
    const reply = await http.request({
      method: 'POST',
      url: `${server}/devices`,
      body: JSON.stringify({ deviceId, ttl: settings.expiryDays }),
      contentType: 'application/json',
      maximumBytes: mostPkcs12Bytes,
      deadlineSeconds,
    });
    if (!isSuccess(reply)) throw this.refusal(deviceId, serverError(reply).code, statusError('POST /devices', reply));
    const tls = credentials.readPkcs12(reply.body, '');
    await identity.keepDeviceId(deviceId);
    await identity.keepTls(tls);
    return tls;
  }

  /** An id of our own making, kept before it is used, so that a repeated try asks for the same one. */
  private async intendedDeviceId(): Promise<string> {
    const kept = (await this.parts.identity.deviceId()) ?? this.parts.state.values.get('intendedDeviceId');
    if (kept !== null) return kept;
    const made = this.parts.random.uuid();
    this.parts.state.values.set('intendedDeviceId', made);
    return made;
  }

  private refusal(deviceId: string, code: string, cause: SotaError): SotaError {
    const { settings, state } = this.parts;
    if (code !== 'device_already_registered') {
      const isTransient = /answered (429|5\d\d)/.test(cause.message);
      return isTransient ? cause : new SotaError('PROVISIONING_REFUSED', { message: cause.message, cause });
    }
    // The reply to an earlier try was lost; a name of our own making can simply be another one.
    if (settings.deviceId === null) state.values.set('intendedDeviceId', this.parts.random.uuid());
    return new SotaError('DEVICE_ALREADY_REGISTERED', {
      message: `the server knows a device ${deviceId} already`,
      ...(settings.deviceId === null ? { hint: 'The next try uses another device id.' } : {}),
      cause,
    });
  }
}

function required(endpoint: string | null): string {
  if (endpoint !== null) return endpoint;
  throw new SotaError('CONFIGURATION_INVALID', {
    message: 'no server is known: set tls.server, tls.server_url_path or provision.provision_path',
  });
}
