import { appendFile, mkdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { detectBootloader } from '../../../src/adapters/uboot/detect-bootloader.js';
import { EntriesBootloader } from '../../../src/adapters/uboot/entries-bootloader.js';
import { UEnvBootloader } from '../../../src/adapters/uboot/u-env-bootloader.js';
import type { BootExpectation } from '../../../src/ports/bootloader.js';
import { TestMachine, TestRepository, trees } from '../../support/sysroot/test-machine.js';

const bootLines = 'board=simulated\nfdt_file=board.dtb\n';
let repository: TestRepository;
let machine: TestMachine;
let uEnvPath: string;

beforeAll(async () => {
  repository = await TestRepository.create([trees.one, trees.two, { ...trees.three, bootLines }]);
});
afterAll(async () => {
  await repository.remove();
});
beforeEach(async () => {
  machine = await TestMachine.create(repository);
  uEnvPath = join(machine.sysroot, 'boot/loader/uEnv.txt');
  await machine.boot();
});
afterEach(async () => {
  await machine.remove();
});

/** What the agent expects after the deploy of a version. */
async function expectation(version: string): Promise<BootExpectation> {
  const { deployments, booted } = await machine.tree().facts();
  const first = deployments.find(({ commit }) => commit === repository.commit(version))!;
  return { first, second: first.isBooted ? null : booted };
}

async function deploy(version: string): Promise<BootExpectation> {
  await machine.uEnv().prepare();
  await machine.tree().deploy(await machine.pullLocally(version));
  return expectation(version);
}

async function edit(change: (text: string) => string): Promise<void> {
  await writeFile(uEnvPath, change(await readFile(uEnvPath, 'utf8')));
}

async function setBootloader(value: string): Promise<void> {
  await machine.ostree('config', `--repo=${machine.sysroot}/ostree/repo`, 'set', 'sysroot.bootloader', value);
}

test.each(['2', '3'])('after a deploy of version %s what boots is what was expected', async (version) => {
  const expected = await deploy(version);
  await machine.uEnv().verify(expected);
  expect(await machine.boot()).toMatchObject({ ok: true, commit: repository.commit(version) });
});

test("the image's own lines are in the file and accepted", async () => {
  const expected = await deploy('3');
  expect(await readFile(uEnvPath, 'utf8')).toContain(bootLines);
  await machine.uEnv().verify(expected);
  await edit((text) => text.replace('board=simulated\n', ''));
  await expect(machine.uEnv().verify(expected)).rejects.toThrow(/is missing|instead of/);
});

test('a missing uEnv.txt is created, once, and the deploy then writes it', async () => {
  await setBootloader('auto');
  await rm(uEnvPath);
  await machine.uEnv().prepare();
  expect((await stat(uEnvPath)).size).toBe(0);
  await writeFile(uEnvPath, 'kept=1\n');
  await machine.uEnv().prepare();
  expect(await readFile(uEnvPath, 'utf8')).toBe('kept=1\n');
  await machine.uEnv().verify(await deploy('2'));
});

test('without preparation a deploy would leave the board without uEnv.txt, and verify() says so', async () => {
  await setBootloader('auto');
  await rm(uEnvPath);
  await machine.tree().deploy(await machine.pullLocally('2'));
  await expect(machine.uEnv().verify(await expectation('2'))).rejects.toMatchObject({
    code: 'BOOT_CONFIGURATION_WRONG',
    message: expect.stringContaining('not there') as string,
  });
});

test.each(['none', 'grub2'])('sysroot.bootloader=%s is refused before anything is deployed', async (value) => {
  await setBootloader(value);
  await expect(machine.uEnv().prepare()).rejects.toMatchObject({ code: 'BOOT_CONFIGURATION_UNAVAILABLE' });
});

test('boot/loader as a folder (a file system without links) is refused', async () => {
  const loader = join(machine.sysroot, 'boot/loader');
  await rm(loader);
  await mkdir(loader);
  await expect(machine.uEnv().prepare()).rejects.toMatchObject({
    code: 'BOOT_CONFIGURATION_UNAVAILABLE',
    message: expect.stringContaining('no symbolic link') as string,
  });
});

describe('BOOT_CONFIGURATION_WRONG, with the difference', () => {
  test.each<[string, () => Promise<void>, string]>([
    ['a foreign line', async () => appendFile(uEnvPath, 'mmcdev=0\n'), 'foreign line "mmcdev=0"'],
    ['an empty file', async () => truncate(uEnvPath), 'no entry that could boot'],
    ['a removed file', async () => rm(uEnvPath), 'it is not there'],
    [
      'swapped entries',
      async () =>
        edit((text) =>
          text
            .replaceAll(/^(\w+)2=/gm, '$1SECOND=')
            .replaceAll(/^(kernel_image|ramdisk_image|bootargs)=/gm, '$12=')
            .replaceAll('SECOND=', '='),
        ),
      'bootargs boots',
    ],
    [
      'two ostree= paths',
      async () => edit((text) => text.replace('rw ostree', 'ostree=/x ostree')),
      '2 ostree= arguments',
    ],
    ['a path to nowhere', async () => edit((text) => text.replace(/\/0$/m, '/7')), 'leads to no deployment'],
    ['the fallback removed', async () => edit((text) => text.replaceAll(/^\w+2=.*\n/gm, '')), 'no second entry'],
    ['other arguments', async () => edit((text) => text.replace(' rw ', ' ro ')), 'bootargs of entry 1 differ'],
  ])('%s', async (_name, sabotage, difference) => {
    const expected = await deploy('2');
    await sabotage();
    await expect(machine.uEnv().verify(expected)).rejects.toMatchObject({
      code: 'BOOT_CONFIGURATION_WRONG',
      message: expect.stringContaining(difference) as string,
    });
  });

  test.each(['kernel_image', 'ramdisk_image'])('an empty file behind %s, and a missing one', async (key) => {
    const expected = await deploy('3');
    const text = await readFile(uEnvPath, 'utf8');
    const path = join(machine.sysroot, new RegExp(`^${key}=(.*)$`, 'm').exec(text)![1]!);
    await truncate(path);
    await expect(machine.uEnv().verify(expected)).rejects.toThrow(`is empty`);
    expect((await machine.boot()).ok).toBe(false);
    await rename(path, `${path}.away`);
    await expect(machine.uEnv().verify(expected)).rejects.toThrow(`does not exist`);
  });

  test('the old version first, as when a deploy never happened', async () => {
    const expected = await deploy('2');
    await machine.tree().undeploy(repository.commit('2'));
    await expect(machine.uEnv().verify(expected)).rejects.toMatchObject({ code: 'BOOT_CONFIGURATION_WRONG' });
    await machine.uEnv().verify(await expectation('1'));
  });
});

describe('which boot configuration a board has', () => {
  const detect = async (configured: 'uEnv' | 'entries' | null = null) =>
    detectBootloader({ sysroot: machine.sysroot, files: machine.files, logger: machine.logger, configured });

  test('an uEnv.txt decides, even where the setting would lose it', async () => {
    await setBootloader('none');
    expect(await detect()).toBeInstanceOf(UEnvBootloader);
  });

  test('without uEnv.txt: the setting, then files of other boot loaders', async () => {
    await rm(uEnvPath);
    expect(await detect()).toBeInstanceOf(UEnvBootloader);
    await setBootloader('none');
    expect(await detect()).toBeInstanceOf(EntriesBootloader);
    await setBootloader('auto');
    expect(await detect()).toBeInstanceOf(UEnvBootloader);
    await writeFile(join(machine.sysroot, 'boot/loader/grub.cfg'), '');
    expect(await detect()).toBeInstanceOf(EntriesBootloader);
    expect(await detect('uEnv')).toBeInstanceOf(UEnvBootloader);
  });

  test('no repository: BOOT_CONFIGURATION_UNAVAILABLE', async () => {
    const options = { sysroot: machine.runtimeFolder, files: machine.files, logger: machine.logger };
    await expect(detectBootloader(options)).rejects.toMatchObject({ code: 'BOOT_CONFIGURATION_UNAVAILABLE' });
  });
});

test('a board that boots by loader entries is verified by these', async () => {
  const other = await TestMachine.create(repository, { bootloader: 'none' });
  try {
    const bootloader = await detectBootloader({ sysroot: other.sysroot, files: other.files, logger: other.logger });
    expect(bootloader).toBeInstanceOf(EntriesBootloader);
    await bootloader.prepare();
    await bootloader.arm();
    await bootloader.disarm();
    await other.tree().deploy(await other.pullLocally('3'));
    const { deployments } = await other.tree({ procFolder: '/proc' }).facts();
    await bootloader.verify({ first: deployments[0]!, second: deployments[1]! });
    await expect(bootloader.verify({ first: deployments[1]!, second: null })).rejects.toMatchObject({
      code: 'BOOT_CONFIGURATION_WRONG',
    });
  } finally {
    await other.remove();
  }
});
