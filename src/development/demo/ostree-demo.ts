// For development only: never part of what runs on a device.
/** The main job: version 1 runs, version 2 is published, the device does the rest. */
import { isRebootRequested } from '../boot-loader/simulated-boot-loader.js';
import type { Laboratory } from '../laboratory/laboratory.js';
import {
  isBootConfigurationRight,
  isCompletionTold,
  isComplete,
  isManifestAccepted,
  nothingObserved,
  objectsOf,
  type Observations,
} from './observations.js';
import { sabotageReboot, sabotageStart, sabotageUpdate, type Sabotage } from './sabotage.js';
import type { Story } from './story.js';

export interface DemoOptions {
  readonly laboratory: Laboratory;
  readonly story: Story;
  readonly sabotage: Sabotage | null;
  /** How long each step may take; a sabotaged one is waited for in vain. */
  readonly stepSeconds: number;
}

/** Observes whatever happens; what did not happen stays false. */
export async function runOstreeDemo(options: DemoOptions): Promise<Observations> {
  const seen = { ...nothingObserved };
  try {
    await tellTheStory(options, seen);
  } catch (error) {
    options.story.tell(error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error));
  }
  return seen;
}

async function tellTheStory(
  { laboratory, story, sabotage, stepSeconds }: DemoOptions,
  seen: Observations,
): Promise<void> {
  const { device, backend } = laboratory;
  const { sysroot, machine } = device.folders;
  story.tell(`backend: device gateway at ${backend.address.gateway}, director, image repository, treehub`);
  const first = await laboratory.build({ version: '1', kernel: '6.6.1', files: 200, sizeBytes: 4_000_000 });
  await laboratory.flash(first);
  story.tell(`board: OSTree sysroot with version 1 (${first.slice(0, 12)}) and uEnv.txt`);
  await sabotageStart(laboratory, sabotage);
  await device.powerOn();
  story.tell('board: U-Boot (simulated) booted version 1; sotad starts');
  const registered = await laboratory.registered(stepSeconds);
  seen.provisioned = true;
  story.tell(`device: provisioned as ${registered.uuid}, by shared credential over mutual TLS`);

  const tree = { version: '2', kernel: '6.6.2', files: 200, sizeBytes: 4_000_000 };
  const broken = sabotage === 'uenv' ? { extraFiles: { 'usr/lib/modules/6.6.2/initramfs.img': '' } } : {};
  const second = await laboratory.build({ ...tree, ...broken });
  const before = await objectsOf(sysroot);
  const target = await laboratory.publish(second);
  await sabotageUpdate(laboratory, sabotage);
  const correlationId = await backend.assign(registered.uuid, target);
  story.tell(`operator: version 2 (${second.slice(0, 12)}) is published and assigned, ${correlationId}`);

  await laboratory.until('version 2 is pulled', stepSeconds, () => isComplete(sysroot, second));
  seen.pulledObjects = [...(await objectsOf(sysroot))].filter((name) => !before.has(name)).length;
  story.tell(`device: pulled ${seen.pulledObjects} objects with ostree, deploys`);
  story.quote((await device.sotactl('status')).output);
  await laboratory.until('uEnv.txt boots version 2', stepSeconds, () =>
    isBootConfigurationRight(sysroot, second, first),
  );
  seen.uEnvVerified = true;
  story.tell('device: uEnv.txt boots version 2 first, version 1 second; kernels and initramfs are there');

  await laboratory.until('a reboot is asked for', stepSeconds, () => isRebootRequested(machine));
  await sabotageReboot(laboratory, sabotage);
  device.supervise({ restart: true, onBoot: (booted) => story.tell(`board: booted ${booted.commit.slice(0, 12)}`) });
  const booted = await laboratory.until('the board boots again', stepSeconds, () =>
    Promise.resolve(device.boots[1] ?? null),
  );
  seen.rebooted = booted.bootId !== device.boots[0]?.bootId;
  seen.bootedCommit = booted.commit;

  await laboratory.until('the new version is confirmed', stepSeconds, async () => {
    const record = await backend.device(registered.uuid);
    return booted.commit === second && isCompletionTold(record, correlationId);
  });
  seen.confirmed = true;
  story.tell('device: version 2 runs, is checked and confirmed');
  const record = await laboratory.until('the backend takes the manifest', stepSeconds, async () => {
    const found = await backend.device(registered.uuid);
    return isManifestAccepted(found, second) && found.openAssignments === 0 ? found : null;
  });
  seen.manifestAccepted = true;
  seen.manifestNumber = record.manifestNumber;
  story.tell(`backend: manifest ${record.manifestNumber} says version 2; the assignment is closed as installed`);
  story.quote((await device.sotactl('status')).output);
}
