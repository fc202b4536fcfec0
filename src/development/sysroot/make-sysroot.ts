import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Processes } from '../../ports/processes.js';
import { runProgram } from './run-program.js';

/** For development only: makes and removes OSTree sysroots that nothing boots from. */

export interface SysrootDescription {
  /** Made when it is missing. */
  readonly folder: string;
  readonly osName: string;
  /** Repository that holds the commit. */
  readonly repository: string;
  readonly commit: string;
  readonly kernelArguments?: readonly string[];
  /** `uboot` and `auto` with an empty uEnv.txt, as a board with U-Boot is flashed; `none`: entries alone. */
  readonly bootloader?: 'uboot' | 'auto' | 'none';
}

/** Makes a sysroot whose one deployment is the commit. @throws Error with the text of ostree. */
export async function makeSysroot(processes: Processes, sysroot: SysrootDescription): Promise<void> {
  const { folder, osName } = sysroot;
  const bootloader = sysroot.bootloader ?? 'uboot';
  const repository = join(folder, 'ostree/repo');
  await mkdir(folder, { recursive: true });
  const ostree = (...words: string[]) => runProgram(processes, 'ostree', words);
  await ostree('admin', 'init-fs', folder);
  await ostree('admin', 'os-init', `--sysroot=${folder}`, osName);
  await ostree('config', `--repo=${repository}`, 'set', 'sysroot.bootloader', bootloader);
  if (bootloader !== 'none') {
    // libostree's U-Boot part is active only when the file is there already (platform.md 3b).
    await mkdir(join(folder, 'boot/loader.0'), { recursive: true });
    await symlink('loader.0', join(folder, 'boot/loader'));
    await writeFile(join(folder, 'boot/loader/uEnv.txt'), '');
  }
  await ostree('pull-local', `--repo=${repository}`, sysroot.repository, sysroot.commit);
  const kernelArguments = (sysroot.kernelArguments ?? ['root=LABEL=otaroot', 'rw']).map((word) => `--karg=${word}`);
  await ostree('admin', 'deploy', `--sysroot=${folder}`, `--os=${osName}`, ...kernelArguments, sysroot.commit);
}

async function listFolder(path: string): Promise<readonly string[]> {
  return readdir(path).catch((cause: unknown) => {
    if (typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'ENOENT') return [];
    throw cause;
  });
}

/** Removes a sysroot, also one whose deployments are immutable. Nothing happens when there is none. */
export async function removeSysroot(processes: Processes, folder: string): Promise<void> {
  const deployRoot = join(folder, 'ostree/deploy');
  for (const osName of await listFolder(deployRoot)) {
    const deployments = join(deployRoot, osName, 'deploy');
    for (const name of await listFolder(deployments)) {
      if (name.endsWith('.origin')) continue;
      // It fails without real root, where no such bit was ever set.
      await processes.run({ file: 'chattr', arguments: ['-i', join(deployments, name)], timeoutSeconds: 30 });
    }
  }
  await rm(folder, { recursive: true, force: true });
}
