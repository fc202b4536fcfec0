/**
 * For development only: the SIMULATED boot loader. It does what U-Boot and the initramfs of a board do, with folders.
 *
 * A machine is a folder: `root` (a link to what `/` would be), `proc` (what the kernel would show) and the marker
 * `reboot-requested`. The product is started with root folder `<machine>/root` and proc folder `<machine>/proc`; it
 * knows nothing of the simulation. On purpose nothing here comes from the product's own reader of uEnv.txt: a mistake
 * in that one must show.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, realpath, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

export interface Booted {
  readonly ok: true;
  readonly entry: 1 | 2;
  readonly commit: string;
  /** Folder of the deployment that runs now. */
  readonly folder: string;
  readonly bootId: string;
}

/** The board would hang or fall into an emergency shell. */
export interface BootFailure {
  readonly ok: false;
  /** `does not boot: …` */
  readonly reason: string;
}

function fail(reason: string): BootFailure {
  return { ok: false, reason: `does not boot: ${reason}` };
}

/** `env import -t`: every line `name=value` is taken, the last one of a name wins. */
function importEnvironment(text: string): ReadonlyMap<string, string> {
  const variables = new Map<string, string>();
  for (const line of text.split('\n')) {
    const separator = line.indexOf('=');
    if (separator > 0 && !line.startsWith('#')) variables.set(line.slice(0, separator), line.slice(separator + 1));
  }
  return variables;
}

async function sizeOf(path: string): Promise<number | null> {
  return stat(path).then(
    (found) => (found.isFile() ? found.size : null),
    () => null,
  );
}

/** Loads a file as U-Boot does: from the partition, `/boot` in front where the path has none. */
async function whyNotLoadable(sysroot: string, name: string, path: string): Promise<string | null> {
  const size = (await sizeOf(join(sysroot, path))) ?? (await sizeOf(join(sysroot, 'boot', path)));
  if (size === null) return `${name} ${path} is not there`;
  return size === 0 ? `${name} ${path} is empty` : null;
}

/** What the initramfs does with `ostree=`: follows it now, to whichever deployment it leads at this moment. */
async function findDeployment(sysroot: string, path: string): Promise<string | BootFailure> {
  const folder = await realpath(join(sysroot, path)).catch(() => null);
  if (folder === null) return fail(`ostree=${path} leads nowhere`);
  const hasSystem = await stat(join(folder, 'usr')).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return hasSystem ? folder : fail(`${folder} holds no operating system`);
}

/** The machine's folders change last, and the link in one step: a failed boot leaves the machine as it was. */
async function switchMachine(machineFolder: string, folder: string, commandLine: string): Promise<string> {
  const bootId = randomUUID();
  const random = join(machineFolder, 'proc/sys/kernel/random');
  await mkdir(random, { recursive: true });
  await writeFile(join(machineFolder, 'proc/cmdline'), `${commandLine}\n`);
  const newLink = join(machineFolder, 'root.new');
  await rm(newLink, { force: true });
  await symlink(folder, newLink);
  await rename(newLink, join(machineFolder, 'root'));
  await writeFile(join(random, 'boot_id'), `${bootId}\n`);
  await clearRebootRequest(machineFolder);
  return bootId;
}

/**
 * Boots a machine.
 * @param options sysroot: the disk; machineFolder: made when missing; entry: 1 boots what is first, 2 what a boot
 *   loader falls back to when its count is over.
 */
export async function boot(options: {
  readonly sysroot: string;
  readonly machineFolder: string;
  readonly entry: 1 | 2;
}): Promise<Booted | BootFailure> {
  const { sysroot, machineFolder, entry } = options;
  const text = await readFile(join(sysroot, 'boot/loader/uEnv.txt'), 'utf8').catch(() => null);
  if (text === null) return fail('boot/loader/uEnv.txt is not there');
  const variables = importEnvironment(text);
  const suffix = entry === 1 ? '' : String(entry);
  const kernel = variables.get(`kernel_image${suffix}`);
  const ramdisk = variables.get(`ramdisk_image${suffix}`);
  const commandLine = variables.get(`bootargs${suffix}`);
  if (kernel === undefined) return fail(`kernel_image${suffix} is not set`);
  if (commandLine === undefined) return fail(`bootargs${suffix} is not set`);
  const reason =
    (await whyNotLoadable(sysroot, 'kernel', kernel)) ??
    (ramdisk === undefined ? null : await whyNotLoadable(sysroot, 'initramfs', ramdisk));
  if (reason !== null) return fail(reason);
  const paths = [...commandLine.matchAll(/(?:^| )ostree=(\S+)/g)].map((match) => match[1] ?? '');
  const path = paths[0];
  if (path === undefined || paths.length > 1) return fail(`bootargs${suffix} has ${paths.length} ostree= arguments`);
  const folder = await findDeployment(sysroot, path);
  if (typeof folder !== 'string') return folder;
  const commit = basename(folder).split('.')[0] ?? '';
  const bootId = await switchMachine(machineFolder, folder, commandLine);
  return { ok: true, entry, commit, folder, bootId };
}

function rebootMarker(machineFolder: string): string {
  return join(machineFolder, 'reboot-requested');
}

/** What the reboot command of a simulated machine does; whoever supervises it boots it then. */
export async function requestReboot(machineFolder: string): Promise<void> {
  await writeFile(rebootMarker(machineFolder), '');
}

/** Was a reboot asked for since the last boot? */
export async function isRebootRequested(machineFolder: string): Promise<boolean> {
  return (await sizeOf(rebootMarker(machineFolder))) !== null;
}

export async function clearRebootRequest(machineFolder: string): Promise<void> {
  await rm(rebootMarker(machineFolder), { force: true });
}
