import { judgeLoaderEntries } from '../../domain/boot/judge-boot-configuration.js';
import { SotaError } from '../../domain/errors/sota-error.js';
import type { BootExpectation, Bootloader } from '../../ports/bootloader.js';
import type { Files } from '../../ports/files.js';
import { entryFacts, expectedPlaces, loaderLink, readLoaderEntries } from './boot-folder.js';

/**
 * Boards without uEnv.txt, whose boot loader reads the entries in `boot/loader/entries` or a file that libostree makes
 * from them (GRUB, systemd-boot). Verifies these entries only.
 */
export class EntriesBootloader implements Bootloader {
  readonly #sysroot: string;
  readonly #files: Files;

  constructor(options: { readonly sysroot: string; readonly files: Files }) {
    this.#sysroot = options.sysroot;
    this.#files = options.files;
  }

  async prepare(): Promise<void> {
    const link = await loaderLink(this.#sysroot);
    if (!link.ok) throw new SotaError('BOOT_CONFIGURATION_UNAVAILABLE', { message: link.reason });
  }

  /** Nothing counts boots here. */
  async arm(): Promise<void> {
    await Promise.resolve();
  }

  /** Nothing was armed. */
  async disarm(): Promise<void> {
    await Promise.resolve();
  }

  async verify(expectation: BootExpectation): Promise<void> {
    const differences = await this.#differences(expectation);
    if (differences.length === 0) return;
    throw new SotaError('BOOT_CONFIGURATION_WRONG', { message: `boot/loader/entries: ${differences.join('; ')}` });
  }

  async #differences(expectation: BootExpectation): Promise<readonly string[]> {
    const entries = await readLoaderEntries(this.#files, this.#sysroot);
    if (!entries.ok) return [entries.error];
    const facts = await Promise.all(
      entries.value.map(async (entry) =>
        entryFacts(this.#sysroot, {
          kernel: entry.linux,
          ramdisk: entry.initrd,
          fdt: null,
          fdtFolder: null,
          bootArguments: entry.options,
        }),
      ),
    );
    return judgeLoaderEntries(entries.value, facts, await expectedPlaces(expectation));
  }
}
