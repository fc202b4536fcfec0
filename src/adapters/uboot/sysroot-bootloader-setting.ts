import { join } from 'node:path';
import { SotaError } from '../../domain/errors/sota-error.js';
import type { Files } from '../../ports/files.js';
import { readText } from './boot-folder.js';

/**
 * `sysroot.bootloader` of the repository's configuration: which boot loader libostree writes for. `auto` when unset.
 * @throws SotaError BOOT_CONFIGURATION_UNAVAILABLE when there is no repository.
 */
export async function readBootloaderSetting(files: Files, sysroot: string): Promise<string> {
  const path = join(sysroot, 'ostree/repo/config');
  const text = await readText(files, path);
  if (text === null) {
    throw new SotaError('BOOT_CONFIGURATION_UNAVAILABLE', {
      message: `${path} is not there, so what boots can not be known`,
      hint: 'Check pacman.sysroot.',
    });
  }
  let section = '';
  let setting = 'auto';
  for (const line of text.split('\n').map((one) => one.trim())) {
    const header = /^\[(.*)\]$/.exec(line)?.[1];
    if (header !== undefined) section = header;
    const value = /^bootloader\s*=\s*(.*)$/.exec(line)?.[1];
    if (section === 'sysroot' && value !== undefined) setting = value.trim();
  }
  return setting;
}
