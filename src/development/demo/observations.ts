// For development only: never part of what runs on a device.
/**
 * What the demo claims, each claim looked up outside of the agent: in the sysroot and in the backend's own records.
 * Nothing here asks sotad.
 */
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { DeviceRecord } from '../laboratory/backend-process.js';

/** The fields of the last line of `npm run demo -- --json`. */
export interface Observations {
  provisioned: boolean;
  /** Objects that came over the network, once the commit is complete in the device's repository; else 0. */
  pulledObjects: number;
  uEnvVerified: boolean;
  rebooted: boolean;
  confirmed: boolean;
  manifestAccepted: boolean;
  bootedCommit: string | null;
  manifestNumber: number | null;
}

export const nothingObserved: Observations = {
  provisioned: false,
  pulledObjects: 0,
  uEnvVerified: false,
  rebooted: false,
  confirmed: false,
  manifestAccepted: false,
  bootedCommit: null,
  manifestNumber: null,
};

const isNotEmpty = (path: string): Promise<boolean> =>
  stat(path).then(
    ({ size }) => size > 0,
    () => false,
  );

/** Names of all whole objects in a repository. */
export async function objectsOf(sysroot: string): Promise<ReadonlySet<string>> {
  const folder = join(sysroot, 'ostree/repo/objects');
  const names = new Set<string>();
  for (const prefix of await readdir(folder)) {
    for (const rest of await readdir(join(folder, prefix))) names.add(`${prefix}${rest}`);
  }
  return names;
}

/** Is the commit here, and not as a part? A killed pull leaves the mark `.commitpartial` (design rule 3). */
export async function isComplete(sysroot: string, commit: string): Promise<boolean> {
  const repository = join(sysroot, 'ostree/repo');
  const object = join(repository, 'objects', commit.slice(0, 2), `${commit.slice(2)}.commit`);
  return (await isNotEmpty(object)) && !(await exists(join(repository, 'state', `${commit}.commitpartial`)));
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Would uEnv.txt boot the expected commit first and the former one second, with kernels and initramfs that are there? */
export async function isBootConfigurationRight(sysroot: string, first: string, second: string): Promise<boolean> {
  const text = await readFile(join(sysroot, 'boot/loader/uEnv.txt'), 'utf8').catch(() => '');
  const values = new Map(text.split('\n').map((line) => [line.split('=', 1)[0] ?? '', line.replace(/^[^=]*=/, '')]));
  for (const [suffix, commit] of [
    ['', first],
    ['2', second],
  ] as const) {
    for (const name of ['kernel_image', 'ramdisk_image']) {
      if (!(await isNotEmpty(join(sysroot, values.get(name + suffix) ?? 'missing')))) return false;
    }
    const path = /(?:^| )ostree=(\S+)/.exec(values.get(`bootargs${suffix}`) ?? '')?.[1] ?? 'missing';
    const deployment = await realpath(join(sysroot, path)).catch(() => '');
    if (basename(deployment).split('.')[0] !== commit) return false;
  }
  return true;
}

/** Did the backend take a manifest with this image as installed? */
export function isManifestAccepted(device: DeviceRecord, sha256: string): boolean {
  return device.ecus.some(({ installed }) => installed?.sha256 === sha256);
}

/** Did the device tell that the installation of this assignment went well? */
export function isCompletionTold(device: DeviceRecord, correlationId: string): boolean {
  return JSON.stringify(device.events).includes('EcuInstallationCompleted') && completions(device, correlationId) > 0;
}

function completions(device: DeviceRecord, correlationId: string): number {
  const found: unknown[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    found.push(value);
    Object.values(value).forEach(visit);
  };
  visit(device.events);
  return found.filter((value) => {
    const { eventType, event } = value as { eventType?: { id?: string }; event?: Record<string, unknown> };
    return (
      eventType?.id === 'EcuInstallationCompleted' &&
      event?.['correlationId'] === correlationId &&
      event['success'] === true
    );
  }).length;
}
