/**
 * Makes this device known to its server (aktualizr.md 2). Each step looks at what is already durable, so that it can be
 * cut and repeated anywhere; a failure is a state with a reason, tried again with the next poll, never an exit.
 */
import { SotaError } from '../domain/errors/sota-error.js';
import { formatUtcTime } from '../domain/uptane/utc-time.js';
import type { Clock } from '../ports/clock.js';
import type { Http, HttpFactory, HttpReply, TlsIdentity } from '../ports/http.js';
import type { CredentialReader, IdentityStore } from '../ports/identity.js';
import type { StateStore } from '../ports/journal.js';
import type { SigningKey } from '../ports/keys.js';
import type { Logger } from '../ports/logger.js';
import type { Random } from '../ports/random.js';
import { registeredEcu, registerEcus } from './ecu-registration.js';
import { asSotaError } from './failure.js';
import type { FirstRoots } from './first-roots.js';
import type { ProvisioningSettings } from './provisioning-settings.js';
import { isServersOwn, isSuccess, serverError, statusError } from './server-reply.js';

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
  private known: Provisioned | null = null;
  private hasWarnedOfArchive = false;

  constructor(parts: ProvisioningParts) {
    this.parts = parts;
  }

  /** The client with the device's identity, once there is one. */
  get http(): Http | null {
    return this.client;
  }

  /** The device as its server knows it; null until it was provisioned, in this run or an earlier one. */
  get device(): Provisioned | null {
    return this.known;
  }

  /**
   * Loads what an earlier run came to: TLS material, so that even the first request after a reboot has it, and who the
   * device is, so that one without a network doesn't look unprovisioned.
   */
  async load(): Promise<void> {
    const { identity, settings, state } = this.parts;
    const tls = await identity.tls();
    if (tls === null) return;
    this.client ??= this.parts.httpFactory.create(tls);
    const deviceId = await identity.deviceId();
    const registered = registeredEcu(state);
    if (deviceId === null || registered === null) return;
    const key = await identity.primaryKey(settings.keyType);
    this.known = { deviceId, ecuSerial: registered.serial, hardwareId: registered.hardwareId, key, http: this.client };
  }

  /**
   * All steps, in order; what is done already costs nothing but reads.
   * @throws SotaError of the group provisioning, or the network's.
   */
  async provision(): Promise<Provisioned> {
    const { settings, identity, state, firstRoots } = this.parts;
    if (settings.isDegraded) return this.asBefore();
    const tls = (await identity.tls()) ?? (await this.obtainTls());
    this.client ??= this.parts.httpFactory.create(tls);
    const deviceId = await this.deviceId(tls);
    await this.emptyArchive();
    const endpoint = required(settings.ecuRegistrationEndpoint);
    const key = await identity.primaryKey(settings.keyType);
    const ecuSerial = settings.primaryEcuSerial ?? key.keyId;
    const ecu = { serial: ecuSerial, hardwareId: settings.hardwareId, key };
    await registerEcus({ state, http: this.client, endpoint, ecu });
    await firstRoots.ensure(this.client);
    this.record(deviceId, ecuSerial);
    this.known = { deviceId, ecuSerial, hardwareId: settings.hardwareId, key, http: this.client };
    return this.known;
  }

  /** A degraded configuration may be wrong about everything here: it neither registers nor makes keys (design rule 12). */
  private async asBefore(): Promise<Provisioned> {
    await this.load();
    if (this.known !== null) return this.known;
    throw new SotaError('CONFIGURATION_INVALID', {
      message:
        'the configuration is degraded, and this device is not provisioned yet: it neither registers nor makes keys',
    });
  }

  /** For `sotactl history`. */
  private record(deviceId: string, ecuSerial: string): void {
    const { state, clock, logger } = this.parts;
    if (state.values.get('provisionedDevice') === deviceId) return;
    const text = `provisioned as ${deviceId}, primary ECU ${ecuSerial}`;
    state.transaction(() => {
      state.values.set('provisionedDevice', deviceId);
      const time = formatUtcTime(clock.wallMilliseconds());
      state.history.add({ time, event: 'provisioned', correlationId: null, target: null, code: null, text });
    });
    logger.info(text);
  }

  /** Only once the device's own credential is durable. An archive that can't be written is no reason to stay away. */
  private async emptyArchive(): Promise<void> {
    const { settings, credentials, logger } = this.parts;
    if (settings.mode !== 'SharedCred' || settings.archivePath === null) return;
    try {
      await credentials.emptyArchive(settings.archivePath);
    } catch (error) {
      const { code, message } = asSotaError(error);
      const text = `the shared credential could not be taken out of ${settings.archivePath}: ${message}`;
      if (!this.hasWarnedOfArchive) logger.warning(text, { code });
      this.hasWarnedOfArchive = true;
    }
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
    // The name that we asked for ourselves, also when a kill came before it was kept.
    const deviceId = settings.deviceId ?? this.parts.state.values.get('intendedDeviceId') ?? named;
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
    if (!isSuccess(reply)) throw this.refusal(deviceId, reply);
    const tls = credentials.readPkcs12(reply.body, '');
    // Before the id: an id that is kept can't be changed, and without its credential nothing goes on.
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

  private refusal(deviceId: string, reply: HttpReply): SotaError {
    const { settings, state } = this.parts;
    const cause = statusError('POST /devices', reply);
    if (serverError(reply).code !== 'device_already_registered') {
      return isServersOwn(reply) ? cause : new SotaError('PROVISIONING_REFUSED', { message: cause.message, cause });
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
