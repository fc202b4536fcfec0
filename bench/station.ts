/** A backend and any number of boards in turn: what the benchmarks measure on. */
import { copyFile, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DeviceConfiguration } from '../src/development/device/device-configuration.js';
import { SimulatedDevice } from '../src/development/device/simulated-device.js';
import { BackendProcess } from '../src/development/laboratory/backend-process.js';
import { makeSysroot, removeSysroot } from '../src/development/sysroot/make-sysroot.js';
import { makeTree, type TreeDescription } from '../src/development/sysroot/make-tree.js';
import type { BenchmarkContext } from './benchmark.js';

export const osName = 'sota-bench';
const hardwareId = 'bench-board';
const patienceMilliseconds = 60_000;
const askAgainMilliseconds = 20;
/** Nothing polls by itself while something is measured. */
const longInterval = 86_400;

/** Immutable bits would keep the folders from being removed. */
export const ostreeEnvironment = { OSTREE_SYSROOT_DEBUG: 'mutable-deployments' };

export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** @throws Error when it does not come true within a minute. */
export async function until<Value>(what: string, probe: () => Promise<Value | null>): Promise<Value> {
  const end = process.hrtime.bigint() + BigInt(patienceMilliseconds) * 1_000_000n;
  for (;;) {
    const value = await probe();
    if (value !== null) return value;
    if (process.hrtime.bigint() > end) throw new Error(`not in ${patienceMilliseconds / 1000} s: ${what}`);
    await pause(askAgainMilliseconds);
  }
}

export interface BoardOptions {
  /** Short, unique. */
  readonly name: string;
  /** Flashed with it. */
  readonly commit: string;
  readonly configuration?: Partial<DeviceConfiguration>;
  readonly interpreter?: string;
}

export class Station {
  readonly backend: BackendProcess;
  private readonly boards = new Set<SimulatedDevice>();
  private readonly known = new Set<string>();

  constructor(private readonly context: BenchmarkContext) {
    this.backend = new BackendProcess(context.program('sotad-development-backend'), join(context.folder, 'backend'));
  }

  get buildRepository(): string {
    return join(this.context.folder, 'build/repo');
  }

  build(tree: TreeDescription): Promise<string> {
    return makeTree(this.context.processes, { repository: this.buildRepository, branch: 'bench', tree });
  }

  /** @returns the name of the target. */
  publish(commit: string): Promise<string> {
    return this.backend.publishTree(this.buildRepository, commit, hardwareId);
  }

  /** A sysroot with one deployment. */
  async flash(folder: string, commit: string): Promise<void> {
    await makeSysroot(this.context.processes, { folder, osName, repository: this.buildRepository, commit });
  }

  /** A board that has just been flashed, off. */
  async board({ name, commit, configuration, interpreter }: BoardOptions): Promise<SimulatedDevice> {
    const folder = join(this.context.folder, name);
    // The shared credential is taken out of the archive when it is no longer needed, so each board has its own.
    const credentials = join(folder, 'credentials.zip');
    const device = new SimulatedDevice({
      configuration: {
        folder,
        credentials,
        roots: this.backend.address.roots,
        hardwareId,
        packageManager: 'ostree',
        osName,
        rebootCommand: '/bin/true',
        pollSeconds: longInterval,
        stallSeconds: 60,
        forceInstallCompletion: false,
        more: {},
        ...configuration,
      },
      programs: { sotad: this.context.program('sotad'), sotactl: this.context.program('sotactl') },
      environment: ostreeEnvironment,
      ...(interpreter === undefined ? {} : { interpreter }),
    });
    await mkdir(folder, { recursive: true });
    await copyFile(this.backend.address.credentials, credentials);
    this.boards.add(device);
    await this.flash(device.folders.sysroot, commit);
    return device;
  }

  /** @returns the backend's name for a board that was switched on last, once its version is confirmed there. */
  async registered(device: SimulatedDevice, commit: string): Promise<string> {
    const uuid = await until('the device is registered', async () => {
      const found = (await this.backend.devices()).find((one) => one.registered && !this.known.has(one.uuid));
      return found?.uuid ?? null;
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${device.log.join('\n')}`);
    });
    this.known.add(uuid);
    await until('the device reports its version', async () => {
      const { ecus } = await this.backend.device(uuid);
      return ecus[0]?.installed?.sha256 === commit ? true : null;
    });
    return uuid;
  }

  /** Polls now. @throws Error when the poll fails. */
  async poll(device: SimulatedDevice): Promise<void> {
    const { exitCode, error, output } = await device.sotactl('check');
    if (exitCode !== 0) throw new Error(`sotactl check ended with ${exitCode}: ${error}${output}`);
  }

  /** Ends a board and removes all that belongs to it. */
  async scrap(device: SimulatedDevice): Promise<void> {
    await device.powerOff();
    await removeSysroot(this.context.processes, device.folders.sysroot);
    await rm(device.parts.configuration.folder, { recursive: true, force: true });
    this.boards.delete(device);
  }

  async close(): Promise<void> {
    for (const device of [...this.boards]) await this.scrap(device);
    await this.backend.stop();
  }
}

/** The TLS material that a device got when it was provisioned. */
export async function readIdentity(device: SimulatedDevice): Promise<ReadonlyMap<string, string>> {
  const folder = join(device.folders.storage, 'identity');
  const texts = new Map<string, string>();
  for (const name of await readdir(folder)) {
    if (name.endsWith('.pem')) texts.set(name, await readFile(join(folder, name), 'utf8'));
  }
  return texts;
}
