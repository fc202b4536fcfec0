// For development only: tests of the development backend over real TLS.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { FaultAction, FaultMatch } from '../../../src/development/backend/faults/rule.js';
import {
  isSignatureValid,
  type PublicKeyDocument,
  type SignatureDocument,
} from '../../../src/development/backend/metadata/keys.js';
import { TestDevice, TestEcu } from '../../support/backend/device-client.js';
import { signedMessage } from '../../support/backend/signed-message.js';
import { startBackend, type StartedBackend } from '../../support/backend/start-backend.js';

interface Document {
  readonly signatures: readonly SignatureDocument[];
  readonly signed: {
    readonly version: number;
    readonly expires: string;
    readonly meta: Record<string, { hashes: { sha256: string } }>;
    readonly keys: Record<string, PublicKeyDocument>;
    readonly targets: Record<string, { length: number; hashes: { sha256: string }; custom: object }>;
  };
}

describe('faults of the development backend', () => {
  let folder: string;
  let backend: StartedBackend;
  let device: TestDevice;
  const content = randomBytes(200_000);
  const path = '/repo/targets/a.bin';

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'backend-faults-'));
    backend = await startBackend({ folder });
    device = await TestDevice.provision(backend.credentialsZipPath, 'd', [new TestEcu('P1', 'board')]);
    await device.register();
    const target = await backend.handle.image.publishBinary(
      { filename: 'a.bin', name: 'a', version: '1', hardwareIds: ['board'] },
      Readable.from([content]),
    );
    backend.handle.director.assign(backend.handle.devices.require('d'), target, null);
  });

  afterEach(() => backend.handle.faults.clear());

  afterAll(async () => {
    await backend.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const add = (action: FaultAction, match: FaultMatch = { path: '^/repo/targets/' }) => backend.addFault(action, match);
  const get = (place = path, headers?: Record<string, string>) => device.request('GET', place, undefined, headers);
  const document = async (place: string) => (await get(place)).json() as Document;

  /** Bytes that come until the connection ends or nothing comes for a time. */
  async function receive(place: string, quietMilliseconds: number): Promise<{ bytes: Buffer; ended: boolean }> {
    return new Promise((resolve, reject) => {
      const outgoing = request(backend.gatewayUrl, { path: place, ...device.tls, agent: false }, (response) => {
        const chunks: Buffer[] = [];
        const finish = (ended: boolean) => {
          clearTimeout(timer);
          outgoing.destroy();
          resolve({ bytes: Buffer.concat(chunks), ended });
        };
        let timer = setTimeout(() => finish(false), quietMilliseconds);
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          clearTimeout(timer);
          timer = setTimeout(() => finish(false), quietMilliseconds);
          if (chunks.length > 200) {
            finish(false);
          }
        });
        response.once('end', () => finish(true));
        response.once('error', () => finish(true));
      });
      outgoing.once('error', reject);
      outgoing.end();
    });
  }

  test('status with Retry-After, so many times, then fine', async () => {
    add({ kind: 'status', status: 503, retryAfterSeconds: 7 }, { path: '^/repo/', times: 2 });
    const first = await get();
    expect([first.status, first.headers['retry-after']]).toEqual([503, '7']);
    expect((await get()).status).toBe(503);
    expect((await get()).status).toBe(200);
    expect(backend.handle.faults.list()[0]?.fired).toBe(2);
  });

  test('only the nth request, only the method, only the device', async () => {
    add({ kind: 'status', status: 500 }, { path: '^/repo/', nth: 2 });
    expect([(await get()).status, (await get()).status, (await get()).status]).toEqual([200, 500, 200]);
    backend.handle.faults.clear();
    add({ kind: 'status', status: 500 }, { method: 'PUT' });
    expect((await get()).status).toBe(200);
    backend.handle.faults.clear();
    add({ kind: 'status', status: 500 }, { device: 'another' });
    expect((await get()).status).toBe(200);
  });

  test('a replaced answer does not do what was asked', async () => {
    add({ kind: 'status', status: 500 }, { path: '^/director/manifest$', times: 1 });
    const number = backend.handle.devices.require('d').manifestNumber;
    expect((await device.sendManifest()).status).toBe(500);
    expect(backend.handle.devices.require('d').manifestNumber).toBe(number);
  });

  test('an error page, a missing file, a redirect, a captive portal', async () => {
    add({ kind: 'html', status: 502 }, { times: 1 });
    add({ kind: 'missing' }, { times: 1 });
    add({ kind: 'redirect', status: 301, location: 'https://elsewhere/' }, { times: 1 });
    add({ kind: 'notJson' }, { times: 1 });
    const [html, missing, redirect, portal] = [await get(), await get(), await get(), await get()];
    expect([html.status, html.headers['content-type']]).toEqual([502, 'text/html']);
    expect([missing.status, (missing.json() as { code: string }).code]).toEqual([404, 'missing_entity']);
    expect([redirect.status, redirect.headers['location']]).toEqual([301, 'https://elsewhere/']);
    expect([portal.status, portal.body.subarray(0, 6).toString()]).toEqual([200, '<html>']);
    expect((await get()).status).toBe(200);
  });

  test('a dropped connection', async () => {
    add({ kind: 'drop' });
    await expect(get()).rejects.toThrow(/hang up|ECONNRESET/);
  });

  test('a lost reply: what was asked is done all the same', async () => {
    add({ kind: 'loseReply' }, { path: '^/director/manifest$', times: 1 });
    const number = backend.handle.devices.require('d').manifestNumber;
    await expect(device.sendManifest()).rejects.toThrow(/hang up|ECONNRESET/);
    expect(backend.handle.devices.require('d').manifestNumber).toBe(number + 1);
  });

  test('truncation: the declared length, fewer bytes; a resumed request is cut at the same place of the file', async () => {
    add({ kind: 'truncate', atByte: 150_000 });
    const { bytes } = await receive(path, 3_000);
    expect(bytes.equals(content.subarray(0, 150_000))).toBe(true);
  });

  test('wrong bytes: the same length, one byte differs, under Range too', async () => {
    add({ kind: 'wrongBytes', atByte: 120_000 });
    const { body } = await get();
    expect(body.length).toBe(content.length);
    expect(body[120_000]).toBe(content[120_000]! ^ 0xff);
    expect(Buffer.compare(body.subarray(0, 120_000), content.subarray(0, 120_000))).toBe(0);
    const part = await get(path, { range: 'bytes=119999-120000' });
    expect([...part.body]).toEqual([content[119_999], content[120_000]! ^ 0xff]);
  });

  test('a stall at a byte, for ever or for a while', async () => {
    add({ kind: 'stall', atByte: 100_000 });
    const { bytes, ended } = await receive(path, 500);
    expect([bytes.length, ended]).toEqual([100_000, false]);
    backend.handle.faults.clear();
    add({ kind: 'stall', atByte: 100_000, seconds: 1 });
    const start = Date.now();
    expect((await get()).body.equals(content)).toBe(true);
    expect(Date.now() - start).toBeGreaterThan(950);
  });

  test('hanging without an answer', async () => {
    add({ kind: 'hang' });
    const settled = await Promise.race([
      get().then(
        () => 'answered',
        () => 'ended',
      ),
      new Promise((resolve) => setTimeout(() => resolve('nothing'), 500)),
    ]);
    expect(settled).toBe('nothing');
  });

  test('throttling', async () => {
    add({ kind: 'throttle', bytesPerSecond: 200_000 });
    const start = Date.now();
    expect((await get()).body.equals(content)).toBe(true);
    expect(Date.now() - start).toBeGreaterThan(800);
  });

  test('latency', async () => {
    add({ kind: 'latency', milliseconds: 400 });
    const start = Date.now();
    expect((await get()).status).toBe(200);
    expect(Date.now() - start).toBeGreaterThan(390);
  });

  test('ranges ignored', async () => {
    add({ kind: 'noRange' });
    const reply = await get(path, { range: 'bytes=100-' });
    expect([reply.status, reply.body.length]).toEqual([200, content.length]);
  });

  test('an oversized answer is still a right document, an endless one has no length', async () => {
    add({ kind: 'oversize', bytes: 100_000 }, { path: 'timestamp' });
    const big = await get('/repo/timestamp.json');
    expect(big.body.length).toBe(100_000);
    expect((big.json() as Document).signed.version).toBeGreaterThan(0);
    backend.handle.faults.clear();
    add({ kind: 'endless' }, { path: 'timestamp' });
    const { bytes, ended } = await receive('/repo/timestamp.json', 3_000);
    expect(bytes.length).toBeGreaterThan(200_000);
    expect(ended).toBe(false);
  });

  test('the certificate of a foreign authority, for new connections, so many times', async () => {
    add({ kind: 'foreignCertificate' }, { times: 1 });
    await expect(get()).rejects.toThrow(/certificate/);
    expect((await get()).status).toBe(200);
  });

  const isSigned = (bytes: Buffer, root: Document) => {
    const [one] = (JSON.parse(bytes.toString('utf8')) as Document).signatures;
    return isSignatureValid(root.signed.keys[one!.keyid]!, signedMessage(bytes), one!);
  };

  describe('in metadata: new versions begin and end them', () => {
    test.each([['director'], ['image']] as const)('expired targets of %s', async (repository) => {
      const place = repository === 'director' ? '/director' : '/repo';
      const read = async () => {
        await get(`${place}/timestamp.json`);
        return (await document(`${place}/targets.json`)).signed;
      };
      const before = await read();
      add({ kind: 'expired', repository, role: 'targets' }, {});
      const during = await read();
      expect(during.version).toBe(before.version + 1);
      expect(Date.parse(during.expires)).toBeLessThan(Date.now());
      expect(during.targets).toEqual(before.targets);
      expect((await read()).version).toBe(during.version);
      backend.handle.faults.clear();
      const after = await read();
      expect(after.version).toBe(during.version + 1);
      expect(Date.parse(after.expires)).toBeGreaterThan(Date.now());
    });

    test('an expired root is a next root, and so is its repair', async () => {
      add({ kind: 'expired', repository: 'director', role: 'root' }, {});
      expect(Date.parse((await document('/director/2.root.json')).signed.expires)).toBeLessThan(Date.now());
      backend.handle.faults.clear();
      expect(Date.parse((await document('/director/3.root.json')).signed.expires)).toBeGreaterThan(Date.now());
      expect((await get('/director/4.root.json')).status).toBe(404);
    });

    test('a bad signature of image targets: the lists above still name that very file', async () => {
      const root = await document('/repo/root.json');
      add({ kind: 'badSignature', repository: 'image', role: 'targets' }, {});
      const timestamp = await get('/repo/timestamp.json');
      const snapshot = await document('/repo/snapshot.json');
      const targets = (await get('/repo/targets.json')).body;
      expect(isSigned(timestamp.body, root)).toBe(true);
      expect(isSigned(targets, root)).toBe(false);
      const hash = createHash('sha256').update(targets).digest('hex');
      expect(snapshot.signed.meta['targets.json']!.hashes.sha256).toBe(hash);
      backend.handle.faults.clear();
      await get('/repo/timestamp.json');
      expect(isSigned((await get('/repo/targets.json')).body, root)).toBe(true);
    });

    test('mix and match: the snapshot names another hash of the targets', async () => {
      add({ kind: 'mixAndMatch', repository: 'image', role: 'targets' }, {});
      await get('/repo/timestamp.json');
      const snapshot = await document('/repo/snapshot.json');
      const targets = (await get('/repo/targets.json')).body;
      const hash = createHash('sha256').update(targets).digest('hex');
      expect(snapshot.signed.meta['targets.json']!.hashes.sha256).not.toBe(hash);
    });

    test('director and image repository disagree, each in its own way', async () => {
      const read = async () => {
        await get('/repo/timestamp.json');
        return [
          (await document('/director/targets.json')).signed.targets['a.bin'],
          (await document('/repo/targets.json')).signed.targets['a.bin'],
        ] as const;
      };
      const [director, image] = await read();
      expect(director!.hashes).toEqual(image!.hashes);
      add({ kind: 'disagree', repository: 'director', field: 'hash' }, { times: 1 });
      expect((await read())[0]!.hashes).not.toEqual(image!.hashes);
      add({ kind: 'disagree', repository: 'director', field: 'length' }, { times: 1 });
      expect((await read())[0]!.length).toBe(image!.length + 1);
      add({ kind: 'disagree', repository: 'image', field: 'hardwareId' }, { times: 1 });
      expect((await read())[1]!.custom).toMatchObject({ hardwareIds: ['other-board'] });
      add({ kind: 'foreignEcu', repository: 'director' }, { times: 1 });
      expect((await read())[0]!.custom).toEqual({ ecuIdentifiers: { 'other-P1': { hardwareId: 'board' } } });
      add({ kind: 'foreignHardware', repository: 'director' }, { times: 1 });
      expect((await read())[0]!.custom).toEqual({ ecuIdentifiers: { P1: { hardwareId: 'other-board' } } });
      add({ kind: 'unknownTarget', repository: 'image' }, { times: 1 });
      expect((await read())[1]).toBeUndefined();
      const [after, imageAfter] = await read();
      expect([after, imageAfter]).toEqual([director, image]);
    });
  });

  test('rules over the operator API: add, list, end; what is wrong is named', async () => {
    const rule = (await backend.operator.call('POST', '/faults', {
      match: { path: '^/x', times: 1 },
      action: { kind: 'status', status: 418 },
    })) as { id: string };
    expect(await backend.operator.call('GET', '/faults')).toMatchObject([{ id: rule.id, fired: 0 }]);
    await backend.operator.call('DELETE', `/faults/${rule.id}`);
    expect(await backend.operator.call('GET', '/faults')).toEqual([]);
    await expect(backend.operator.call('DELETE', `/faults/${rule.id}`)).rejects.toMatchObject({ status: 404 });
    const wrong = (body: object) => backend.operator.call('POST', '/faults', body);
    await expect(wrong({ action: { kind: 'nonsense' } })).rejects.toThrow(/kind must be one of/);
    await expect(wrong({ action: { kind: 'status', status: 99 } })).rejects.toThrow(/status/);
    await expect(wrong({ action: { kind: 'drop' }, match: { path: '(' } })).rejects.toThrow(/regular expression/);
  });
});
