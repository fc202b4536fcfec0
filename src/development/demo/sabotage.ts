// For development only: never part of what runs on a device.
/**
 * Breaks one step of the main job from outside, and tells, from outside too, when the device has met what is broken,
 * so that nobody waits longer for what can't come.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DeviceConfiguration } from '../device/device-configuration.js';
import type { Laboratory } from '../laboratory/laboratory.js';
import type { TreeDescription } from '../sysroot/make-tree.js';
import { hasFailed } from './observations.js';

/** What `--sabotage` breaks: one step of the main job each. */
export const sabotages = ['provision', 'pull', 'uenv', 'reboot', 'confirm', 'manifest'] as const;
export type Sabotage = (typeof sabotages)[number];

/** A file for a target is neither booted nor confirmed by a boot. */
export const binarySabotages: readonly Sabotage[] = ['provision', 'pull'];

/** Once could be chance: so often must a device have met the obstacle before it is given up. */
const enoughTries = 2;
/** A report is given up after three refusals; by then everything before it was told. */
const enoughRefusals = 3;

/** What was seen from outside of the obstacle; null while the device has not met it. */
type Sight = () => Promise<string | null>;

const refusalsFile = (folder: string): string => join(folder, 'reboots-refused');

/** What of the device's configuration is broken. The folder is the laboratory's. */
export function sabotagedConfiguration(sabotage: Sabotage | null, folder: string): Partial<DeviceConfiguration> {
  return sabotage === 'reboot' ? { rebootCommand: `sh ${join(folder, 'refuse-reboot.sh')}` } : {};
}

/** What of version 2 is broken: an initramfs without content, which no board could boot. */
export function sabotagedTree(sabotage: Sabotage | null, kernel: string): Partial<TreeDescription> {
  return sabotage === 'uenv' ? { extraFiles: { [`usr/lib/modules/${kernel}/initramfs.img`]: '' } } : {};
}

export class Saboteur {
  private sight: Sight = () => Promise.resolve(null);

  constructor(
    private readonly laboratory: Laboratory,
    readonly sabotage: Sabotage | null,
  ) {}

  /** What was seen of the obstacle once the device has met it; null before, and without a sabotage. */
  look(): Promise<string | null> {
    return this.sight();
  }

  /** Before the device starts. */
  async beforeStart(): Promise<void> {
    if (this.sabotage === 'provision') {
      await this.refuse({ method: 'POST', path: '^/devices$' }, { kind: 'status', status: 500 }, enoughTries);
    }
    if (this.sabotage === 'reboot') {
      const refusals = refusalsFile(this.laboratory.options.folder);
      const script = join(this.laboratory.options.folder, 'refuse-reboot.sh');
      await writeFile(script, `#!/bin/sh\necho refused >> '${refusals}'\nexit 1\n`);
      this.sight = async () => {
        const text = await readFile(refusals, 'utf8').catch(() => '');
        return text === '' ? null : 'the reboot command was run, and failed';
      };
    }
  }

  /**
   * Before the new version is assigned.
   * @param content path at the gateway of something that the new version consists of, as a regular expression
   */
  async beforeAssignment(uuid: string, correlationId: () => string, content: string): Promise<void> {
    if (this.sabotage === 'pull') await this.refuse({ path: content }, { kind: 'missing' }, enoughTries);
    if (this.sabotage === 'confirm') this.laboratory.device.nextEntry = 2;
    if (this.sabotage === 'uenv' || this.sabotage === 'confirm') {
      this.sight = async () => {
        const failed = hasFailed(await this.laboratory.backend.device(uuid), correlationId());
        return failed ? 'the backend has the report of a failure, and closed the assignment' : null;
      };
    }
  }

  /** When the new version is in place, before the device tells so: the server takes no manifest from then on. */
  async beforeReport(): Promise<void> {
    if (this.sabotage === 'manifest') {
      const match = { method: 'PUT', path: '^/director/manifest$' };
      await this.refuse(match, { kind: 'status', status: 400 }, enoughRefusals);
    }
  }

  private async refuse(match: object, action: object, enough: number): Promise<void> {
    const { backend } = this.laboratory;
    const { id } = (await backend.call('POST', '/faults', { match, action })) as { id: string };
    this.sight = async () => {
      const faults = (await backend.call('GET', '/faults')) as readonly { id: string; fired: number }[];
      const fired = faults.find((fault) => fault.id === id)?.fired ?? 0;
      return fired < enough ? null : `the backend refused ${JSON.stringify(match)} ${fired} times`;
    };
  }
}
