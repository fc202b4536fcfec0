import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PullProgress } from '../../../src/ports/operating-system-tree.js';
import { changedProcesses, killingProcesses } from '../../support/sysroot/test-processes.js';
import { TestMachine, TestRepository } from '../../support/sysroot/test-machine.js';
import { startTreehub, type Treehub } from '../../support/sysroot/treehub.js';
import { TestAuthority } from '../../support/tls/test-authority.js';

let repository: TestRepository;
let machine: TestMachine;
let treehub: Treehub;
let target: string;

beforeAll(async () => {
  repository = await TestRepository.create([{ version: '1', kernel: '5.10.1' }]);
  target = await repository.add({
    version: '2',
    kernel: '6.1.0',
    files: 80,
    sizeBytes: 400_000,
  });
});
afterAll(async () => {
  await repository.remove();
});
beforeEach(async () => {
  machine = await TestMachine.create(repository);
  await machine.boot();
  // Half the time; the tests that kill have it on, since it changes the order in which ostree writes.
  await synchronise(false);
  treehub = await startTreehub(repository.path);
});
afterEach(async () => {
  await treehub.close();
  await machine.remove();
});

async function synchronise(isOn: boolean): Promise<void> {
  await machine.ostree('config', `--repo=${machine.sysroot}/ostree/repo`, 'set', 'core.fsync', String(isOn));
}

const isContent = (path: string): boolean => path.endsWith('.filez');

/** The whole commit is here, every object with its checksum: checked out and read by ostree itself. */
async function expectWhole(commit: string): Promise<void> {
  const repo = `--repo=${machine.sysroot}/ostree/repo`;
  expect(await machine.ostree('refs', repo, '--list')).toContain(`sotad/${commit}`);
  await machine.ostree('fsck', repo, '--quiet');
  await machine.ostree('checkout', repo, '--user-mode', commit, join(machine.folder, `checkout-${Date.now()}`));
}

async function codeOf(pull: Promise<void>): Promise<string> {
  return pull.then(
    () => 'no error',
    (error: unknown) => (error as { code: string }).code,
  );
}

test('pulls over mutual TLS, keeps the commit by a private ref and leaves no trace of the remote', async () => {
  const configurationPath = join(machine.sysroot, 'ostree/repo/config');
  const configuration = await readFile(configurationPath, 'utf8');
  const progress: PullProgress[] = [];
  await machine.tree().pull(target, treehub.source, { onProgress: (step) => progress.push(step) });
  await expectWhole(target);
  expect(progress.at(-1)!.objectsFetched).toBeGreaterThan(50);
  expect(progress.at(-1)!.objectsRequested).toBe(progress.at(-1)!.objectsFetched);
  expect(await readdir(machine.runtimeFolder)).toEqual([]);
  expect(await readFile(configurationPath, 'utf8')).toBe(configuration);
});

test('a second pull costs a handful of requests', async () => {
  await machine.tree().pull(target, treehub.source, {});
  const before = treehub.requests.length;
  await machine.tree().pull(target, treehub.source, {});
  expect(treehub.requests.length - before).toBeLessThanOrEqual(5);
});

test('while it pulls, keys are 0600 in a 0700 folder and in no argument', async () => {
  const seen: string[] = [];
  const looking = changedProcesses(machine.processes, (request) => ({
    ...request,
    onWrittenBytes: (bytes) => {
      request.onWrittenBytes?.(bytes);
      seen.push(request.arguments.join(' '));
    },
  }));
  treehub.faultFor = (path) => (path.endsWith('.commit') ? { kind: 'slow', bytesPerSecond: 100 } : null);
  const pull = machine.tree({ processes: looking }).pull(target, treehub.source, {});
  let modes: string[] = [];
  while (modes.length < 4) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const outcome = await machine.processes.run({
      file: 'find',
      arguments: [
        machine.runtimeFolder,
        '-mindepth',
        '1',
        '-maxdepth',
        '2',
        '!',
        '-name',
        'repository',
        '-printf',
        '%m %f\n',
      ],
    });
    modes = outcome.standardOutput.trim().split('\n').sort();
  }
  await pull;
  expect(modes.slice(0, 3)).toEqual(['600 authorities.pem', '600 client-certificate.pem', '600 client-key.pem']);
  expect(modes[3]).toMatch(/^700 ostree-pull-/);
  expect(seen.join(' ')).not.toContain('PRIVATE KEY');
});

test('release gives the commit to the next clean-up, and is repeatable', async () => {
  await machine.tree().pull(target, treehub.source, {});
  await machine.tree().release(target);
  await machine.tree().release(target);
  await machine.ostree('admin', 'cleanup', `--sysroot=${machine.sysroot}`);
  await expect(machine.ostree('show', `--repo=${machine.sysroot}/ostree/repo`, target)).rejects.toThrow(
    /Couldn't find|No such/,
  );
});

describe('a fault has its code, leaves no key behind, and the next pull succeeds', () => {
  test.each([
    { name: 'missing object', code: 'OBJECT_MISSING', fault: { kind: 'status', status: 404 } },
    { name: 'corrupt object', code: 'OBJECT_CORRUPT', fault: { kind: 'corrupt' } },
    { name: 'server error', code: 'HTTP_STATUS', fault: { kind: 'status', status: 500 } },
    { name: 'cut connection', code: 'NETWORK_UNREACHABLE', fault: { kind: 'cut' } },
    { name: 'silent server', code: 'PULL_STALLED', fault: { kind: 'silent' } },
  ] as const)('$name of content', async ({ code, fault }) => {
    treehub.faultFor = (path) => (isContent(path) && path.includes('0.') ? fault : null);
    const tree = machine.tree({ stallTimeoutSeconds: 2 });
    expect(await codeOf(tree.pull(target, treehub.source, {}))).toBe(code);
    expect(await readdir(machine.runtimeFolder)).toEqual([]);
    treehub.faultFor = () => null;
    await tree.pull(target, treehub.source, {});
    await expectWhole(target);
  });

  test.each([
    { name: 'missing commit', code: 'OBJECT_MISSING', fault: { kind: 'status', status: 404 }, end: '.commit' },
    { name: 'corrupt commit', code: 'OBJECT_CORRUPT', fault: { kind: 'corrupt' }, end: '.commit' },
    { name: 'corrupt folder', code: 'OBJECT_CORRUPT', fault: { kind: 'corrupt' }, end: '.dirtree' },
  ] as const)('$name', async ({ code, fault, end }) => {
    treehub.faultFor = (path) => (path.endsWith(end) ? fault : null);
    expect(await codeOf(machine.tree().pull(target, treehub.source, {}))).toBe(code);
    treehub.faultFor = () => null;
    await machine.tree().pull(target, treehub.source, {});
    await expectWhole(target);
  });
});

test('the missing object is named', async () => {
  const lost = /\/objects\/(..)\/(\w+)\.filez/;
  treehub.faultFor = (path) => (lost.test(path) ? { kind: 'status', status: 404 } : null);
  await expect(machine.tree().pull(target, treehub.source, {})).rejects.toThrow(/HTTP 404.*[0-9a-f]{64}\.file/);
});

test('a server that nobody vouches for, one that is gone, and a client without certificate', async () => {
  const stranger = {
    ...treehub.source,
    tls: { ...treehub.source.tls, certificateAuthorities: new TestAuthority().certificate },
  };
  expect(await codeOf(machine.tree().pull(target, stranger, {}))).toBe('TLS_SERVER_REFUSED');
  const anonymous = { ...treehub.source, tls: { certificateAuthorities: treehub.source.tls.certificateAuthorities } };
  expect(await codeOf(machine.tree().pull(target, anonymous, {}))).toMatch(
    /^(NETWORK_UNREACHABLE|TLS_CLIENT_REFUSED)$/,
  );
  const gone = { ...treehub.source, url: 'https://127.0.0.1:1' };
  expect(await codeOf(machine.tree().pull(target, gone, {}))).toBe('NETWORK_UNREACHABLE');
  const strange = { ...treehub.source, url: 'file:///etc' };
  expect(await codeOf(machine.tree().pull(target, strange, {}))).toBe('CONFIGURATION_INVALID');
});

test('too little space is DISK_FULL', async () => {
  const repo = `--repo=${machine.sysroot}/ostree/repo`;
  await machine.ostree('config', repo, 'set', 'core.min-free-space-percent', '99');
  expect(await codeOf(machine.tree().pull(target, treehub.source, {}))).toBe('DISK_FULL');
  await machine.ostree('config', repo, 'unset', 'core.min-free-space-percent');
  await machine.tree().pull(target, treehub.source, {});
  await expectWhole(target);
});

test('a cancelled pull is ABORTED and goes on later', async () => {
  treehub.faultFor = (path) => (isContent(path) ? { kind: 'slow', bytesPerSecond: 1000 } : null);
  const abort = new AbortController();
  const pull = codeOf(machine.tree().pull(target, treehub.source, { signal: abort.signal }));
  setTimeout(() => abort.abort(), 1000);
  expect(await pull).toBe('ABORTED');
  expect(await readdir(machine.runtimeFolder)).toEqual([]);
  treehub.faultFor = () => null;
  await machine.tree().pull(target, treehub.source, {});
  await expectWhole(target);
});

test('a slow large object is no stall', async () => {
  const large = await repository.add({
    version: 'slow',
    kernel: '5.10.1',
    files: 1,
    sizeBytes: 1_600_000,
  });
  treehub.faultFor = (path) => (isContent(path) ? { kind: 'slow', bytesPerSecond: 400_000 } : null);
  const progress: PullProgress[] = [];
  await machine
    .tree({ stallTimeoutSeconds: 2 })
    .pull(large, treehub.source, { onProgress: (step) => progress.push(step) });
  await expectWhole(large);
  expect(new Set(progress.map(({ bytes }) => bytes)).size).toBeGreaterThan(2);
});

describe('a killed pull', () => {
  test.each([
    { systemCall: 'linkat', when: 1 },
    { systemCall: 'linkat', when: 10 },
    { systemCall: 'renameat', when: 1 },
    { systemCall: 'renameat', when: 60 },
    { systemCall: 'syncfs', when: 1 },
  ])('at $systemCall number $when: the next pull brings the whole', async (point) => {
    await synchronise(true);
    const killing = machine.tree({ processes: killingProcesses(machine.processes, ['pull'], point) });
    expect(await codeOf(killing.pull(target, treehub.source, {}))).toBe('PULL_FAILED');
    await machine.tree().pull(target, treehub.source, {});
    await expectWhole(target);
    await machine.tree().deploy(target);
    expect((await machine.tree().facts()).deployments[0]!.commit).toBe(target);
  });
});

test('what a killed pull of one version left is no hindrance to another version', async () => {
  const other = await repository.add({ version: 'other', kernel: '6.2.0' });
  const point = { systemCall: 'renameat', when: 30 };
  await synchronise(true);
  const killing = machine.tree({ processes: killingProcesses(machine.processes, ['pull'], point) });
  expect(await codeOf(killing.pull(target, treehub.source, {}))).toBe('PULL_FAILED');
  await machine.tree().pull(other, treehub.source, {});
  await machine.tree().deploy(other);
  await machine.tree().pull(target, treehub.source, {});
  await expectWhole(target);
});

test('what a killed agent left in the runtime folder goes at the next start, other things stay', async () => {
  await machine.files.makeFolder(join(machine.runtimeFolder, 'ostree-pull-dead'), 0o700);
  await machine.files.writeAtomically(join(machine.runtimeFolder, 'ostree-pull-dead/client-key.pem'), 'x', 0o600);
  await machine.files.writeAtomically(join(machine.runtimeFolder, 'status.json'), '{}', 0o644);
  machine.tree();
  expect(await readdir(machine.runtimeFolder)).toEqual(['status.json']);
});
