import { printInstallationRecord } from '../../../src/agent/installation-record.js';
import type { Provisioned } from '../../../src/agent/provisioning.js';
import { Reporter } from '../../../src/agent/reporter.js';
import { SotaError } from '../../../src/domain/errors/sota-error.js';
import type { Assignment } from '../../../src/domain/uptane/assignment.js';
import { unknownImage, type InstalledImage } from '../../../src/domain/uptane/manifest.js';
import { FakeClock } from '../../support/agent/fake-clock.js';
import { FakeHttp, reply } from '../../support/agent/fake-http.js';
import { FakePrivileged } from '../../support/agent/fake-privileged.js';
import { signingKey } from '../../support/agent/memory-identity.js';
import { MemoryStateStore } from '../../support/agent/memory-state-store.js';
import { KeepingLogger } from '../../support/keeping-logger.js';
import { newCommit } from '../../support/update/records.js';

const route = 'PUT /director/manifest';
const running: InstalledImage = { name: 'board-2', sha256: newCommit, length: 0 };
const target = { name: 'board-2', length: 0, hashes: { sha256: newCommit }, ecus: [], uri: null, format: null };

const assignmentOf = (correlationId: string | null): Assignment => ({
  correlationId,
  version: 1,
  targets: [{ ...target, customText: null }],
});

interface Manifest {
  readonly signatures: readonly { readonly keyid: string; readonly method: string }[];
  readonly signed: {
    readonly primary_ecu_serial: string;
    readonly ecu_version_manifests: Record<string, { readonly signed: Record<string, unknown> }>;
    readonly installation_report?: { readonly report: Record<string, unknown> };
  };
}

function board(...reports: readonly string[]) {
  const state = new MemoryStateStore();
  const http = new FakeHttp().on(route, reply(200));
  const reporter = new Reporter({
    ...{ state, privileged: new FakePrivileged(), clock: new FakeClock(), logger: new KeepingLogger() },
    directorUrl: 'https://server/director',
  });
  for (const correlationId of reports) {
    const record = { correlationId, ecuSerial: 's', success: true, code: 'OK', description: 'done', rawReport: 'OK' };
    state.reports.add('installation', printInstallationRecord(record));
  }
  const device: Provisioned = { deviceId: 'd', ecuSerial: 's', hardwareId: 'board', key: signingKey, http };
  return {
    ...{ state, http },
    send: (assignment: Assignment | null, image = running, attacks = '') =>
      reporter.send(device, () => image, assignment, attacks),
    manifests: () => http.bodies(route).map((body) => JSON.parse(body) as Manifest),
    queued: () => state.reports.count('installation'),
    events: () => state.history.list(10).map(({ event }) => event),
  };
}

test('a manifest tells what runs, signed by the primary, with a counter that grows', async () => {
  const { send, manifests } = board();
  await send(assignmentOf(null), running, 'METADATA_SIGNATURE: bad');
  await send(null);
  const [first, second] = manifests();
  expect(first?.signatures).toMatchObject([{ keyid: signingKey.keyId, method: 'ed25519' }]);
  expect(first?.signed.primary_ecu_serial).toBe('s');
  expect(first?.signed.ecu_version_manifests['s']?.signed).toMatchObject({
    attacks_detected: 'METADATA_SIGNATURE: bad',
    installed_image: { filepath: 'board-2', fileinfo: { hashes: { sha256: newCommit }, length: 0 } },
    report_counter: '1',
  });
  expect(second?.signed.ecu_version_manifests['s']?.signed).toMatchObject({
    report_counter: '2',
    attacks_detected: '',
  });
});

test('a report goes with its own assignment, once, and is kept until the server has it', async () => {
  const { http, send, manifests, queued, events } = board('urn:1');
  http.on(route, reply(503), new SotaError('NETWORK_TIMEOUT', { message: 'lost' }), reply(200));
  await expect(send(assignmentOf('urn:1'))).rejects.toMatchObject({ code: 'HTTP_STATUS' });
  await expect(send(assignmentOf('urn:1'))).rejects.toMatchObject({ code: 'NETWORK_TIMEOUT' });
  expect(queued()).toBe(1);
  await send(assignmentOf('urn:1'));
  await send(assignmentOf('urn:1'));
  expect(manifests().map(({ signed }) => signed.installation_report?.report['correlation_id'])).toEqual([
    'urn:1',
    'urn:1',
    'urn:1',
    undefined,
  ]);
  expect(events()).toEqual(['reported']);
});

test.each([
  ['another assignment', assignmentOf('urn:2')],
  ['an assignment without correlation id', assignmentOf(null)],
  ['an empty list', { ...assignmentOf('urn:1'), targets: [] }],
])('%s: the manifest goes without the report, which is superseded', async (_, assignment) => {
  const { send, manifests, queued, events } = board('urn:1');
  await send(assignment);
  expect(manifests()[0]?.signed.installation_report).toBeUndefined();
  expect(queued()).toBe(0);
  expect(events()).toEqual(['superseded']);
});

test('while the director is not known the report waits', async () => {
  const { send, manifests, queued, events } = board('urn:1');
  await send(null);
  expect(manifests()[0]?.signed.installation_report).toBeUndefined();
  expect([queued(), events()]).toEqual([1, []]);
});

test('reports that were overtaken make way for the one that fits', async () => {
  const { send, manifests, events } = board('urn:1', 'urn:2', 'urn:3');
  await send(assignmentOf('urn:3'));
  expect(manifests()[0]?.signed.installation_report?.report['correlation_id']).toBe('urn:3');
  expect(events()).toEqual(['reported', 'superseded', 'superseded']);
});

test('beside a version without a name no report ever goes out', async () => {
  const { send, manifests, queued, events } = board('urn:1');
  await send(assignmentOf('urn:1'), { ...unknownImage, sha256: newCommit });
  expect(manifests()[0]?.signed.installation_report).toBeUndefined();
  expect([queued(), events()]).toEqual([0, ['withheld']]);
});

test('a report that is refused three times is recorded and dropped', async () => {
  const { http, send, queued, events } = board('urn:1');
  http.on(route, reply(400, { code: 'signature_not_valid', description: '' }));
  await send(assignmentOf('urn:1'));
  await send(assignmentOf('urn:1'));
  expect([queued(), events()]).toEqual([1, []]);
  await send(assignmentOf('urn:1'));
  expect([queued(), events()]).toEqual([0, ['refused']]);
  await expect(send(assignmentOf('urn:1'))).rejects.toMatchObject({ code: 'REPORT_REFUSED' });
});

test.each([302, 408, 429, 500, 503])('status %d says nothing against a report', async (status) => {
  const { http, send, queued } = board('urn:1');
  http.on(route, reply(status));
  for (let time = 0; time < 4; time += 1) await expect(send(assignmentOf('urn:1'))).rejects.toThrow(`${status}`);
  expect(queued()).toBe(1);
});

test('a report that can not be read is dropped, the next one goes', async () => {
  const { state, send, manifests } = board();
  state.reports.add('installation', '{"correlationId":');
  const record = { correlationId: 'urn:1', ecuSerial: 's', success: false, code: 'ROLLED_BACK', description: 'x' };
  state.reports.add('installation', printInstallationRecord({ ...record, rawReport: 'ROLLED_BACK: x' }));
  await send(assignmentOf('urn:1'));
  expect(manifests()[0]?.signed.installation_report?.report).toMatchObject({
    result: { success: false, code: 'board:INSTALL_FAILED' },
    items: [{ ecu: 's', result: { success: false, code: 'INSTALL_FAILED', description: 'ROLLED_BACK: x' } }],
    raw_report: 'ROLLED_BACK: x',
  });
});
