import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { TreeFacts } from '../../../src/ports/operating-system-tree.js';
import { killingProcesses } from '../../support/sysroot/test-processes.js';
import { TestMachine, TestRepository } from '../../support/sysroot/test-machine.js';

let repository: TestRepository;
let machine: TestMachine;

beforeAll(async () => {
  repository = await TestRepository.create();
});
afterAll(async () => {
  await repository.remove();
});
beforeEach(async () => {
  machine = await TestMachine.create(repository);
});
afterEach(async () => {
  await machine.remove();
});

/** Entry 1 is this version and entry 2 the running one, or verify() throws. */
async function verifyFirst(version: string): Promise<TreeFacts> {
  const facts = await machine.tree().facts();
  const first = facts.deployments.find(({ commit }) => commit === repository.commit(version))!;
  await machine.uEnv().verify({ first, second: first.isBooted ? null : facts.booted });
  return facts;
}

test('facts of an unbooted sysroot: what is deployed, nothing runs', async () => {
  await machine.boot();
  const facts = await machine.tree({ rootFolder: machine.folder }).facts();
  expect(facts.deployments).toHaveLength(1);
  expect(facts.deployments[0]).toMatchObject({ index: 0, osName: 'demo', commit: repository.commit('1') });
  expect(facts.booted).toBeNull();
});

test('a path that is no sysroot is SYSROOT_UNAVAILABLE', async () => {
  await expect(machine.tree({ sysroot: machine.runtimeFolder }).facts()).rejects.toMatchObject({
    code: 'SYSROOT_UNAVAILABLE',
  });
});

test('same kernel, no swap: the running command line leads to the new version, yet the old one is booted', async () => {
  await machine.boot();
  await machine.tree().deploy(await machine.pullLocally('2'));
  await machine.boot();
  const uEnvPath = join(machine.sysroot, 'boot/loader/uEnv.txt');
  const uEnvBefore = await readFile(uEnvPath, 'utf8');
  await machine.tree().deploy(await machine.pullLocally('1'));
  expect(await readFile(uEnvPath, 'utf8')).toBe(uEnvBefore);
  const facts = await verifyFirst('1');
  expect(facts.booted?.commit).toBe(repository.commit('2'));
  expect(facts.deployments.map(({ isBooted }) => isBooted)).toEqual([false, true]);
  const running = await readFile(join(machine.machineFolder, 'proc/cmdline'), 'utf8');
  const ledTo = await stat(join(machine.sysroot, /ostree=(\S+)/.exec(running)![1]!));
  expect(ledTo.ino).toBe((await stat(facts.deployments[0]!.folder)).ino);
});

test('another kernel: swaps, verifies and boots; kernel arguments stay', async () => {
  await machine.boot();
  const bootId = (await machine.tree().facts()).bootId;
  await machine.tree().deploy(await machine.pullLocally('3'));
  await verifyFirst('3');
  expect(await machine.boot()).toMatchObject({ ok: true, commit: repository.commit('3') });
  const facts = await machine.tree().facts();
  expect(facts.booted?.commit).toBe(repository.commit('3'));
  expect(facts.bootId).not.toBe(bootId);
  const uEnv = await readFile(join(machine.sysroot, 'boot/loader/uEnv.txt'), 'utf8');
  expect(uEnv).toMatch(/^bootargs=root=LABEL=otaroot rw ostree=/m);
});

test('a commit that boots next already is not deployed a second time', async () => {
  await machine.boot();
  const commit = await machine.pullLocally('2');
  await machine.tree().deploy(commit);
  await machine.tree().deploy(commit);
  expect(await machine.deployedVersions()).toEqual(['2', '1']);
  expect((await machine.tree().facts()).deployments.map(({ folder }) => folder.slice(-2))).toEqual(['.0', '.0']);
});

test('without pacman.os the running operating system is meant', async () => {
  await machine.boot();
  await machine.tree({ osName: null }).deploy(await machine.pullLocally('2'));
  expect(await machine.deployedVersions()).toEqual(['2', '1']);
});

test('a commit that is not here is OBJECT_MISSING, and what is no checksum never reaches ostree', async () => {
  await machine.boot();
  await expect(machine.tree().deploy('1'.repeat(64))).rejects.toMatchObject({ code: 'OBJECT_MISSING' });
  await expect(machine.tree().deploy('--stage')).rejects.toMatchObject({ code: 'TARGET_FORMAT' });
  expect(await machine.deployedVersions()).toEqual(['1']);
});

test('a tree that can not be deployed is DEPLOY_FAILED with the text of ostree', async () => {
  await machine.boot();
  await repository.add({ version: '9', kernel: '5.10.1', extraFiles: { 'usr/lib/os-release': 'VERSION_ID=9\n' } });
  await expect(machine.tree().deploy(await machine.pullLocally('9'))).rejects.toMatchObject({
    code: 'DEPLOY_FAILED',
    message: expect.stringContaining('PRETTY_NAME') as string,
  });
  expect(await machine.deployedVersions()).toEqual(['1']);
});

test('rolled back from 2 to 1: undeploy takes 2 away, then 3 stands before the running 1', async () => {
  await machine.boot();
  await machine.tree().deploy(await machine.pullLocally('2'));
  expect(await machine.boot(2)).toMatchObject({ ok: true, commit: repository.commit('1') });
  expect(await machine.deployedVersions()).toEqual(['2', '1']);
  await machine.tree().undeploy(repository.commit('2'));
  expect(await machine.deployedVersions()).toEqual(['1']);
  await verifyFirst('1');
  await machine.tree().deploy(await machine.pullLocally('3'));
  expect(await machine.deployedVersions()).toEqual(['3', '1']);
  await verifyFirst('3');
  expect(await machine.boot()).toMatchObject({ ok: true, commit: repository.commit('3') });
});

test('rolled back and not undeployed: a deploy still never deletes what runs', async () => {
  await machine.boot();
  await machine.tree().deploy(await machine.pullLocally('2'));
  await machine.boot(2);
  await machine.tree().deploy(await machine.pullLocally('3'));
  expect(await machine.deployedVersions()).toEqual(['3', '1']);
  expect((await machine.tree().facts()).booted?.commit).toBe(repository.commit('1'));
});

test('undeploy goes by checksum, spares the booted one, and does nothing when there is none', async () => {
  await machine.boot();
  await machine.tree().deploy(await machine.pullLocally('2'));
  await machine.tree().undeploy(repository.commit('1'));
  await machine.tree().undeploy(repository.commit('3'));
  expect(await machine.deployedVersions()).toEqual(['2', '1']);
  await machine.boot();
  await machine.tree().undeploy(repository.commit('1'));
  expect(await machine.deployedVersions()).toEqual(['2']);
  await verifyFirst('2');
});

test('a pinned deployment is seen, and stays through later deploys', async () => {
  await machine.boot();
  await machine.ostree('admin', 'pin', `--sysroot=${machine.sysroot}`, '0');
  await machine.tree().deploy(await machine.pullLocally('2'));
  const facts = await machine.tree().facts();
  expect(facts.deployments.map(({ isPinned }) => isPinned)).toEqual([false, true]);
});

test('a lock that another ostree process holds ends in UPDATE_LOCKED', async () => {
  await machine.boot();
  const commit = await machine.pullLocally('2');
  // A deploy that stops for ever in its first mkdirat, the lock in its hand.
  const stopped = new AbortController();
  const holder = machine.processes.run({
    file: 'strace',
    arguments: [
      ...['-f', '-qq', '-o', '/dev/null', '-e', 'trace=mkdirat', '-e', 'inject=mkdirat:signal=STOP:when=1'],
      ...['--', 'ostree', 'admin', 'deploy', `--sysroot=${machine.sysroot}`, '--os=demo', commit],
    ],
    signal: stopped.signal,
    timeoutSeconds: 60,
  });
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await expect(machine.tree({ lockTimeoutSeconds: 1 }).deploy(commit)).rejects.toMatchObject({ code: 'UPDATE_LOCKED' });
  stopped.abort();
  await holder;
  await machine.tree().deploy(commit);
  expect(await machine.deployedVersions()).toEqual(['2', '1']);
});

async function codeOf(action: Promise<void>): Promise<string> {
  return action.then(
    () => 'no error',
    (error: unknown) => (error as { code: string }).code,
  );
}

describe('a killed deploy', () => {
  const bootedAfterKill = new Set<string>();

  test.each([
    { systemCall: 'mkdirat', when: 3 },
    { systemCall: 'linkat', when: 2 },
    { systemCall: 'symlinkat', when: 1 },
    { systemCall: 'syncfs', when: 1 },
    { systemCall: 'renameat', when: 3 },
    { systemCall: 'renameat', when: 8 },
    { systemCall: 'renameat', when: 12 },
    { systemCall: 'unlinkat', when: 14 },
  ])('at $systemCall number $when: something boots, and the next deploy converges', async (point) => {
    await machine.boot();
    const commit = await machine.pullLocally('3');
    const killing = machine.tree({ processes: killingProcesses(machine.processes, ['admin', 'deploy'], point) });
    expect(await codeOf(killing.deploy(commit))).toBe('PROCESS_FAILED');
    const booted = await machine.boot();
    if (!booted.ok) throw new Error(booted.reason);
    bootedAfterKill.add(booted.commit);
    await machine.tree().deploy(commit);
    await verifyFirst('3');
    expect(await machine.boot()).toMatchObject({ ok: true, commit });
    expect((await machine.deployedVersions()).filter((version) => version === '3')).toEqual(['3']);
  });

  test('some kills leave the old version first and some the new one: only looking tells', () => {
    expect(bootedAfterKill).toEqual(new Set([repository.commit('1'), repository.commit('3')]));
  });
});

describe('a killed undeploy after a rollback', () => {
  test.each([
    { systemCall: 'mkdirat', when: 2 },
    { systemCall: 'symlinkat', when: 1 },
    { systemCall: 'renameat', when: 2 },
    { systemCall: 'renameat', when: 4 },
    { systemCall: 'unlinkat', when: 3 },
  ])('at $systemCall number $when: the next one converges, and what runs stays', async (point) => {
    await machine.boot();
    await machine.tree().deploy(await machine.pullLocally('3'));
    await machine.boot(2);
    const killing = machine.tree({ processes: killingProcesses(machine.processes, ['admin', 'undeploy'], point) });
    expect(await codeOf(killing.undeploy(repository.commit('3')))).toBe('PROCESS_FAILED');
    expect((await machine.tree().facts()).booted?.commit).toBe(repository.commit('1'));
    await machine.tree().undeploy(repository.commit('3'));
    expect(await machine.deployedVersions()).toEqual(['1']);
    await verifyFirst('1');
    expect(await machine.boot()).toMatchObject({ ok: true, commit: repository.commit('1') });
  });
});
