// For development only: tests of the development backend over real TLS.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { requireLoopback } from '../../../src/development/backend/serve.js';
import { AppendLog } from '../../../src/development/backend/storage/append-log.js';
import { TestDevice, TestEcu } from '../../support/backend/device-client.js';
import { startBackend } from '../../support/backend/start-backend.js';

describe('a restart of the development backend', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'backend-restart-'));
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('keeps address, authorities, keys, devices, assignments and versions', async () => {
    const first = await startBackend({ folder });
    const device = await TestDevice.provision(first.credentialsZipPath, 'd', [new TestEcu('P1', 'board')]);
    await device.register();
    const target = await first.handle.image.publishBinary(
      { filename: 'a.bin', name: 'a', version: '1', hardwareIds: ['board'] },
      Readable.from([Buffer.from('a')]),
    );
    first.handle.director.assign(first.handle.devices.require('d'), target, null);
    await device.sendManifest();
    const paths = [
      '/director/1.root.json',
      '/director/targets.json',
      '/repo/root.json',
      '/repo/timestamp.json',
      '/repo/targets.json',
      '/repo/targets/a.bin',
    ];
    const read = () => Promise.all(paths.map(async (path) => (await device.request('GET', path)).body.toString()));
    const before = await read();
    const detailBefore = await first.operator.call('GET', '/devices/d');
    await first.stop();
    await expect(device.sendManifest()).rejects.toThrow(/ECONNREFUSED/);

    const second = await startBackend({ folder });
    try {
      expect(second.gatewayUrl).toBe(first.gatewayUrl);
      expect(await read()).toEqual(before);
      expect(await second.operator.call('GET', '/devices/d')).toEqual(detailBefore);
      expect((await device.sendManifest()).status).toBe(200);
      expect(second.handle.devices.require('d').manifestNumber).toBe(2);
      expect(readdirSync(folder, { recursive: true }).filter((name) => String(name).endsWith('.tmp'))).toEqual([]);
    } finally {
      await second.stop();
    }
  });

  test('a fault that was signed into metadata ends with the next version', async () => {
    const first = await startBackend({ folder });
    const device = await TestDevice.provision(first.credentialsZipPath, 'd', [new TestEcu('P1', 'board')]);
    await device.register();
    first.addFault({ kind: 'expired', repository: 'director', role: 'targets' }, {});
    await device.request('GET', '/director/targets.json');
    await first.stop();
    const second = await startBackend({ folder });
    try {
      const { signed } = (await device.request('GET', '/director/targets.json')).json() as {
        signed: { version: number; expires: string };
      };
      expect(signed.version).toBe(2);
      expect(Date.parse(signed.expires)).toBeGreaterThan(Date.now());
    } finally {
      await second.stop();
    }
  });

  test('stopping frees the port even while an answer hangs', async () => {
    const backend = await startBackend({ folder });
    const device = await TestDevice.provision(backend.credentialsZipPath, 'd', [new TestEcu('P1', 'board')]);
    backend.addFault({ kind: 'hang' });
    const hanging = device.request('GET', '/repo/root.json').then(
      () => 'answered',
      () => 'ended',
    );
    while (backend.handle.faults.list()[0]!.fired === 0) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await backend.stop();
    expect(await hanging).toBe('ended');
    const port = Number(new URL(backend.gatewayUrl).port);
    await expect(
      new Promise((resolve, reject) => connect(port, '127.0.0.1', () => resolve('open')).once('error', reject)),
    ).rejects.toThrow(/ECONNREFUSED/);
  });

  test('the first line of the log says what it is', async () => {
    const lines: string[] = [];
    await (await startBackend({ folder, log: (line) => lines.push(line) })).stop();
    expect(lines[0]).toContain('for development only');
  });

  test('an address that others can reach is refused unless it is asked for', () => {
    expect(() => requireLoopback('0.0.0.0', false)).toThrow(/--i-know-this-is-insecure/);
    expect(() => requireLoopback('192.168.1.2', false)).toThrow(/no loopback/);
    expect(() => requireLoopback('0.0.0.0', true)).not.toThrow();
    expect(() => requireLoopback('127.0.0.1', false)).not.toThrow();
  });

  test('a line that a kill cut off is left out, and the next one is whole again', () => {
    const path = join(folder, 'log.ndjson');
    writeFileSync(path, '{"a":1}\n{"a":');
    const log = new AppendLog<{ a: number }>(path, 10);
    log.append({ a: 2 });
    log.append({ a: 3 });
    expect(log.list()).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }]);
    expect(readFileSync(path, 'utf8').endsWith('\n')).toBe(true);
  });
});
