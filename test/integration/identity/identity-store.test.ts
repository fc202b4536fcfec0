import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeFiles } from '../../../src/adapters/files/node-files.js';
import { FileIdentityStore, type SigningKeyMaker } from '../../../src/adapters/identity/identity-store.js';
import { secureStorageFolder } from '../../../src/adapters/identity/storage-folder.js';
import { SotaError } from '../../../src/domain/errors/sota-error.js';
import type { Files } from '../../../src/ports/files.js';
import { makeCertificate, type TestCertificate } from '../../support/certificates.js';
import { KeepingLogger } from '../../support/keeping-logger.js';

let certificates: string;
let authority: TestCertificate;
let device: TestCertificate;
let renewed: TestCertificate;
let base: string;
let folder: string;
let copyFolder: string;
let logger: KeepingLogger;
let generated: number;

beforeAll(() => {
  certificates = mkdtempSync(join(tmpdir(), 'sotad-certificates-'));
  authority = makeCertificate(certificates, 'authority');
  device = makeCertificate(certificates, 'device');
  renewed = makeCertificate(certificates, 'renewed');
});

afterAll(() => rmSync(certificates, { recursive: true, force: true }));

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'sotad-identity-'));
  folder = join(base, 'identity');
  copyFolder = join(base, 'identity.copy');
  logger = new KeepingLogger();
  generated = 0;
});

afterEach(() => rmSync(base, { recursive: true, force: true }));

/** Real keys by node:crypto; the product's maker is another adapter. */
const keys: SigningKeyMaker = {
  generate: () => {
    generated += 1;
    const { privateKey } = generateKeyPairSync('ed25519');
    return Promise.resolve({ privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() });
  },
  load: (privateKeyPem) => {
    const key = createPrivateKey(privateKeyPem);
    const publicValue = String(key.export({ format: 'jwk' }).x);
    return {
      keyId: publicValue,
      keyType: 'ED25519',
      method: 'ed25519',
      publicValue,
      sign: (message) => Promise.resolve(sign(null, Buffer.from(message), key).toString('base64')),
    };
  },
};

const store = (files: Files = new NodeFiles()) => new FileIdentityStore({ folder, copyFolder, files, keys, logger });

const identity = (certificate: TestCertificate) => ({
  certificateAuthorities: authority.certificate,
  clientCertificate: certificate.certificate,
  clientKey: certificate.key,
});

test('nothing kept is null', async () => {
  expect(await store().deviceId()).toBeNull();
  expect(await store().tls()).toBeNull();
});

test('a device id is kept; the same once more is fine, another is refused', async () => {
  await store().keepDeviceId('Ünit-1');
  await store().keepDeviceId('Ünit-1');
  expect(await store().deviceId()).toBe('Ünit-1');
  await expect(store().keepDeviceId('unit-2')).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' });
  expect(await store().deviceId()).toBe('Ünit-1');
});

test.each(['', ' ', ' x', 'x\n'])('%p is no device id', async (deviceId) => {
  await expect(store().keepDeviceId(deviceId)).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' });
  expect(await store().deviceId()).toBeNull();
});

test('TLS material is kept with folders 0700 and files 0600, twice', async () => {
  await store().keepTls(identity(device));
  expect(await store().tls()).toEqual(identity(device));
  for (const place of [folder, copyFolder]) {
    expect(statSync(place).mode & 0o777).toBe(0o700);
    expect(readdirSync(place).sort()).toEqual(['client.pem', 'pkey.pem', 'tls-ca.pem', 'tls.checksums']);
    for (const name of readdirSync(place)) expect(statSync(join(place, name)).mode & 0o777).toBe(0o600);
  }
});

test('an authority alone is enough for a server that wants no certificate', async () => {
  await store().keepTls({ certificateAuthorities: authority.certificate });
  expect(await store().tls()).toEqual({ certificateAuthorities: authority.certificate });
});

test('what does not fit together is refused, and what was kept stays', async () => {
  await store().keepTls(identity(device));
  const wrong = [
    { ...identity(device), clientKey: renewed.key },
    { ...identity(device), clientKey: 'no key' },
    { ...identity(device), clientCertificate: 'no certificate' },
    { ...identity(device), clientCertificate: device.certificate.replace(/^MI/m, 'XX') },
    { ...identity(device), certificateAuthorities: '' },
    { certificateAuthorities: authority.certificate, clientKey: device.key },
    { certificateAuthorities: authority.certificate, clientCertificate: device.certificate },
  ];
  for (const each of wrong) {
    const error: unknown = await store()
      .keepTls(each)
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'CREDENTIALS_INVALID' });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('PRIVATE KEY');
  }
  expect(await store().tls()).toEqual(identity(device));
});

test('a renewed certificate takes the place of the old one', async () => {
  await store().keepTls(identity(device));
  await store().keepTls(identity(renewed));
  expect(await store().tls()).toEqual(identity(renewed));
});

function folderInPlaceOf(path: string): void {
  rmSync(path);
  mkdirSync(path);
}

test.each([
  ['altered', (path: string) => writeFileSync(path, readFileSync(path, 'utf8').replace('M', 'N'))],
  ['cut', (path: string) => writeFileSync(path, readFileSync(path, 'utf8').slice(0, 40))],
  ['gone', (path: string) => rmSync(path)],
  ['unreadable', folderInPlaceOf],
])('a file that is %s in one place is mended from the other', async (_case, damage) => {
  await store().keepTls(identity(device));
  for (const [place, other] of [
    [folder, copyFolder],
    [copyFolder, folder],
  ] as const) {
    for (const name of ['client.pem', 'pkey.pem', 'tls-ca.pem']) {
      damage(join(place, name));
      expect(await store().tls()).toEqual(identity(device));
      if (_case !== 'unreadable') expect(readFileSync(join(place, name))).toEqual(readFileSync(join(other, name)));
      else rmSync(join(place, name), { recursive: true });
      expect(await store().tls()).toEqual(identity(device));
    }
  }
  expect(logger.lines.some((line) => line.fields.code === 'IDENTITY_DAMAGED')).toBe(true);
});

test('a whole folder that is gone comes back', async () => {
  await store().keepDeviceId('unit-1');
  rmSync(folder, { recursive: true });
  expect(await store().deviceId()).toBe('unit-1');
  rmSync(copyFolder, { recursive: true });
  expect(await store().deviceId()).toBe('unit-1');
});

test('damage in both places is IDENTITY_DAMAGED, and new material can be kept', async () => {
  await store().keepTls(identity(device));
  for (const place of [folder, copyFolder]) writeFileSync(join(place, 'pkey.pem'), 'damaged');
  await expect(store().tls()).rejects.toMatchObject({ code: 'IDENTITY_DAMAGED' });
  await store().keepTls(identity(renewed));
  expect(await store().tls()).toEqual(identity(renewed));
});

/** Stops after some writes, as a kill would: each later write does not happen. */
class StoppingFiles extends NodeFiles {
  constructor(private left: number) {
    super();
  }
  override async writeAtomically(path: string, bytes: Buffer | string, mode: number): Promise<void> {
    if (this.left === 0) throw new Error('killed');
    this.left -= 1;
    await super.writeAtomically(path, bytes, mode);
  }
}

test('a kill at any write of the first keeping leaves nothing or all', async () => {
  for (let writes = 0; writes < 8; writes += 1) {
    rmSync(base, { recursive: true });
    await expect(store(new StoppingFiles(writes)).keepTls(identity(device))).rejects.toThrow('killed');
    expect(await store().tls()).toEqual(writes < 4 ? null : identity(device));
    await store().keepTls(identity(renewed));
    expect(await store().tls()).toEqual(identity(renewed));
  }
});

test('a kill at any write of a renewal leaves the old or the new, never a mix', async () => {
  for (let writes = 0; writes < 8; writes += 1) {
    await store().keepTls(identity(device));
    await expect(store(new StoppingFiles(writes)).keepTls(identity(renewed))).rejects.toThrow('killed');
    const expected = writes < 4 ? identity(device) : identity(renewed);
    expect(await store().tls()).toEqual(expected);
    rmSync(copyFolder, { recursive: true });
    expect(await store().tls()).toEqual(expected);
  }
});

test('a place that can not be mended does not keep the device from its identity', async () => {
  await store().keepDeviceId('unit-1');
  writeFileSync(join(folder, 'device-id'), 'unit-2');
  class FullDisk extends NodeFiles {
    override writeAtomically(path: string): Promise<void> {
      return Promise.reject(new SotaError('DISK_FULL', { message: `${path}: full` }));
    }
  }
  expect(await store(new FullDisk()).deviceId()).toBe('unit-1');
  expect(logger.lines.map((line) => line.fields.code)).toContain('DISK_FULL');
});

test('the primary key is made once, even for calls that come at once, and signs', async () => {
  const one = store();
  const [first, second] = await Promise.all([one.primaryKey('ED25519'), one.primaryKey('ED25519')]);
  expect(generated).toBe(1);
  expect(second.keyId).toBe(first.keyId);
  const again = await store().primaryKey('RSA2048');
  expect(again.keyId).toBe(first.keyId);
  expect(await again.sign('text')).toBe(await first.sign('text'));
});

test('a kill before the key is whole makes another one; one that was returned stays', async () => {
  await expect(store(new StoppingFiles(1)).primaryKey('ED25519')).rejects.toThrow('killed');
  const key = await store().primaryKey('ED25519');
  expect(generated).toBe(2);
  writeFileSync(join(folder, 'ecukey.pem'), 'damaged');
  expect((await store().primaryKey('ED25519')).keyId).toBe(key.keyId);
  for (const place of [folder, copyFolder]) writeFileSync(join(place, 'ecukey.pem'), 'damaged');
  await expect(store().primaryKey('ED25519')).rejects.toMatchObject({ code: 'IDENTITY_DAMAGED' });
  expect(generated).toBe(2);
});

test('the storage folder is made 0700', async () => {
  await secureStorageFolder(join(base, 'new', 'sota'));
  expect(statSync(join(base, 'new', 'sota')).mode & 0o777).toBe(0o700);
});

test('what others may read is closed, what they may write is refused', async () => {
  for (const mode of [0o700, 0o750, 0o755, 0o711]) {
    chmodSync(base, mode);
    await secureStorageFolder(base);
    expect(statSync(base).mode & 0o777).toBe(0o700);
  }
  for (const mode of [0o770, 0o707, 0o1777]) {
    chmodSync(base, mode);
    await expect(secureStorageFolder(base)).rejects.toMatchObject({ code: 'STORAGE_UNSAFE' });
    expect(statSync(base).mode & 0o7777).toBe(mode);
  }
});

test("another user's folder and a file are refused", async () => {
  await expect(secureStorageFolder(base, 4_242)).rejects.toMatchObject({ code: 'STORAGE_UNSAFE' });
  writeFileSync(join(base, 'file'), '');
  await expect(secureStorageFolder(join(base, 'file'))).rejects.toMatchObject({ code: 'STORAGE_UNSAFE' });
});
