import type { FirstRoots } from '../../../src/agent/first-roots.js';
import type { ProvisioningSettings } from '../../../src/agent/provisioning-settings.js';
import { Provisioning } from '../../../src/agent/provisioning.js';
import { SotaError } from '../../../src/domain/errors/sota-error.js';
import type { CredentialReader } from '../../../src/ports/identity.js';
import { FakeClock } from '../../support/agent/fake-clock.js';
import { FakeHttp, reply } from '../../support/agent/fake-http.js';
import { FixedRandom } from '../../support/agent/fixed-random.js';
import { MemoryIdentity, signingKey } from '../../support/agent/memory-identity.js';
import { MemoryStateStore } from '../../support/agent/memory-state-store.js';
import { KeepingLogger } from '../../support/keeping-logger.js';

const usual: ProvisioningSettings = {
  mode: 'SharedCred',
  archivePath: '/var/sota/credentials.zip',
  archivePassword: 'secret-password',
  expiryDays: '36000',
  deviceId: null,
  primaryEcuSerial: null,
  hardwareId: 'board',
  keyType: 'ED25519',
  provisioningServer: 'https://gateway',
  ecuRegistrationEndpoint: 'https://gateway/director/ecus',
  directorServer: 'https://gateway/director',
  imageRepositoryServer: 'https://gateway/repo',
  importFolder: '/import',
  rootsFolder: '/roots',
  firstUse: 'provisioning',
  isDegraded: false,
};

const tls = { certificateAuthorities: 'ca', clientCertificate: 'leaf', clientKey: 'private' };
const devices = 'POST /devices';
const ecus = 'POST /director/ecus';

/** A server that hands out one credential for a device id, and remembers ECUs, as the real ones do. */
function server(): FakeHttp {
  const known = new Set<string>();
  let isRegistered = false;
  return new FakeHttp()
    .on(devices, ({ body = '' }) => {
      const { deviceId } = JSON.parse(body) as { deviceId: string };
      if (known.has(deviceId)) return reply(409, { code: 'device_already_registered', description: '' });
      known.add(deviceId);
      return reply(200, 'pkcs12');
    })
    .on(ecus, () => {
      if (isRegistered) return reply(409, { code: 'ecu_replacement_disabled', description: '' });
      isRegistered = true;
      return reply(201);
    });
}

function board(changes: Partial<ProvisioningSettings> = {}, http = server()) {
  const identity = new MemoryIdentity();
  const state = new MemoryStateStore();
  const logger = new KeepingLogger();
  const random = new FixedRandom();
  const settings = { ...usual, ...changes };
  let emptied = 0;
  let rootsFailure: Error | null = null;
  let archiveFailure: Error | null = null;
  const credentials: CredentialReader = {
    readSharedCredentials: () => Promise.resolve({ gatewayUrl: 'https://archive', tls }),
    readGatewayUrl: () => Promise.resolve('https://archive'),
    emptyArchive: () => {
      if (archiveFailure !== null) return Promise.reject(archiveFailure);
      emptied += 1;
      return Promise.resolve();
    },
    readPkcs12: () => tls,
    commonName: () => 'name-in-certificate',
  };
  const ensure = (): Promise<void> => (rootsFailure === null ? Promise.resolve() : Promise.reject(rootsFailure));
  const start = (more: Partial<ProvisioningSettings> = {}): Provisioning =>
    new Provisioning({
      settings: { ...settings, ...more },
      ...{ identity, credentials, state, logger, clock: new FakeClock(), random },
      httpFactory: { create: () => http.client() },
      // Only its one public method is used.
      firstRoots: { ensure } as unknown as FirstRoots,
    });
  return {
    ...{ identity, state, logger, http, start },
    emptied: () => emptied,
    failRoots: (error: Error | null) => (rootsFailure = error),
    failArchive: (error: Error | null) => (archiveFailure = error),
  };
}

test('a new device asks for a credential, registers its ECU and is on record', async () => {
  const { start, http, state, identity, emptied } = board();
  const device = await start().provision();
  expect(http.asked()).toEqual([devices, ecus]);
  expect(JSON.parse(http.bodies(devices)[0] ?? '')).toEqual({ deviceId: device.deviceId, ttl: '36000' });
  expect(JSON.parse(http.bodies(ecus)[0] ?? '')).toEqual({
    primary_ecu_serial: signingKey.keyId,
    ecus: [
      {
        ecu_serial: signingKey.keyId,
        hardware_identifier: 'board',
        clientKey: { keytype: 'ED25519', keyval: { public: signingKey.publicValue } },
      },
    ],
  });
  expect(identity.keptId).toBe(device.deviceId);
  expect(emptied()).toBe(1);
  expect(state.history.list(10)).toMatchObject([{ event: 'provisioned' }]);
});

test('what is done costs no request, in the same run or after a start', async () => {
  const { start, http, state } = board();
  const provisioning = start();
  await provisioning.provision();
  await provisioning.provision();
  await start().provision();
  expect(http.asked()).toEqual([devices, ecus]);
  expect(state.history.list(10)).toHaveLength(1);
});

test.each(['keepTls', 'keepDeviceId', 'primaryKey'] as const)('a kill before %s is made good', async (call) => {
  const { start, identity } = board();
  identity.killedBefore = call;
  await expect(start().provision()).rejects.toThrow('killed');
  identity.killedBefore = null;
  // A lost credential costs one more try, with another name of our own making.
  const device = await start()
    .provision()
    .catch(() => start().provision());
  expect(device.deviceId).toBe(identity.keptId);
});

test('after a kill between credential and id, the id is the one that was asked for', async () => {
  const { start, identity, http } = board();
  identity.killedBefore = 'keepDeviceId';
  await expect(start().provision()).rejects.toThrow('killed');
  identity.killedBefore = null;
  const { deviceId } = await start().provision();
  expect(JSON.parse(http.bodies(devices)[0] ?? '')).toMatchObject({ deviceId });
});

test('a name that the server has already: one of ours becomes another, a configured one is an error that stays', async () => {
  const taken = reply(409, { code: 'device_already_registered', description: '' });
  const own = board({}, server().on(devices, taken, reply(200, 'pkcs12')));
  await expect(own.start().provision()).rejects.toMatchObject({ code: 'DEVICE_ALREADY_REGISTERED' });
  await own.start().provision();
  const [first, second] = own.http.bodies(devices);
  expect(first).not.toBe(second);
  const fixed = board({ deviceId: 'fixed' }, server().on(devices, taken));
  for (let time = 0; time < 2; time += 1) {
    await expect(fixed.start().provision()).rejects.toMatchObject({ code: 'DEVICE_ALREADY_REGISTERED' });
  }
  expect(new Set(fixed.http.bodies(devices)).size).toBe(1);
});

test.each([
  [400, 'PROVISIONING_REFUSED'],
  [401, 'PROVISIONING_REFUSED'],
  [302, 'HTTP_STATUS'],
  [408, 'HTTP_STATUS'],
  [429, 'HTTP_STATUS'],
  [503, 'HTTP_STATUS'],
])('POST /devices answered by %d is %s', async (status, code) => {
  const { start } = board({}, new FakeHttp().on(devices, reply(status, '<html>')));
  await expect(start().provision()).rejects.toMatchObject({ code });
});

test.each([
  ['no archive is configured', { archivePath: null }],
  ['the mode wants a device credential', { mode: 'DeviceCred' as const }],
])('%s: CREDENTIALS_MISSING', async (_, changes) => {
  await expect(board(changes).start().provision()).rejects.toMatchObject({ code: 'CREDENTIALS_MISSING' });
});

test('without any server: an error that says what to set, and no key is made', async () => {
  const { start, identity } = board({ ecuRegistrationEndpoint: null });
  await expect(start().provision()).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' });
  expect(identity.keysMade).toBe(0);
});

test('an archive that can not be written is warned of once, and no reason to stay away', async () => {
  const { start, failArchive, logger } = board();
  failArchive(new SotaError('FILE_UNREADABLE', { message: 'read-only' }));
  const provisioning = start();
  await provisioning.provision();
  await provisioning.provision();
  expect(logger.lines.filter(({ level }) => level === 'warning')).toHaveLength(1);
});

test('a shared credential that is to be used again stays in the archive', async () => {
  const { start, emptied } = board({ mode: 'SharedCredReuse' });
  await start().provision();
  expect(emptied()).toBe(0);
});

test('roots that are missing leave the device unprovisioned, and the next try goes on there', async () => {
  const { start, failRoots, http, state } = board();
  failRoots(new SotaError('ROOT_MISSING', { message: 'none' }));
  await expect(start().provision()).rejects.toMatchObject({ code: 'ROOT_MISSING' });
  expect(state.history.list(1)).toEqual([]);
  failRoots(null);
  await start().provision();
  expect(http.asked()).toEqual([devices, ecus]);
});

describe('a degraded configuration', () => {
  test('neither registers nor makes keys', async () => {
    const { start, http, identity } = board({ isDegraded: true });
    await expect(start().provision()).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' });
    expect(http.asked()).toEqual([]);
    expect(identity.keysMade).toBe(0);
  });

  test('goes on as the device that was registered, whatever it says now', async () => {
    const { start, http } = board();
    const before = await start().provision();
    const { deviceId, ecuSerial, hardwareId } = await start({ isDegraded: true, hardwareId: 'wrong' }).provision();
    expect({ deviceId, ecuSerial, hardwareId }).toEqual({
      deviceId: before.deviceId,
      ecuSerial: before.ecuSerial,
      hardwareId: 'board',
    });
    expect(http.asked()).toEqual([devices, ecus]);
  });
});

test('a start knows the device without any network', async () => {
  const { start } = board();
  const before = start();
  expect(before.device).toBeNull();
  await before.provision();
  const after = start();
  await after.load();
  expect(after.device?.deviceId).toBe(before.device?.deviceId);
  expect(after.http).not.toBeNull();
});

test('loading makes no key on a device that was never registered', async () => {
  const { start, identity } = board();
  identity.keptTls = tls;
  await start().load();
  expect(identity.keysMade).toBe(0);
});

test('nothing secret is logged', async () => {
  const { start, logger } = board();
  await start().provision();
  const text = JSON.stringify(logger.lines);
  for (const secret of ['secret-password', 'private', 'pkcs12']) expect(text).not.toContain(secret);
});

describe('POST /director/ecus', () => {
  const taken = reply(409, { code: 'ecu_replacement_disabled', description: '' });

  test('a lost answer: what the server has already is our own earlier try', async () => {
    const http = server().on(ecus, new SotaError('NETWORK_TIMEOUT', { message: 'lost' }), taken);
    const { start } = board({ primaryEcuSerial: 'serial-1' }, http);
    await expect(start().provision()).rejects.toMatchObject({ code: 'NETWORK_TIMEOUT' });
    await expect(start().provision()).resolves.toMatchObject({ ecuSerial: 'serial-1' });
  });

  test('a configured serial that the server has of somebody else stays an error', async () => {
    const { start } = board({ primaryEcuSerial: 'serial-1' }, server().on(ecus, taken));
    for (let time = 0; time < 3; time += 1) {
      await expect(start().provision()).rejects.toMatchObject({ code: 'ECU_ALREADY_REGISTERED' });
    }
  });

  test("a serial that is our key's id is ours, also when our state was lost", async () => {
    const { start } = board({}, server().on(ecus, taken));
    await expect(start().provision()).resolves.toMatchObject({ ecuSerial: signingKey.keyId });
  });

  test('another hardware id than the registered one is no lost answer', async () => {
    const { start } = board();
    await start().provision();
    await expect(start({ hardwareId: 'other' }).provision()).rejects.toMatchObject({ code: 'ECU_ALREADY_REGISTERED' });
  });

  test.each([
    [400, 'PROVISIONING_REFUSED'],
    [412, 'PROVISIONING_REFUSED'],
    [429, 'HTTP_STATUS'],
    [500, 'HTTP_STATUS'],
  ])('answered by %d is %s', async (status, code) => {
    const { start } = board({}, server().on(ecus, reply(status)));
    await expect(start().provision()).rejects.toMatchObject({ code });
  });
});
