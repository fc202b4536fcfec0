// For development only: tests of the development backend over real TLS.
import { createHash, createPublicKey, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { canonicalOtaBytes } from '../../../src/domain/json/canonical-ota.js';
import { parseStrictJson } from '../../../src/domain/json/strict-parser.js';
import { faultOfPublicKey, isSignatureValid } from '../../../src/development/backend/metadata/keys.js';
import type { PublicKeyDocument, SignatureDocument } from '../../../src/development/backend/metadata/keys.js';
import { TestDevice, TestEcu } from '../../support/backend/device-client.js';
import { signedMessage } from '../../support/backend/signed-message.js';
import { startBackend, type StartedBackend } from '../../support/backend/start-backend.js';

interface Document {
  readonly signatures: readonly SignatureDocument[];
  readonly signed: {
    readonly _type: string;
    readonly version: number;
    readonly expires: string;
    readonly meta: Record<string, { hashes: { sha256: string }; length: number; version: number }>;
    readonly targets: Record<string, { length: number; hashes: { sha256: string }; custom: object }>;
    readonly keys: Record<string, PublicKeyDocument>;
    readonly roles: Record<string, { keyids: string[]; threshold: number }>;
    readonly consistent_snapshot: boolean;
  };
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const parse = (bytes: Buffer) => JSON.parse(bytes.toString('utf8')) as Document;

/** Key ids of the signatures of a document that are right under this root. */
function signers(bytes: Buffer, root: Document): string[] {
  const message = signedMessage(bytes);
  return parse(bytes)
    .signatures.filter((one) => isSignatureValid(root.signed.keys[one.keyid]!, message, one))
    .map((one) => one.keyid);
}

describe.each([['ed25519'], ['rsa']] as const)('metadata of the development backend with %s keys', (keyType) => {
  let folder: string;
  let backend: StartedBackend;
  let device: TestDevice;
  const content = randomBytes(300_000);
  const filename = 'dir a/tö€.bin';
  const path = `/repo/targets/${encodeURIComponent(filename).replaceAll('%2F', '/')}`;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'backend-image-'));
    backend = await startBackend({ folder, keyType });
    device = await TestDevice.provision(backend.credentialsZipPath, 'd', [new TestEcu('P1', 'board')]);
    await device.register();
    await backend.handle.image.publishBinary(
      { filename, name: 'firmware', version: '2', hardwareIds: ['board'] },
      Readable.from([content.subarray(0, 100_000), content.subarray(100_000)]),
    );
  });

  afterAll(async () => {
    await backend.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const get = async (place: string) => {
    const reply = await device.request('GET', place);
    expect(reply.status).toBe(200);
    return reply.body;
  };

  test.each([['director'], ['repo']])('the chain of %s fits: signatures, hashes, lengths, versions', async (place) => {
    const rootBytes = await get(`/${place}/1.root.json`);
    const root = parse(rootBytes);
    expect(rootBytes.equals(readFileSync(join(backend.rootsFolder, place, 'root.json')))).toBe(true);
    expect(root.signed).toMatchObject({ _type: 'Root', version: 1, consistent_snapshot: false });
    for (const [keyId, key] of Object.entries(root.signed.keys)) {
      expect(faultOfPublicKey(key)).toBeNull();
      const der =
        key.keytype === 'RSA'
          ? createPublicKey(key.keyval.public).export({ type: 'spki', format: 'der' })
          : Buffer.from(`302a300506032b6570032100${key.keyval.public}`, 'hex');
      expect(keyId).toBe(sha256(der));
    }
    const names = { root: 'Root', targets: 'Targets', snapshot: 'Snapshot', timestamp: 'Timestamp' };
    const files = new Map<string, Buffer>();
    // The timestamp first: the lists above a role are always as new as it is.
    for (const role of ['timestamp', 'snapshot', 'targets', 'root'] as const) {
      const bytes = await get(`/${place}/${role}.json`);
      files.set(role, bytes);
      const document = parse(bytes);
      expect(document.signed._type).toBe(names[role]);
      expect(document.signed.expires).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      expect(signers(bytes, root)).toEqual(root.signed.roles[role]!.keyids);
      expect(document.signatures[0]!.method).toBe(keyType === 'rsa' ? 'rsassa-pss-sha256' : 'ed25519');
    }
    const entry = (role: string) => ({
      hashes: { sha256: sha256(files.get(role)!) },
      length: files.get(role)!.length,
      version: parse(files.get(role)!).signed.version,
    });
    expect(parse(files.get('timestamp')!).signed.meta).toEqual({ 'snapshot.json': entry('snapshot') });
    expect(parse(files.get('snapshot')!).signed.meta).toEqual({
      'root.json': entry('root'),
      'targets.json': entry('targets'),
    });
  });

  test('what is served is canonical, byte for byte', async () => {
    for (const name of ['1.root.json', 'targets.json', 'snapshot.json', 'timestamp.json']) {
      const bytes = await get(`/repo/${name}`);
      const parsed = parseStrictJson(bytes);
      expect(parsed.ok && Buffer.from(canonicalOtaBytes(parsed.value)).equals(bytes)).toBe(true);
    }
  });

  test('the image repository describes the target', async () => {
    const target = parse(await get('/repo/targets.json')).signed.targets[filename];
    expect(target).toMatchObject({
      length: content.length,
      hashes: { sha256: sha256(content) },
      custom: { name: 'firmware', version: '2', hardwareIds: ['board'], targetFormat: 'BINARY' },
    });
  });

  test('the next root is not there: 404 with the error body', async () => {
    const reply = await device.request('GET', '/repo/2.root.json');
    expect(reply.status).toBe(404);
    expect(Object.keys(reply.json() as object).sort()).toEqual(['cause', 'code', 'description', 'errorId']);
  });

  test('a binary target whole, in parts, and from the end', async () => {
    const whole = await device.request('GET', path);
    expect(whole.status).toBe(200);
    expect(whole.body.equals(content)).toBe(true);
    expect(whole.headers).toMatchObject({ 'accept-ranges': 'bytes', etag: `"${sha256(content)}"` });
    const rest = await device.request('GET', path, undefined, { range: 'bytes=250000-' });
    expect(rest.status).toBe(206);
    expect(rest.headers['content-range']).toBe('bytes 250000-299999/300000');
    expect(rest.body.equals(content.subarray(250_000))).toBe(true);
    const middle = await device.request('GET', path, undefined, { range: 'bytes=10-19' });
    expect(middle.body.equals(content.subarray(10, 20))).toBe(true);
    const last = await device.request('GET', path, undefined, { range: 'bytes=-5' });
    expect(last.body.equals(content.subarray(-5))).toBe(true);
    const behind = await device.request('GET', path, undefined, { range: 'bytes=300000-' });
    expect([behind.status, behind.headers['content-range']]).toEqual([416, 'bytes */300000']);
    const stale = await device.request('GET', path, undefined, { range: 'bytes=10-19', 'if-range': '"other"' });
    expect([stale.status, stale.body.length]).toEqual([200, content.length]);
    const head = await device.request('HEAD', path);
    expect([head.status, head.headers['content-length'], head.body.length]).toEqual([200, '300000', 0]);
    expect((await device.request('GET', '/repo/targets/none')).status).toBe(404);
  });

  test('a next root is signed by the old and the new root key, the lists fit it', async () => {
    const old = parse(await get('/director/1.root.json'));
    const before = parse(await get('/director/targets.json')).signed.version;
    await backend.operator.call('POST', '/roots', {
      repository: 'director',
      roles: ['root', 'targets', 'snapshot', 'timestamp'],
    });
    const nextBytes = await get('/director/2.root.json');
    const next = parse(nextBytes);
    const oldId = old.signed.roles['root']!.keyids[0]!;
    const newId = next.signed.roles['root']!.keyids[0]!;
    expect(newId).not.toBe(oldId);
    expect([...signersOfBoth(nextBytes, old, next)].sort()).toEqual([oldId, newId].sort());
    const targets = await get('/director/targets.json');
    expect(signers(targets, next)).toEqual(next.signed.roles['targets']!.keyids);
    expect(parse(targets).signed.version).toBe(before + 1);
    expect(parse(await get('/director/snapshot.json')).signed.meta['root.json']).toMatchObject({ version: 2 });
  });

  function signersOfBoth(bytes: Buffer, old: Document, next: Document): Set<string> {
    const keys = { ...old.signed.keys, ...next.signed.keys };
    return new Set(signers(bytes, { ...next, signed: { ...next.signed, keys } }));
  }
});

test('metadata near their end are renewed when they are read', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'backend-renewal-'));
  let offset = 0;
  const now = () => Date.now() + offset;
  const backend = await startBackend({ folder, now, expiries: { targets: 1000, timestamp: 100 } });
  try {
    const device = await TestDevice.provision(backend.credentialsZipPath, 'd', [new TestEcu('P1', 'board')]);
    await device.register();
    const read = async (path: string) => parse((await device.request('GET', path)).body).signed;
    const first = await read('/repo/timestamp.json');
    expect(Date.parse(first.expires)).toBeLessThanOrEqual(now() + 100_000);
    expect((await read('/repo/timestamp.json')).version).toBe(first.version);
    offset = 95_000;
    const second = await read('/repo/timestamp.json');
    expect(second.version).toBe(first.version + 1);
    expect(Date.parse(second.expires)).toBeGreaterThan(Date.parse(first.expires));
    const targets = await read('/director/targets.json');
    offset = 1_100_000;
    expect((await read('/director/targets.json')).version).toBe(targets.version + 1);
  } finally {
    await backend.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
