import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bootloader } from '../../ports/bootloader.js';
import type { Files } from '../../ports/files.js';
import type { Logger } from '../../ports/logger.js';
import { EntriesBootloader } from './entries-bootloader.js';
import { readBootloaderSetting } from './sysroot-bootloader-setting.js';
import { UEnvBootloader } from './u-env-bootloader.js';

/** Files by which libostree's `auto` knows that another boot loader is at home. */
const otherBootLoaders = [
  'boot/loader/grub.cfg',
  'boot/grub2/grub.cfg',
  'boot/grub/grub.cfg',
  'boot/syslinux/syslinux.cfg',
];

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function isUEnvBoard(sysroot: string, files: Files): Promise<boolean> {
  // A file that is there boots the board, whatever the setting says; prepare() then refuses a setting that loses it.
  if (await exists(join(sysroot, 'boot/loader/uEnv.txt'))) return true;
  const setting = await readBootloaderSetting(files, sysroot);
  if (setting !== 'auto') return setting === 'uboot';
  for (const path of otherBootLoaders) {
    if (await exists(join(sysroot, path))) return false;
  }
  return true;
}

/**
 * Which boot configuration a board has. With `auto` and no file of any boot loader it is taken for a U-Boot board whose
 * uEnv.txt went missing: on a board of another kind an unused file does no harm as long as its own loader's is there.
 * @param options configured: what the board profile says, which counts before anything found; null: find out.
 * @throws SotaError BOOT_CONFIGURATION_UNAVAILABLE when there is no repository.
 */
export async function detectBootloader(options: {
  readonly sysroot: string;
  readonly files: Files;
  readonly logger: Logger;
  readonly configured?: 'uEnv' | 'entries' | null;
}): Promise<Bootloader> {
  const configured = options.configured ?? null;
  const isUEnv = configured === null ? await isUEnvBoard(options.sysroot, options.files) : configured === 'uEnv';
  return isUEnv ? new UEnvBootloader(options) : new EntriesBootloader(options);
}
