// For development only: never part of what runs on a device.
/**
 * A backend, a build and one board in a folder: what the demo, the tests with real processes and the benchmarks need.
 * Everything real but the boot loader and the board.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Processes } from '../../ports/processes.js';
import type { DeviceConfiguration } from '../device/device-configuration.js';
import { SimulatedDevice } from '../device/simulated-device.js';
import { makeSysroot, removeSysroot } from '../sysroot/make-sysroot.js';
import { makeTree, type TreeDescription } from '../sysroot/make-tree.js';
import { BackendProcess, type DeviceRecord } from './backend-process.js';

export interface LaboratoryOptions {
  /** Made when it is missing. Keep it short: socket paths are limited to 107 bytes. */
  readonly folder: string;
  /** `main.js` of a program. */
  readonly program: (name: 'sotad' | 'sotactl' | 'sotad-development-backend' | 'sotad-boot-loader') => string;
  readonly packageManager: 'ostree' | 'none';
  readonly processes: Processes;
  /** Arguments of the backend's `serve`. */
  readonly backendArguments?: readonly string[];
  /** Instead of the laboratory's choice. */
  readonly device?: Partial<DeviceConfiguration>;
  readonly onLogLine?: (line: string) => void;
}

export const hardwareId = 'demo-board';
export const osName = 'sota-demo';
const branch = 'demo-board';

/** Immutable bits would keep the folders from being removed (platform.md 3b). */
const environment = { OSTREE_SYSROOT_DEBUG: 'mutable-deployments' };

export class Laboratory {
  readonly backend: BackendProcess;
  /** Exists after `open`. */
  device!: SimulatedDevice;

  private constructor(readonly options: LaboratoryOptions) {
    const folder = join(options.folder, 'backend');
    this.backend = new BackendProcess(
      options.program('sotad-development-backend'),
      folder,
      options.backendArguments ?? [],
    );
  }

  /** Starts the backend and prepares the board; a sysroot and the first start are the caller's. */
  static async open(options: LaboratoryOptions): Promise<Laboratory> {
    await mkdir(options.folder, { recursive: true });
    const laboratory = new Laboratory(options);
    await laboratory.backend.start();
    laboratory.device = laboratory.makeDevice();
    await laboratory.device.prepare();
    return laboratory;
  }

  private makeDevice(): SimulatedDevice {
    const { folder, program, packageManager, device, onLogLine } = this.options;
    const own = join(folder, 'd');
    return new SimulatedDevice({
      configuration: {
        folder: own,
        credentials: this.backend.address.credentials,
        roots: this.backend.address.roots,
        hardwareId,
        packageManager,
        osName,
        rebootCommand: [process.execPath, program('sotad-boot-loader'), 'request-reboot', join(own, 'machine')].join(
          ' ',
        ),
        pollSeconds: 1,
        stallSeconds: 5,
        forceInstallCompletion: true,
        more: {},
        ...device,
      },
      programs: { sotad: program('sotad'), sotactl: program('sotactl') },
      environment,
      ...(onLogLine === undefined ? {} : { onLogLine }),
    });
  }

  /** Where builds are committed. */
  get buildRepository(): string {
    return join(this.options.folder, 'build/repo');
  }

  /** Builds a version. @returns its commit. */
  build(tree: TreeDescription): Promise<string> {
    return makeTree(this.options.processes, { repository: this.buildRepository, branch, tree });
  }

  /** Flashes the board with a commit, and tells it the name of what it was flashed with, as images do. */
  async flash(commit: string): Promise<void> {
    const folder = join(this.device.folders.storage, 'import');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const factory = { hashes: { sha256: commit }, length: 0, is_current: true };
    await writeFile(join(folder, 'installed_versions'), JSON.stringify({ [`${hardwareId}-factory`]: factory }));
    await makeSysroot(this.options.processes, {
      folder: this.device.folders.sysroot,
      osName,
      repository: this.buildRepository,
      commit,
    });
  }

  /** Publishes a commit. @returns the name of the target. */
  publish(commit: string): Promise<string> {
    return this.backend.publishTree(this.buildRepository, commit, hardwareId);
  }

  /** The one device, once it is registered. */
  async registered(seconds = 30): Promise<DeviceRecord> {
    return this.until('the device is registered', seconds, async () => {
      const [found] = await this.backend.devices();
      return found?.registered === true ? this.backend.device(found.uuid) : null;
    });
  }

  /** Asks again and again. @throws Error with the log of the device when the time is over. */
  async until<Value>(what: string, seconds: number, probe: () => Promise<Value | null | false>): Promise<Value> {
    const end = process.hrtime.bigint() + BigInt(Math.round(seconds * 1e9));
    for (;;) {
      const value = await probe();
      if (value !== null && value !== false) return value;
      if (process.hrtime.bigint() > end) {
        throw new Error(`not in ${seconds} s: ${what}\n${this.device.log.slice(-40).join('\n')}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Ends the processes. */
  async stop(): Promise<void> {
    await this.device.powerOff().catch((error: unknown) => this.device.log.push(String(error)));
    await this.backend.stop();
  }

  /** Ends the processes and removes the folder. */
  async close(): Promise<void> {
    await this.stop();
    await removeSysroot(this.options.processes, this.device.folders.sysroot);
    await rm(this.options.folder, { recursive: true, force: true });
  }
}
