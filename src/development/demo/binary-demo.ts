// For development only: never part of what runs on a device.
/** The same job with a file for a target: no reboot, so nothing of it is observed. */
import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hardwareId } from '../laboratory/laboratory.js';
import { isCompletionTold, isManifestAccepted } from './observations.js';
import type { DemoOptions } from './ostree-demo.js';
import { sabotageStart } from './sabotage.js';

export interface BinaryObservations {
  provisioned: boolean;
  downloadedBytes: number;
  filePlaced: boolean;
  confirmed: boolean;
  manifestAccepted: boolean;
  manifestNumber: number | null;
}

export async function runBinaryDemo(options: DemoOptions): Promise<BinaryObservations> {
  const seen: BinaryObservations = {
    provisioned: false,
    downloadedBytes: 0,
    filePlaced: false,
    confirmed: false,
    manifestAccepted: false,
    manifestNumber: null,
  };
  try {
    await tellTheStory(options, seen);
  } catch (error) {
    options.story.tell(error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error));
  }
  return seen;
}

async function tellTheStory(
  { laboratory, story, sabotage, stepSeconds }: DemoOptions,
  seen: BinaryObservations,
): Promise<void> {
  const { device, backend } = laboratory;
  story.tell(`backend: device gateway at ${backend.address.gateway}, director, image repository`);
  await sabotageStart(laboratory, sabotage);
  await device.powerOn();
  const registered = await laboratory.registered(stepSeconds);
  seen.provisioned = true;
  story.tell(`device: provisioned as ${registered.uuid}, by shared credential over mutual TLS`);

  const content = randomBytes(3_000_000);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const path = join(laboratory.options.folder, 'firmware.bin');
  await writeFile(path, content);
  const target = await backend.publishFile(path, 'firmware-1', hardwareId);
  const correlationId = await backend.assign(registered.uuid, target);
  story.tell(`operator: ${target} (${content.length} bytes) is published and assigned, ${correlationId}`);

  const placed = join(device.folders.images, sha256.toUpperCase());
  const bytes = await laboratory.until('the file is in its place', stepSeconds, () =>
    readFile(placed).catch(() => null),
  );
  seen.downloadedBytes = bytes.length;
  seen.filePlaced = bytes.equals(content);
  story.tell(`device: ${bytes.length} bytes downloaded, verified and placed`);
  story.quote((await device.sotactl('status')).output);
  await laboratory.until('the installation is told', stepSeconds, async () =>
    isCompletionTold(await backend.device(registered.uuid), correlationId),
  );
  seen.confirmed = true;
  const record = await laboratory.until('the backend takes the manifest', stepSeconds, async () => {
    const found = await backend.device(registered.uuid);
    return isManifestAccepted(found, sha256) && found.openAssignments === 0 ? found : null;
  });
  seen.manifestAccepted = true;
  seen.manifestNumber = record.manifestNumber;
  story.tell(`backend: manifest ${record.manifestNumber} names ${target}; the assignment is closed as installed`);
}
