// For development only: never part of what runs on a device.
import type { Laboratory } from '../laboratory/laboratory.js';

/** What `--sabotage` breaks, from outside: one step of the main job each. */
export const sabotages = ['provision', 'pull', 'uenv', 'reboot', 'confirm', 'manifest'] as const;
export type Sabotage = (typeof sabotages)[number];

/** Before the device starts. */
export async function sabotageStart(laboratory: Laboratory, sabotage: Sabotage | null): Promise<void> {
  if (sabotage === 'provision') {
    await laboratory.backend.addFault({
      match: { method: 'POST', path: '^/devices$' },
      action: { kind: 'status', status: 500 },
    });
  }
}

/** Before the new version is assigned. */
export async function sabotageUpdate(laboratory: Laboratory, sabotage: Sabotage | null): Promise<void> {
  if (sabotage === 'pull') {
    await laboratory.backend.addFault({ match: { path: '\\.filez$', nth: 3 }, action: { kind: 'missing' } });
  }
  if (sabotage === 'confirm') laboratory.device.nextEntry = 2;
}

/** When the device asks for its reboot: the server takes no manifest from then on. */
export async function sabotageReboot(laboratory: Laboratory, sabotage: Sabotage | null): Promise<void> {
  if (sabotage === 'manifest') {
    await laboratory.backend.addFault({
      match: { method: 'PUT', path: '^/director/manifest$' },
      action: { kind: 'status', status: 400 },
    });
  }
}
