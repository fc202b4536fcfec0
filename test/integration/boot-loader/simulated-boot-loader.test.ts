import { readFile, readlink, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { main } from '../../../src/development/boot-loader/main.js';
import {
  isRebootRequested,
  requestReboot,
  type BootFailure,
} from '../../../src/development/boot-loader/simulated-boot-loader.js';
import { TestMachine, TestRepository } from '../../support/sysroot/test-machine.js';

let repository: TestRepository;
let machine: TestMachine;
let uEnvPath: string;

beforeAll(async () => {
  repository = await TestRepository.create();
});
afterAll(async () => {
  await repository.remove();
});
beforeEach(async () => {
  machine = await TestMachine.create(repository);
  uEnvPath = join(machine.sysroot, 'boot/loader/uEnv.txt');
});
afterEach(async () => {
  await machine.remove();
});

test('boots entry 1: root, command line and a new boot id each time; the request for a reboot is met', async () => {
  await machine.boot();
  await requestReboot(machine.machineFolder);
  expect(await isRebootRequested(machine.machineFolder)).toBe(true);
  const first = await readFile(join(machine.machineFolder, 'proc/sys/kernel/random/boot_id'), 'utf8');
  const booted = await machine.boot();
  if (!booted.ok) throw new Error(booted.reason);
  expect(booted.commit).toBe(repository.commit('1'));
  expect(await readlink(join(machine.machineFolder, 'root'))).toBe(booted.folder);
  expect((await stat(join(machine.machineFolder, 'root/usr/lib/os-release'))).isFile()).toBe(true);
  expect(await readFile(join(machine.machineFolder, 'proc/cmdline'), 'utf8')).toMatch(/^root=\S+ rw ostree=\S+\n$/);
  expect(`${booted.bootId}\n`).not.toBe(first);
  expect(await isRebootRequested(machine.machineFolder)).toBe(false);
});

test('entry 2 is the version before', async () => {
  await machine.boot();
  await machine.tree().deploy(await machine.pullLocally('3'));
  expect(await machine.boot(2)).toMatchObject({ ok: true, entry: 2, commit: repository.commit('1') });
  expect(await machine.boot(1)).toMatchObject({ ok: true, entry: 1, commit: repository.commit('3') });
});

describe('does not boot, and leaves the machine as it was', () => {
  const kernelOf = async (): Promise<string> =>
    join(machine.sysroot, /^kernel_image=(.*)$/m.exec(await readFile(uEnvPath, 'utf8'))![1]!);
  const edit = async (change: (text: string) => string): Promise<void> =>
    writeFile(uEnvPath, change(await readFile(uEnvPath, 'utf8')));

  test.each<[string, () => Promise<void>, string]>([
    ['no uEnv.txt', async () => rm(uEnvPath), 'uEnv.txt is not there'],
    ['an empty one', async () => truncate(uEnvPath), 'kernel_image is not set'],
    ['no kernel', async () => rm(await kernelOf()), 'kernel /boot/ostree/'],
    ['an empty kernel', async () => truncate(await kernelOf()), 'is empty'],
    ['no arguments', async () => edit((text) => text.replace('bootargs=', 'x=')), 'bootargs is not set'],
    ['no ostree=', async () => edit((text) => text.replace('ostree=', 'x=')), '0 ostree= arguments'],
    ['a dangling path', async () => edit((text) => text.replace('ostree=/', 'ostree=/no/')), 'leads nowhere'],
  ])('%s', async (_name, sabotage, reason) => {
    await machine.boot();
    const before = await readlink(join(machine.machineFolder, 'root'));
    await sabotage();
    const result = (await machine.boot()) as BootFailure;
    expect(result.ok).toBe(false);
    expect(result.reason).toMatch(/^does not boot: /);
    expect(result.reason).toContain(reason);
    expect(await readlink(join(machine.machineFolder, 'root'))).toBe(before);
  });
});

test('its command line', async () => {
  const write = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  const complain = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    expect(await main(['boot', machine.sysroot, machine.machineFolder])).toBe(0);
    expect(JSON.parse(String(write.mock.calls[0]![0]))).toMatchObject({ ok: true, commit: repository.commit('1') });
    expect(await main(['boot', machine.sysroot, machine.machineFolder, '2'])).toBe(1);
    expect(await main(['request-reboot', machine.machineFolder])).toBe(0);
    expect(await isRebootRequested(machine.machineFolder)).toBe(true);
    expect(await main(['reboot'])).toBe(2);
    expect(complain).toHaveBeenCalledWith(expect.stringContaining('usage'));
  } finally {
    write.mockRestore();
    complain.mockRestore();
  }
});
