// For development only: tests of the development backend over real TLS, with the real ostree.
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { PublishedTarget } from '../../../src/development/backend/metadata/image-repository.js';
import { TestDevice, TestEcu } from '../../support/backend/device-client.js';
import { startBackend, type StartedBackend } from '../../support/backend/start-backend.js';

const run = promisify(execFile);
const ostree = (...words: string[]) => execFileSync('ostree', words, { stdio: ['ignore', 'pipe', 'pipe'] }).toString();

describe('the treehub of the development backend', () => {
  let folder: string;
  let backend: StartedBackend;
  let device: TestDevice;
  let target: PublishedTarget;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'backend-treehub-'));
    backend = await startBackend({ folder: join(folder, 'state') });
    device = await TestDevice.provision(backend.credentialsZipPath, 'd', [new TestEcu('P1', 'board')]);
    await device.register();
    const tree = join(folder, 'tree');
    mkdirSync(join(tree, 'usr'), { recursive: true });
    for (let index = 0; index < 20; index += 1) {
      writeFileSync(join(tree, 'usr', `file-${index}`), `content ${index}`.repeat(100 * (index + 1)));
    }
    const repository = join(folder, 'built');
    ostree('init', `--repo=${repository}`, '--mode=bare-user');
    ostree('commit', `--repo=${repository}`, '--branch=main/board', `--tree=dir=${tree}`, '--subject=one');
    target = (await backend.operator.call('POST', '/targets/ostree', {
      repository,
      ref: 'main/board',
      hardwareIds: ['board'],
    })) as PublishedTarget;
  });

  afterAll(async () => {
    await backend.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** An empty repository whose remote is the treehub, with the identity of the device. */
  function clientRepository(name: string): string {
    const repository = join(folder, name);
    ostree('init', `--repo=${repository}`, '--mode=bare-user');
    const file = (kind: 'ca' | 'cert' | 'key') => {
      const path = join(folder, `${name}.${kind}`);
      writeFileSync(path, device.tls[kind], { mode: 0o600 });
      return path;
    };
    ostree(
      'remote',
      'add',
      `--repo=${repository}`,
      '--no-gpg-verify',
      `--set=tls-ca-path=${file('ca')}`,
      `--set=tls-client-cert-path=${file('cert')}`,
      `--set=tls-client-key-path=${file('key')}`,
      'hub',
      `${backend.gatewayUrl}/treehub`,
    );
    return repository;
  }

  const pull = (repository: string) => run('ostree', ['pull', `--repo=${repository}`, 'hub', target.sha256]);

  test('the target of a commit is named after ref and commit, has length 0 and format OSTREE', () => {
    expect(target).toMatchObject({
      filename: `main/board-${target.sha256}`,
      name: 'main/board',
      version: target.sha256,
      length: 0,
      targetFormat: 'OSTREE',
      hardwareIds: ['board'],
    });
  });

  test('the repository is whole for ostree itself', () => {
    const report = ostree('fsck', `--repo=${backend.handle.treehub.repository}`);
    expect(report).toContain('fsck of 1 commits completed successfully - no errors found');
  });

  test('a real ostree pulls by commit over mutual TLS', async () => {
    const repository = clientRepository('by-commit');
    await pull(repository);
    expect(ostree('fsck', `--repo=${repository}`)).toContain('fsck of 1 commits completed');
    const asked = backend.handle.requests.list().map((one) => `${one.method} ${one.path} ${one.status ?? 0}`);
    expect(asked).toContain('GET /treehub/config 200');
    expect(asked.filter((one) => one.includes('summary'))).toEqual([]);
  });

  test('what treehub does not have is 404', async () => {
    for (const path of [
      'summary',
      'summary.sig',
      'deltas/aa/bb/superblock',
      'objects/aa/bb.commit',
      'refs/heads/none',
      'refs/heads/../../config',
      'refs/heads/main',
      '../image/repository.json',
    ]) {
      expect([path, (await device.request('GET', `/treehub/${path}`)).status]).toEqual([path, 404]);
    }
  });

  test('a ref is the text of its commit, an object answers HEAD', async () => {
    const ref = await device.request('GET', '/treehub/refs/heads/main/board');
    expect(ref.body.toString()).toBe(target.sha256);
    const object = `/treehub/objects/${target.sha256.slice(0, 2)}/${target.sha256.slice(2)}.commit`;
    const head = await device.request('HEAD', object);
    expect([head.status, head.body.length]).toEqual([200, 0]);
    expect(Number(head.headers['content-length'])).toBeGreaterThan(0);
  });

  test('a corrupt object is refused by ostree, and the next pull is fine', async () => {
    const repository = clientRepository('corrupt');
    backend.addFault({ kind: 'wrongBytes', atByte: 20 }, { path: '\\.filez$', times: 1 });
    await expect(pull(repository)).rejects.toThrow(/corrupt|checksum|invalid|inflate|decompress|data/i);
    backend.handle.faults.clear();
    await pull(repository);
    expect(ostree('fsck', `--repo=${repository}`)).toContain('no errors found');
  });

  test('a missing object is refused by ostree', async () => {
    const repository = clientRepository('missing');
    backend.addFault({ kind: 'missing' }, { path: '\\.filez$' });
    await expect(pull(repository)).rejects.toThrow(/404/);
    backend.handle.faults.clear();
  });

  test('what is no repository, no ref or no hardware is refused in words', async () => {
    const order = { repository: join(folder, 'built'), ref: 'main/board', hardwareIds: ['board'] };
    const publish = (change: object) => backend.operator.call('POST', '/targets/ostree', { ...order, ...change });
    await expect(publish({ repository: folder })).rejects.toMatchObject({ code: 'invalid_repository' });
    await expect(publish({ ref: 'none' })).rejects.toMatchObject({ code: 'ostree_failed' });
    await expect(publish({ ref: '--help' })).rejects.toMatchObject({ code: 'invalid_ref' });
    await expect(publish({ hardwareIds: [] })).rejects.toMatchObject({ code: 'invalid_target' });
  });
});
