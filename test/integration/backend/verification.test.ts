// For development only: the product's own verification of what the development backend serves.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { NodeCryptography } from '../../../src/adapters/crypto/node-cryptography.js';
import type { FaultAction } from '../../../src/development/backend/faults/rule.js';
import { defaultMetadataLimits } from '../../../src/domain/uptane/limits.js';
import { otaProfile } from '../../../src/domain/uptane/profile.js';
import { refreshDirector } from '../../../src/domain/uptane/refresh-director.js';
import { refreshImageRepository } from '../../../src/domain/uptane/refresh-image-repository.js';
import type { RefreshReply, Refreshing } from '../../../src/domain/uptane/refresh-machine.js';
import type { RepositoryName, TrustedRepository } from '../../../src/domain/uptane/trusted-metadata.js';
import { matchTargets } from '../../../src/domain/uptane/update-plan.js';
import { TestDevice, TestEcu } from '../../support/backend/device-client.js';
import { startBackend, type StartedBackend } from '../../support/backend/start-backend.js';

describe.each([['ed25519'], ['rsa']] as const)('the verification of a device, with %s keys', (keyType) => {
  let folder: string;
  let backend: StartedBackend;
  let device: TestDevice;
  let trusted: Record<RepositoryName, TrustedRepository>;
  const places = { director: '/director', image: '/repo' } as const;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'backend-verification-'));
    backend = await startBackend({ folder, keyType });
    device = await TestDevice.provision(backend.credentialsZipPath, 'd', [new TestEcu('P1', 'board')]);
    await device.register();
    const target = await backend.handle.image.publishBinary(
      { filename: 'a.bin', name: 'a', version: '1', hardwareIds: ['board'] },
      Readable.from([Buffer.from('a')]),
    );
    backend.handle.director.assign(backend.handle.devices.require('d'), target, null);
    const first = async (repository: RepositoryName): Promise<TrustedRepository> => ({
      roots: [{ version: 1, bytes: (await device.request('GET', `${places[repository]}/1.root.json`)).body }],
      timestamp: null,
      snapshot: null,
      targets: null,
    });
    trusted = { director: await first('director'), image: await first('image') };
  });

  afterAll(async () => {
    await backend.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs a refresh against the backend and keeps what it wants to keep. */
  async function drive<Verdict>(refreshing: Refreshing<Verdict>): Promise<Verdict> {
    let step = refreshing.next();
    while (step.done !== true) {
      const request = step.value;
      let reply: RefreshReply;
      if (request.kind === 'store') {
        for (const root of request.roots) {
          const before = trusted[root.repository];
          trusted[root.repository] = { ...before, roots: [...before.roots, root] };
        }
        for (const file of request.files) {
          trusted[file.repository] = { ...trusted[file.repository], [file.role]: file.bytes };
        }
        reply = { kind: 'stored' };
      } else {
        const answer = await device.request('GET', `${places[request.repository]}/${request.path}`);
        reply = answer.status === 404 ? { kind: 'absent' } : { kind: 'received', bytes: answer.body };
      }
      step = refreshing.next(reply);
    }
    return step.value;
  }

  /** One check for updates: the names that may be installed, or the code of the refusal. */
  async function check(): Promise<string> {
    const input = (repository: RepositoryName) => ({
      trusted: trusted[repository],
      profile: otaProfile,
      cryptography: new NodeCryptography(),
      limits: defaultMetadataLimits,
      trustedNowMilliseconds: Date.now(),
    });
    const director = await drive(refreshDirector(input('director')));
    if (director.kind === 'rejected') {
      return `${director.rejection.code} ${director.rejection.repository} ${director.rejection.role}`;
    }
    const image = await drive(refreshImageRepository(input('image'), director.assignment));
    if (image.kind === 'rejected') {
      return `${image.rejection.code} ${image.rejection.repository} ${image.rejection.role}`;
    }
    const plan = matchTargets(director.assignment, image.targets);
    return plan.ok ? plan.value.targets.map((one) => one.name).join() : plan.error.code;
  }

  test('accepts what is right, and what follows a rotation of all keys', async () => {
    expect(await check()).toBe('a.bin');
    expect(await check()).toBe('a.bin');
    backend.handle.director.rotateRoot(['root', 'targets', 'snapshot', 'timestamp']);
    backend.handle.image.rotateRoot(['root', 'targets', 'snapshot', 'timestamp']);
    expect(await check()).toBe('a.bin');
    backend.handle.image.rotateRoot(['root']);
    expect(await check()).toBe('a.bin');
  });

  const faults: readonly (readonly [string, FaultAction])[] = [
    ['METADATA_EXPIRED director targets', { kind: 'expired', repository: 'director', role: 'targets' }],
    ['METADATA_EXPIRED director root', { kind: 'expired', repository: 'director', role: 'root' }],
    ['METADATA_EXPIRED image root', { kind: 'expired', repository: 'image', role: 'root' }],
    ['METADATA_ROOT_CHAIN director root', { kind: 'badSignature', repository: 'director', role: 'root' }],
    ['METADATA_ROOT_CHAIN image root', { kind: 'badSignature', repository: 'image', role: 'root' }],
    ['METADATA_EXPIRED image timestamp', { kind: 'expired', repository: 'image', role: 'timestamp' }],
    ['METADATA_EXPIRED image snapshot', { kind: 'expired', repository: 'image', role: 'snapshot' }],
    ['METADATA_EXPIRED image targets', { kind: 'expired', repository: 'image', role: 'targets' }],
    ['METADATA_SIGNATURE director targets', { kind: 'badSignature', repository: 'director', role: 'targets' }],
    ['METADATA_SIGNATURE image timestamp', { kind: 'badSignature', repository: 'image', role: 'timestamp' }],
    ['METADATA_SIGNATURE image snapshot', { kind: 'badSignature', repository: 'image', role: 'snapshot' }],
    ['METADATA_SIGNATURE image targets', { kind: 'badSignature', repository: 'image', role: 'targets' }],
    ['METADATA_MISMATCH image targets', { kind: 'mixAndMatch', repository: 'image', role: 'targets' }],
    ['METADATA_MISMATCH image snapshot', { kind: 'mixAndMatch', repository: 'image', role: 'snapshot' }],
    ['REPOSITORIES_DISAGREE', { kind: 'disagree', repository: 'director', field: 'hash' }],
    ['REPOSITORIES_DISAGREE', { kind: 'disagree', repository: 'director', field: 'length' }],
    ['REPOSITORIES_DISAGREE', { kind: 'disagree', repository: 'image', field: 'hardwareId' }],
    ['TARGET_UNKNOWN', { kind: 'unknownTarget', repository: 'image' }],
  ];

  test.each(faults)('refuses with %s, and is fine when the fault %j ends', async (code, action) => {
    backend.addFault(action);
    expect(await check()).toBe(code);
    expect(await check()).toBe(code);
    backend.handle.faults.clear();
    expect(await check()).toBe('a.bin');
  });
});
