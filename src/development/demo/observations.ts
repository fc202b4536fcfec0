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

/** Bytes of a file; null when there is none. */
const sizeOf = (path: string): Promise<number | null> =>
  stat(path).then(
    ({ size }) => size,
    () => null,
  );

const isNotEmpty = async (path: string): Promise<boolean> => ((await sizeOf(path)) ?? 0) > 0;

/** Names of all whole objects in the repository of a sysroot, or in another one. */
export async function objectsOf(root: string, below = 'ostree/repo/objects'): Promise<ReadonlySet<string>> {
  const folder = join(root, below);
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
  return (await isNotEmpty(object)) && (await sizeOf(join(repository, 'state', `${commit}.commitpartial`))) === null;
}

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

/** Did the backend take a manifest with this image as installed, and close the assignment as succeeded for it? */
export function isManifestAccepted(device: DeviceRecord, sha256: string, correlationId: string): boolean {
  return (
    device.ecus.some(({ installed }) => installed?.sha256 === sha256) &&
    device.assignments.some((one) => one.correlationId === correlationId && one.state === 'succeeded')
  );
}

/** Did the backend close the assignment as failed? */
export function hasFailed(device: DeviceRecord, correlationId: string): boolean {
  return device.assignments.some((one) => one.correlationId === correlationId && one.state === 'failed');
}

/** Does the backend have the event that the installation of this assignment went well (backend.md 1.8)? */
export function isCompletionTold(device: DeviceRecord, correlationId: string): boolean {
  return device.events.some((stored) => {
    const { event } = stored as StoredEvent;
    const { correlationId: assignment, success } = event.event;
    return event.eventType.id === 'EcuInstallationCompleted' && assignment === correlationId && success === true;
  });
}

/** An event as the backend keeps it. */
interface StoredEvent {
  readonly event: {
    readonly eventType: { readonly id: string };
    readonly event: { readonly correlationId?: string; readonly success?: boolean };
  };
}
