import { readFile, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** The commits that uEnv.txt would boot, the first one first: read from the disk as a boot loader does, not by sotad. */
export async function bootOrder(sysroot: string): Promise<readonly string[]> {
  const text = await readFile(join(sysroot, 'boot/loader/uEnv.txt'), 'utf8');
  const commits: string[] = [];
  for (const name of ['bootargs', 'bootargs2', 'bootargs3']) {
    const line = text.split('\n').find((one) => one.startsWith(`${name}=`));
    const path = line === undefined ? undefined : /[= ]ostree=(\S+)/.exec(line)?.[1];
    if (path === undefined) continue;
    commits.push(basename(await realpath(join(sysroot, path))).split('.')[0] ?? '');
  }
  return commits;
}
