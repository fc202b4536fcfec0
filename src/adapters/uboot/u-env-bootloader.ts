import { join } from 'node:path';
import { judgeUEnv } from '../../domain/boot/judge-boot-configuration.js';
import { parseUEnv } from '../../domain/boot/u-env.js';
import { SotaError } from '../../domain/errors/sota-error.js';
import type { BootExpectation, Bootloader } from '../../ports/bootloader.js';
import type { Files } from '../../ports/files.js';
import type { Logger } from '../../ports/logger.js';
import { entryFacts, expectedPlaces, loaderLink, readLoaderEntries, readText } from './boot-folder.js';
import { readBootloaderSetting } from './sysroot-bootloader-setting.js';

/**
 * U-Boot boards: `boot/loader/uEnv.txt` decides what boots. libostree writes it, this verifies it (yocto-boot.md 3 A, B).
 * It never writes the file but for creating an empty one, which turns libostree's U-Boot part on.
 */
export class UEnvBootloader implements Bootloader {
  readonly #sysroot: string;
  readonly #files: Files;
  readonly #logger: Logger;

  constructor(options: { readonly sysroot: string; readonly files: Files; readonly logger: Logger }) {
    this.#sysroot = options.sysroot;
    this.#files = options.files;
    this.#logger = options.logger;
  }

  async prepare(): Promise<void> {
    const setting = await readBootloaderSetting(this.#files, this.#sysroot);
    if (setting !== 'auto' && setting !== 'uboot') {
      // With `none` a deploy would delete the very file that boots the board.
      throw new SotaError('BOOT_CONFIGURATION_UNAVAILABLE', {
        message: `sysroot.bootloader=${setting} in ostree/repo/config: ostree would not write uEnv.txt`,
        hint: 'Set it: ostree config --repo=/ostree/repo set sysroot.bootloader uboot',
      });
    }
    const link = await loaderLink(this.#sysroot);
    if (!link.ok) throw new SotaError('BOOT_CONFIGURATION_UNAVAILABLE', { message: link.reason });
    // The folder itself, so that a swap of the link can't move the file elsewhere meanwhile.
    const path = join(this.#sysroot, 'boot', link.target, 'uEnv.txt');
    if (await this.#create(path))
      this.#logger.warning('uEnv.txt was missing; an empty one lets ostree write it', { path });
  }

  async #create(path: string): Promise<boolean> {
    try {
      return await this.#files.createDurably(path, '', 0o644);
    } catch (cause) {
      throw new SotaError('BOOT_CONFIGURATION_UNAVAILABLE', { message: `${path} can not be created`, cause });
    }
  }

  /** rollback_mode none: nothing counts boots. (The modes with fw_setenv have their place here.) */
  async arm(): Promise<void> {
    await Promise.resolve();
  }

  /** rollback_mode none: nothing was armed. */
  async disarm(): Promise<void> {
    await Promise.resolve();
  }

  async verify(expectation: BootExpectation): Promise<void> {
    const differences = await this.#differences(expectation);
    if (differences.length === 0) return;
    throw new SotaError('BOOT_CONFIGURATION_WRONG', {
      message: `boot/loader/uEnv.txt: ${differences.join('; ')}`,
    });
  }

  async #differences(expectation: BootExpectation): Promise<readonly string[]> {
    const text = await readText(this.#files, join(this.#sysroot, 'boot/loader/uEnv.txt'));
    if (text === null) return ['it is not there'];
    const link = await loaderLink(this.#sysroot);
    if (!link.ok) return [link.reason];
    const expected = await expectedPlaces(expectation);
    const imageFile = join(expected.first.folder, 'usr/lib/ostree-boot/uEnv.txt');
    const imageText = (await readText(this.#files, imageFile)) ?? '';
    const uEnv = parseUEnv(text, imageText);
    if (!uEnv.ok) return [uEnv.error];
    const loaderEntries = await readLoaderEntries(this.#files, this.#sysroot);
    if (!loaderEntries.ok) return [loaderEntries.error];
    const facts = await Promise.all(
      uEnv.value.entries.map(async (entry) =>
        entryFacts(this.#sysroot, {
          kernel: entry.kernelImage,
          ramdisk: entry.ramdiskImage,
          fdt: entry.fdtFile,
          fdtFolder: entry.fdtFolder,
          bootArguments: entry.bootArguments,
        }),
      ),
    );
    return judgeUEnv({
      uEnv: uEnv.value,
      facts,
      loaderEntries: loaderEntries.value,
      imageText,
      expectation: expected,
    });
  }
}
