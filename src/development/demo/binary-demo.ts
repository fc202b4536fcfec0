// For development only: never part of what runs on a device.
/** The same job with a file for a target: no reboot, so nothing of it is observed. */
import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hardwareId } from '../laboratory/laboratory.js';
import { isCompletionTold, isManifestAccepted } from './observations.js';
import type { DemoOptions } from './ostree-demo.js';
import { Saboteur } from './sabotage.js';
import { Steps } from './steps.js';

export interface BinaryObservations {
  provisioned: boolean;
  downloadedBytes: number;
  filePlaced: boolean;
  confirmed: boolean;
  manifestAccepted: boolean;
  manifestNumber: number | null;
}

const sizeBytes = 3_000_000;
const targetName = 'firmware-1';

/** Observes whatever happens; what did not happen stays false. */
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

async function tellTheStory(options: DemoOptions, seen: BinaryObservations): Promise<void> {
  const { laboratory, story, sabotage, stepSeconds } = options;
  const { device, backend } = laboratory;
  const saboteur = new Saboteur(laboratory, sabotage);
  const steps = new Steps(laboratory, saboteur, stepSeconds);
  story.tell(`backend: device gateway at ${backend.address.gateway}, director, image repository`);
  await saboteur.beforeStart();
  await device.powerOn();
  const uuid = await steps.until('the device is registered', async () => {
    const [found] = await backend.devices();
    return found?.registered === true && found.uuid;
  });
  seen.provisioned = true;
  story.tell(`device: provisioned as ${uuid}, by shared credential over mutual TLS`);

  const content = randomBytes(sizeBytes);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const path = join(laboratory.options.folder, 'firmware.bin');
  await writeFile(path, content);
  const target = await backend.publishFile(path, targetName, hardwareId);
  let correlationId = '';
  await saboteur.beforeAssignment(uuid, () => correlationId, `/targets/${targetName}$`);
  correlationId = await backend.assign(uuid, target);
  story.tell(`operator: ${target} (${content.length} bytes) is published and assigned, ${correlationId}`);

  const placed = join(device.folders.images, sha256.toUpperCase());
  const bytes = await steps.until('the file is in its place', () => readFile(placed).catch(() => null));
  seen.downloadedBytes = bytes.length;
  seen.filePlaced = bytes.equals(content);
  story.tell(`device: ${bytes.length} bytes downloaded, verified and placed`);
  story.quote((await device.sotactl('status')).output);
  await steps.until('the installation is told', async () =>
    isCompletionTold(await backend.device(uuid), correlationId),
  );
  seen.confirmed = true;
  const record = await steps.until('the backend takes the manifest', async () => {
    const found = await backend.device(uuid);
    return isManifestAccepted(found, sha256, correlationId) && found;
  });
  seen.manifestAccepted = true;
  seen.manifestNumber = record.manifestNumber;
  story.tell(`backend: manifest ${record.manifestNumber} names ${target}; the assignment is closed as installed`);
}
