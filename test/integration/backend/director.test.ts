// For development only: tests of the development backend over real TLS.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Assignment, InstalledImage } from '../../../src/development/backend/devices/device-record.js';
import type { PublishedTarget } from '../../../src/development/backend/metadata/image-repository.js';
import { installationReport, TestDevice, TestEcu } from '../../support/backend/device-client.js';
import { startBackend, type StartedBackend } from '../../support/backend/start-backend.js';

interface TargetsDocument {
  readonly signed: {
    readonly version: number;
    readonly targets: Record<string, unknown>;
    readonly custom?: { readonly correlationId: string };
  };
}

describe('the director of the development backend', () => {
  let folder: string;
  let backend: StartedBackend;
  let target: PublishedTarget;
  let other: PublishedTarget;
  let count = 0;
  /** One for all devices: RSA keys take long to make. */
  const primary = new TestEcu('P1', 'board', 'RSA');

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'backend-director-'));
    backend = await startBackend({ folder });
    const publish = (filename: string) =>
      backend.handle.image.publishBinary(
        { filename, name: filename, version: '1', hardwareIds: ['board', 'part'] },
        Readable.from([Buffer.from(`content of ${filename}`)]),
      );
    target = await publish('a.bin');
    other = await publish('b.bin');
  });

  afterAll(async () => {
    await backend.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function newDevice(register = true): Promise<TestDevice> {
    count += 1;
    const ecus = [primary, new TestEcu('S1', 'part')] as const;
    const device = await TestDevice.provision(backend.credentialsZipPath, `device-${count}`, [...ecus]);
    if (register) {
      expect((await device.register()).status).toBe(201);
    }
    return device;
  }

  const recordOf = (device: TestDevice) => {
    const uuid = /CN=([0-9a-f-]{36})/.exec(device.subject())?.[1] ?? '';
    return backend.handle.devices.require(uuid);
  };

  async function assign(device: TestDevice, what = target, ecu: string | null = null) {
    const path = `/devices/${recordOf(device).uuid}/assignments`;
    return (await backend.operator.call('POST', path, { target: what.filename, ecu })) as readonly Assignment[];
  }

  async function targetsOf(device: TestDevice): Promise<TargetsDocument['signed']> {
    const reply = await device.request('GET', '/director/targets.json');
    expect(reply.status).toBe(200);
    return (reply.json() as TargetsDocument).signed;
  }

  const imageOf = (published: PublishedTarget): InstalledImage => ({
    filepath: published.filename,
    sha256: published.sha256,
    length: published.length,
  });

  const states = (device: TestDevice) =>
    Object.fromEntries(recordOf(device).assignments.map((one) => [`${one.ecu} ${one.target}`, one.state]));

  describe('registration of ECUs', () => {
    test('201 once, then 409 ecu_replacement_disabled; metadata are version 1 and empty', async () => {
      const device = await newDevice();
      expect(await targetsOf(device)).toMatchObject({ version: 1, targets: {} });
      const again = await device.register();
      expect(again.status).toBe(409);
      expect(again.json()).toMatchObject({ code: 'ecu_replacement_disabled' });
    });

    test('the primary must be listed', async () => {
      const device = await newDevice(false);
      const body = { primary_ecu_serial: 'X', ecus: device.ecus.map((ecu) => ecu.registration()) };
      const reply = await device.request('POST', '/director/ecus', JSON.stringify(body));
      expect([reply.status, (reply.json() as { code: string }).code]).toEqual([
        400,
        'primary_is_not_listed_for_device',
      ]);
    });

    test.each([
      ['a key that is none', { clientKey: { keytype: 'RSA', keyval: { public: 'abc' } } }],
      ['an unknown kind of key', { clientKey: { keytype: 'unknown', keyval: { public: 'abc' } } }],
      ['a hardware id that is too long', { hardware_identifier: 'h'.repeat(201) }],
      ['an empty serial', { ecu_serial: '' }],
    ])('%s is refused', async (_name, change) => {
      const device = await newDevice(false);
      const body = { primary_ecu_serial: 'P1', ecus: [{ ...device.ecus[0].registration(), ...change }] };
      expect((await device.request('POST', '/director/ecus', JSON.stringify(body))).status).toBe(400);
    });

    test('replacement where it is allowed: 200, 412 with an open assignment, 409 for a serial that comes back', async () => {
      const elsewhere = mkdtempSync(join(tmpdir(), 'backend-replacement-'));
      const lenient = await startBackend({ folder: elsewhere, allowEcuReplacement: true });
      try {
        const device = await TestDevice.provision(lenient.credentialsZipPath, 'd', [
          primary,
          new TestEcu('S1', 'part'),
        ]);
        expect((await device.register()).status).toBe(201);
        expect((await device.register()).status).toBe(200);
        const published = await lenient.handle.image.publishBinary(
          { filename: 'a.bin', name: 'a', version: '1', hardwareIds: ['part'] },
          Readable.from([Buffer.from('a')]),
        );
        const record = lenient.handle.devices.require('d');
        lenient.handle.director.assign(record, published, null);
        const without = new TestDevice(device.gatewayUrl, device.tls, [primary, new TestEcu('S2', 'part')]);
        const refused = await without.register();
        expect([refused.status, (refused.json() as { code: string }).code]).toEqual([
          412,
          'replace_ecu_assignment_exists',
        ]);
        lenient.handle.director.cancel(record, false);
        expect((await without.register()).status).toBe(200);
        const back = await device.register();
        expect([back.status, (back.json() as { code: string }).code]).toEqual([409, 'ecu_reuse_not_allowed']);
      } finally {
        await lenient.stop();
        rmSync(elsewhere, { recursive: true, force: true });
      }
    });
  });

  describe('checks of a manifest', () => {
    test('a right one is counted', async () => {
      const device = await newDevice();
      expect((await device.sendManifest()).status).toBe(200);
      expect((await device.sendManifest()).status).toBe(200);
      expect(recordOf(device).manifestNumber).toBe(2);
    });

    test('before registration: 404 device_missing_primary_ecu', async () => {
      const reply = await (await newDevice(false)).sendManifest();
      expect([reply.status, (reply.json() as { code: string }).code]).toEqual([404, 'device_missing_primary_ecu']);
    });

    test('signed by another key than the registered primary: 400 signature_not_valid', async () => {
      const device = await newDevice();
      const impostor = new TestDevice(device.gatewayUrl, device.tls, [new TestEcu('P1', 'board', 'RSA')]);
      const reply = await impostor.sendManifest();
      expect([reply.status, (reply.json() as { code: string }).code]).toEqual([400, 'signature_not_valid']);
      expect(recordOf(device).manifestNumber).toBe(0);
    });

    test('an entry signed by another key than that ECU registered: 400', async () => {
      const device = await newDevice();
      const impostor = new TestDevice(device.gatewayUrl, device.tls, [device.ecus[0], new TestEcu('S1', 'part')]);
      expect((await impostor.sendManifest()).status).toBe(400);
    });

    test('an ECU that is not registered: 400', async () => {
      const device = await newDevice();
      const impostor = new TestDevice(device.gatewayUrl, device.tls, [device.ecus[0], new TestEcu('S9', 'part')]);
      expect((await impostor.sendManifest()).status).toBe(400);
    });

    test('another primary serial: 400 ecu_not_primary', async () => {
      const device = await newDevice();
      const body = device.ecus[0].signed({ primary_ecu_serial: 'S1', ecu_version_manifests: {} });
      const reply = await device.request('PUT', '/director/manifest', JSON.stringify(body));
      expect([reply.status, (reply.json() as { code: string }).code]).toEqual([400, 'ecu_not_primary']);
    });

    test('changed after signing: 400', async () => {
      const device = await newDevice();
      const text = JSON.stringify(device.manifest()).replace('"filepath":"unknown"', '"filepath":"elsewhere"');
      expect((await device.request('PUT', '/director/manifest', text)).status).toBe(400);
    });

    test('no JSON, or a name twice: 400', async () => {
      const device = await newDevice();
      expect((await device.request('PUT', '/director/manifest', '<html>')).status).toBe(400);
      const twice = JSON.stringify(device.manifest()).replace('{"signatures"', '{"signed":{},"signatures"');
      expect((await device.request('PUT', '/director/manifest', twice)).status).toBe(400);
    });
  });

  describe('effects of a manifest on assignments', () => {
    test('no report: what matches is closed, the rest stays, targets stay', async () => {
      const device = await newDevice();
      await assign(device);
      const before = await targetsOf(device);
      expect(states(device)).toEqual({ 'P1 a.bin': 'inFlight', 'S1 a.bin': 'inFlight' });
      await device.sendManifest({ P1: imageOf(target) });
      expect(states(device)).toEqual({ 'P1 a.bin': 'succeeded', 'S1 a.bin': 'inFlight' });
      expect(await targetsOf(device)).toEqual(before);
    });

    test('success with a match: that one is closed, the rest stays, targets stay', async () => {
      const device = await newDevice();
      const [made] = await assign(device);
      const before = await targetsOf(device);
      const report = installationReport(made!.correlationId, ['S1'], true);
      await device.sendManifest({ S1: imageOf(target) }, report);
      expect(states(device)).toEqual({ 'P1 a.bin': 'inFlight', 'S1 a.bin': 'succeeded' });
      expect(await targetsOf(device)).toEqual(before);
    });

    test('success without a match: all are cancelled, targets are empty with a higher version', async () => {
      const device = await newDevice();
      const [made] = await assign(device);
      const before = await targetsOf(device);
      await device.sendManifest({ P1: imageOf(other) }, installationReport(made!.correlationId, ['P1'], true));
      expect(states(device)).toEqual({ 'P1 a.bin': 'cancelled', 'S1 a.bin': 'cancelled' });
      expect(recordOf(device).assignments[0]?.resultCode).toBe('DirectorCancelledAssignment');
      expect(await targetsOf(device)).toMatchObject({ version: before.version + 1, targets: {} });
    });

    test('failure: all are closed as failed, targets are empty with a higher version', async () => {
      const device = await newDevice();
      const [made] = await assign(device);
      const before = await targetsOf(device);
      await device.sendManifest({}, installationReport(made!.correlationId, ['P1'], false));
      expect(states(device)).toEqual({ 'P1 a.bin': 'failed', 'S1 a.bin': 'failed' });
      expect(recordOf(device).assignments[0]?.resultCode).toBe('INSTALL_FAILED');
      expect(await targetsOf(device)).toMatchObject({ version: before.version + 1, targets: {} });
    });

    test.each([
      ['no content type', { report: {} }],
      ['a correlation id of no known form', installationReport('urn:mine:1', ['P1'], true)],
    ])('malformed report (%s): all are closed as failed', async (_name, report) => {
      const device = await newDevice();
      await assign(device);
      const before = await targetsOf(device);
      expect((await device.sendManifest({ P1: imageOf(target) }, report)).status).toBe(200);
      expect(states(device)).toEqual({ 'P1 a.bin': 'failed', 'S1 a.bin': 'failed' });
      expect(await targetsOf(device)).toMatchObject({ version: before.version + 1, targets: {} });
    });
  });

  describe('orders of the operator', () => {
    test('targets name ECU, hardware and correlation id, the version grows only with a change', async () => {
      const device = await newDevice();
      await targetsOf(device);
      const [made] = await assign(device, target, 'P1');
      const after = await targetsOf(device);
      expect(after.version).toBe(2);
      expect(after.custom?.correlationId).toBe(made!.correlationId);
      expect(made!.correlationId).toMatch(/^urn:here-ota:mtu:[0-9a-f-]{36}$/);
      expect(after.targets).toEqual({
        'a.bin': {
          custom: { ecuIdentifiers: { P1: { hardwareId: 'board' } } },
          hashes: { sha256: target.sha256 },
          length: target.length,
        },
      });
      expect((await targetsOf(device)).version).toBe(2);
    });

    test('a second assignment to the same ECU is refused, the installed target too', async () => {
      const device = await newDevice();
      await assign(device, target, 'P1');
      await expect(assign(device, other, 'P1')).rejects.toMatchObject({ code: 'not_affected_running_assignment' });
      await device.sendManifest({ P1: imageOf(target) });
      await expect(assign(device, target, 'P1')).rejects.toMatchObject({ code: 'installed_target_is_update' });
      await expect(assign(device, target, 'S7')).rejects.toMatchObject({ code: 'missing_ecu' });
    });

    test('cancelling: at once before the device saw it, only by force afterwards', async () => {
      const device = await newDevice();
      const path = `/devices/${recordOf(device).uuid}/assignments`;
      await assign(device);
      await backend.operator.call('DELETE', path);
      expect(states(device)).toEqual({ 'P1 a.bin': 'cancelled', 'S1 a.bin': 'cancelled' });
      await assign(device, other);
      const { version } = await targetsOf(device);
      await expect(backend.operator.call('DELETE', path)).rejects.toMatchObject({
        status: 409,
        code: 'assignment_in_flight',
      });
      await backend.operator.call('DELETE', `${path}?force=true`);
      expect(await targetsOf(device)).toMatchObject({ version: version + 1, targets: {} });
      await expect(backend.operator.call('DELETE', path)).rejects.toMatchObject({ code: 'no_open_assignment' });
    });

    test('the detail of a device shows manifests, reports, events and data', async () => {
      const device = await newDevice();
      const [made] = await assign(device);
      await targetsOf(device);
      const report = installationReport(made!.correlationId, ['P1', 'S1'], true);
      await device.sendManifest({ P1: imageOf(target), S1: imageOf(target) }, report);
      const event = {
        id: 'e1',
        deviceTime: '2026-01-01T00:00:00Z',
        eventType: { id: 'EcuDownloadStarted', version: 0 },
        event: { ecu: 'P1' },
      };
      expect((await device.request('POST', '/events', JSON.stringify([event]))).status).toBe(204);
      expect((await device.request('POST', '/events', '[{}]')).status).toBe(400);
      const network = { hostname: 'h', local_ipv4: '10.0.0.1', mac: '00:00:00:00:00:01' };
      expect((await device.request('PUT', '/system_info/network', JSON.stringify(network))).status).toBe(204);
      expect((await device.request('PUT', '/system_info', '{"id":"x","children":[1.5]}')).status).toBe(200);
      expect((await device.request('PUT', '/core/installed', '[{"name":"a","version":"1"}]')).status).toBe(204);
      expect((await device.request('PUT', '/core/installed', '{}')).status).toBe(400);
      const toml = '[pacman]\ntype = "none"\n[uptane]\npolling_sec = 10\nforce_install_completion = false\n';
      expect((await device.request('POST', '/system_info/config', toml)).status).toBe(204);
      expect((await device.request('POST', '/system_info/config', '[pacman]\n')).status).toBe(400);
      const detail = await backend.operator.call('GET', `/devices/${recordOf(device).deviceId}`);
      expect(detail).toMatchObject({
        manifestNumber: 1,
        openAssignments: 0,
        assignments: [{ state: 'succeeded' }, { state: 'succeeded' }],
        installationReports: [{ number: 1, installationReport: report }],
        lastManifest: { signed: { primary_ecu_serial: 'P1' } },
        events: [{ event }],
        data: {
          'system_info/network': { body: network },
          'system_info/config': { body: toml },
          system_info: { body: { id: 'x', children: [1.5] } },
          'core/installed': { body: [{ name: 'a', version: '1' }] },
        },
      });
    });

    test('the newest 200 manifests are kept', async () => {
      const device = await newDevice();
      for (let index = 0; index < 5; index += 1) {
        await device.sendManifest();
      }
      const log = backend.handle.devices.manifestsOf(recordOf(device).uuid);
      for (let number = 6; number <= 450; number += 1) {
        log.append({ number, receivedAt: '', manifest: null, effect: '' });
      }
      const numbers = log.list().map((one) => one.number);
      expect([numbers.length, numbers[0], numbers.at(-1)]).toEqual([200, 251, 450]);
    });
  });
});
