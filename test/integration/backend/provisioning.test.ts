// For development only: tests of the development backend over real TLS.
import { execFileSync } from 'node:child_process';
import { randomUUID, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { certify } from '../../../src/development/backend/pki/certificates.js';
import { exchange, readArchive, TestDevice, TestEcu } from '../../support/backend/device-client.js';
import { startBackend, type StartedBackend } from '../../support/backend/start-backend.js';

describe('provisioning at the development backend', () => {
  let folder: string;
  let backend: StartedBackend;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'backend-provisioning-'));
    backend = await startBackend({ folder });
  });

  afterAll(async () => {
    await backend.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const ecu = () => new TestEcu('P1', 'board');

  test('the archive holds gateway, shared credential and authorities', () => {
    const entries = unzipSync(readFileSync(backend.credentialsZipPath));
    expect(Object.keys(entries).sort()).toEqual([
      'autoprov.url',
      'autoprov_credentials.p12',
      'root.json',
      'server_ca.pem',
      'treehub.json',
      'tufrepo.url',
    ]);
    expect(Buffer.from(entries['autoprov.url']!).toString()).toBe(backend.gatewayUrl);
    expect(Buffer.from(entries['server_ca.pem']!).toString()).toBe(
      backend.handle.authorities.serverAuthority.certificate,
    );
  });

  test('a new device gets a certificate of its own, whose common name is a UUID', async () => {
    const device = await TestDevice.provision(backend.credentialsZipPath, 'first-device', [ecu()]);
    const certificate = new X509Certificate(device.tls.cert);
    const uuid = /CN=([0-9a-f-]{36})/.exec(certificate.subject)?.[1] ?? '';
    expect(backend.handle.devices.find(uuid)?.deviceId).toBe('first-device');
    const authority = new X509Certificate(backend.handle.authorities.deviceAuthority.certificate);
    expect(certificate.verify(authority.publicKey)).toBe(true);
    expect(certificate.validTo).toContain('GMT');
    expect(Date.parse(certificate.validTo) - Date.now()).toBeGreaterThan(90 * 365 * 86_400_000);
  });

  test('the same device id twice is refused with device_already_registered', async () => {
    await TestDevice.provision(backend.credentialsZipPath, 'twice', [ecu()]);
    const { url, tls } = readArchive(backend.credentialsZipPath);
    const reply = await exchange(url, tls, 'POST', '/devices', JSON.stringify({ deviceId: 'twice', ttl: 10 }));
    expect(reply.status).toBe(409);
    expect(reply.json()).toMatchObject({ code: 'device_already_registered' });
  });

  test('the answer is readable by openssl without a password', async () => {
    const { url, tls } = readArchive(backend.credentialsZipPath);
    const reply = await exchange(url, tls, 'POST', '/devices', JSON.stringify({ deviceId: 'p12' }));
    expect(reply.status).toBe(200);
    expect(reply.body.length).toBeLessThan(64 * 1024);
    const path = join(folder, 'answer.p12');
    writeFileSync(path, reply.body);
    const text = execFileSync('openssl', ['pkcs12', '-in', path, '-passin', 'pass:', '-nodes']).toString();
    expect(text.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(text).toContain('BEGIN PRIVATE KEY');
  });

  test.each([
    ['no JSON', '{"deviceId":'],
    ['a name twice', '{"deviceId":"a","deviceId":"b"}'],
    ['no device id', '{"ttl":"1"}'],
    ['an empty device id', '{"deviceId":""}'],
    ['a wrong ttl', '{"deviceId":"x","ttl":"soon"}'],
  ])('%s is refused with an error body', async (_name, body) => {
    const { url, tls } = readArchive(backend.credentialsZipPath);
    const reply = await exchange(url, tls, 'POST', '/devices', body);
    expect(reply.status).toBe(400);
    const error = reply.json() as { code: unknown; errorId: unknown };
    expect([typeof error.code, typeof error.errorId]).toEqual(['string', 'string']);
  });

  test('a body over the limit is refused', async () => {
    const { url, tls } = readArchive(backend.credentialsZipPath);
    const reply = await exchange(url, tls, 'POST', '/devices', JSON.stringify({ deviceId: 'x'.repeat(70_000) }));
    expect(reply.status).toBe(413);
  });

  test('the shared credential may do nothing else, a device may not provision', async () => {
    const { url, tls } = readArchive(backend.credentialsZipPath);
    for (const path of ['/director/targets.json', '/repo/1.root.json', '/treehub/config']) {
      expect((await exchange(url, tls, 'GET', path)).status).toBe(403);
    }
    const device = await TestDevice.provision(backend.credentialsZipPath, 'no-more', [ecu()]);
    expect((await device.request('POST', '/devices', '{"deviceId":"other"}')).status).toBe(403);
  });

  test('without a certificate the gateway answers with the page of nginx', async () => {
    const { ca } = readArchive(backend.credentialsZipPath).tls;
    const reply = await exchange(backend.gatewayUrl, { ca }, 'GET', '/director/targets.json');
    expect(reply.status).toBe(400);
    expect(reply.headers['content-type']).toBe('text/html');
    expect(reply.body.toString()).toContain('No required SSL certificate was sent');
  });

  test('a certificate of another authority of the same name is refused', async () => {
    const now = Date.now();
    const foreign = await certify({ commonName: 'ota-devices-CA', kind: 'authority', validDays: 10, now });
    const commonName = backend.handle.devices.list()[0]!.uuid;
    const made = await certify({ commonName, kind: 'client', validDays: 10, now, issuer: foreign });
    const { ca } = readArchive(backend.credentialsZipPath).tls;
    const tls = { ca, cert: made.certificate, key: made.privateKey };
    const reply = await exchange(backend.gatewayUrl, tls, 'GET', '/director/targets.json');
    expect(reply.status).toBe(400);
    expect(reply.body.toString()).toContain('The SSL certificate error');
  });

  test('a device with a P-256 certificate of our authority, made elsewhere, is taken in under its common name', async () => {
    const uuid = randomUUID();
    const at = (name: string) => join(folder, name);
    const openssl = (...words: string[]) => execFileSync('openssl', words, { stdio: ['ignore', 'pipe', 'pipe'] });
    writeFileSync(at('ca.pem'), backend.handle.authorities.deviceAuthority.certificate);
    writeFileSync(at('ca.key'), backend.handle.authorities.deviceAuthority.privateKey, { mode: 0o600 });
    openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', at('ec.key'));
    openssl('req', '-new', '-key', at('ec.key'), '-subj', `/CN=${uuid}`, '-out', at('ec.csr'));
    const sign = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-set_serial', '77', '-days', '5'];
    openssl('x509', '-req', '-in', at('ec.csr'), ...sign, '-out', at('ec.pem'));
    const tls = {
      ca: backend.handle.authorities.serverAuthority.certificate,
      cert: readFileSync(at('ec.pem'), 'utf8'),
      key: readFileSync(at('ec.key'), 'utf8'),
    };
    const device = new TestDevice(backend.gatewayUrl, tls, [ecu()]);
    expect((await device.request('GET', '/director/targets.json')).status).toBe(404);
    expect((await device.register()).status).toBe(201);
    expect((await device.request('GET', '/director/targets.json')).status).toBe(200);
    expect(backend.handle.devices.require(uuid).ecus).toHaveLength(1);
  });

  test('keys in the state folder are for the owner only', () => {
    const keys = ['ca/server-ca.key', 'ca/device-ca.key', 'credentials.zip'].map((name) => join(folder, name));
    expect(keys.map((path) => statSync(path).mode & 0o077)).toEqual([0, 0, 0]);
  });
});
