// For development only: never part of what runs on a device.
/** The main job: version 1 runs, version 2 is published, the device does the rest. */
import { isRebootRequested, type Booted } from '../boot-loader/simulated-boot-loader.js';
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
import { sabotagedTree, Saboteur, type Sabotage } from './sabotage.js';
import { Steps } from './steps.js';
import type { Story } from './story.js';

export interface DemoOptions {
  readonly laboratory: Laboratory;
  readonly story: Story;
  readonly sabotage: Sabotage | null;
  /** How long each step may take. */
  readonly stepSeconds: number;
}

const kernels = { first: '6.6.1', second: '6.6.2' };
const size = { files: 200, sizeBytes: 8_000_000 };

/** Slow enough for a look at a pull that runs. */
const slowLink = { match: { path: '\\.filez$' }, action: { kind: 'throttle', bytesPerSecond: 80_000 } };
const fewObjects = 15;

/** Version 2 as it is under way. */
interface Update {
  readonly first: string;
  readonly second: string;
  readonly uuid: string;
  readonly correlationId: string;
  /** Objects that were in the device's repository before. */
  readonly objects: ReadonlySet<string>;
}

/** Observes whatever happens; what did not happen stays false. */
export async function runOstreeDemo(options: DemoOptions): Promise<Observations> {
  const demo = new OstreeDemo(options);
  try {
    await demo.run();
  } catch (error) {
    options.story.tell(error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error));
  }
  return demo.seen;
}

class OstreeDemo {
  readonly seen: Observations = { ...nothingObserved };
  private readonly laboratory: Laboratory;
  private readonly story: Story;
  private readonly saboteur: Saboteur;
  private readonly steps: Steps;
  private readonly sysroot: string;

  constructor({ laboratory, story, sabotage, stepSeconds }: DemoOptions) {
    this.laboratory = laboratory;
    this.story = story;
    this.saboteur = new Saboteur(laboratory, sabotage);
    this.steps = new Steps(laboratory, this.saboteur, stepSeconds);
    this.sysroot = laboratory.device.folders.sysroot;
  }

  async run(): Promise<void> {
    const first = await this.flash();
    const uuid = await this.provision();
    const update = await this.assign(first, uuid);
    await this.pull(update);
    await this.deploy(update);
    const booted = await this.reboot();
    await this.confirm(update, booted);
    await this.report(update);
  }

  private async flash(): Promise<string> {
    const { laboratory, story } = this;
    story.tell(`backend: device gateway at ${laboratory.backend.address.gateway}, director, image repository, treehub`);
    const first = await laboratory.build({ version: '1', kernel: kernels.first, ...size });
    await laboratory.flash(first);
    story.tell(`board: OSTree sysroot with version 1 (${short(first)}) and uEnv.txt`);
    return first;
  }

  private async provision(): Promise<string> {
    await this.saboteur.beforeStart();
    await this.laboratory.device.powerOn();
    this.story.tell('board: U-Boot (simulated) booted version 1; sotad starts');
    const uuid = await this.steps.until('the device is registered', async () => {
      const [found] = await this.laboratory.backend.devices();
      return found?.registered === true && found.uuid;
    });
    this.seen.provisioned = true;
    this.story.tell(`device: provisioned as ${uuid}, by shared credential over mutual TLS`);
    return uuid;
  }

  private async assign(first: string, uuid: string): Promise<Update> {
    const { laboratory, saboteur } = this;
    const broken = sabotagedTree(saboteur.sabotage, kernels.second);
    const second = await laboratory.build({ version: '2', kernel: kernels.second, ...size, ...broken });
    const target = await laboratory.publish(second);
    const objects = await objectsOf(this.sysroot);
    if (saboteur.sabotage === null) await laboratory.backend.addFault(slowLink);
    let correlationId = '';
    await saboteur.beforeAssignment(uuid, () => correlationId, await this.oneOfTheNewFiles(objects));
    correlationId = await laboratory.backend.assign(uuid, target);
    this.story.tell(`operator: version 2 (${short(second)}) is published and assigned, ${correlationId}`);
    return { first, second, uuid, correlationId, objects };
  }

  /** Path at treehub of the content of a file that only version 2 has. */
  private async oneOfTheNewFiles(known: ReadonlySet<string>): Promise<string> {
    const built = await objectsOf(this.laboratory.buildRepository, 'objects');
    const name = [...built].find((one) => one.endsWith('.filez') && !known.has(one.replace('.filez', '.file')));
    if (name === undefined) throw new Error('version 2 has no file that version 1 has not');
    return `/objects/${name.slice(0, 2)}/${name.slice(2).replace('.', '\\.')}$`;
  }

  private async pull(update: Update): Promise<void> {
    if (this.saboteur.sabotage === null) await this.watchPull();
    await this.steps.until('version 2 is pulled', () => isComplete(this.sysroot, update.second));
    const objects = await objectsOf(this.sysroot);
    this.seen.pulledObjects = [...objects].filter((name) => !update.objects.has(name)).length;
    this.story.tell(`device: pulled ${this.seen.pulledObjects} objects with ostree, deploys`);
  }

  /** Shows what the device says of a pull in the middle of it; nothing is concluded from it. */
  private async watchPull(): Promise<void> {
    const { backend, device } = this.laboratory;
    await this.steps.until('version 2 is being pulled', async () => {
      const requests = (await backend.call('GET', '/requests')) as readonly { readonly path: string }[];
      return requests.filter(({ path }) => path.endsWith('.filez')).length >= fewObjects;
    });
    this.story.tell('device: pulls over a link that was made slow; sotactl status says');
    this.story.quote((await device.sotactl('status')).output);
    await backend.clearFaults();
  }

  private async deploy({ first, second }: Update): Promise<void> {
    await this.steps.until('uEnv.txt boots version 2', () => isBootConfigurationRight(this.sysroot, second, first));
    this.seen.uEnvVerified = true;
    this.story.tell('device: uEnv.txt boots version 2 first, version 1 second; kernels and initramfs are there');
  }

  private async reboot(): Promise<Booted> {
    const { device } = this.laboratory;
    await this.steps.until('a reboot is asked for', () => isRebootRequested(device.folders.machine));
    await this.saboteur.beforeReport();
    const before = device.boots.length;
    device.supervise({ restart: true, onBoot: ({ commit }) => this.story.tell(`board: booted ${short(commit)}`) });
    const booted = await this.steps.until('the board boots again', () => Promise.resolve(device.boots[before] ?? null));
    this.seen.rebooted = booted.bootId !== device.boots[before - 1]?.bootId;
    this.seen.bootedCommit = booted.commit;
    return booted;
  }

  /** The board runs version 2 and would boot it again, and the backend was told that it is installed. */
  private async confirm({ first, second, uuid, correlationId }: Update, booted: Booted): Promise<void> {
    await this.steps.until('version 2 is confirmed', async () => {
      if (booted.commit !== second || !(await isBootConfigurationRight(this.sysroot, second, first))) return false;
      return isCompletionTold(await this.laboratory.backend.device(uuid), correlationId);
    });
    this.seen.confirmed = true;
    this.story.tell('device: version 2 runs, is checked and confirmed');
  }

  private async report({ second, uuid, correlationId }: Update): Promise<void> {
    const record = await this.steps.until('the backend takes the manifest', async () => {
      const found = await this.laboratory.backend.device(uuid);
      return isManifestAccepted(found, second, correlationId) && found;
    });
    this.seen.manifestAccepted = true;
    this.seen.manifestNumber = record.manifestNumber;
    this.story.tell(`backend: manifest ${record.manifestNumber} says version 2; the assignment is closed as installed`);
    this.story.quote((await this.laboratory.device.sotactl('status')).output);
  }
}

function short(commit: string): string {
  return commit.slice(0, 12);
}
