// For development only: never part of what runs on a device.
/**
 * A board made of folders: the real `sotad` runs as a process, the simulated boot loader decides what it finds as `/`.
 * Used by the demo, the tests with real processes and the benchmarks.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { boot, isRebootRequested, type Booted } from '../boot-loader/simulated-boot-loader.js';
import { deviceFolders, printDeviceConfiguration, type DeviceConfiguration } from './device-configuration.js';

export interface SimulatedDeviceParts {
  readonly configuration: DeviceConfiguration;
  /** `main.js` of the programs under test. */
  readonly programs: { readonly sotad: string; readonly sotactl: string };
  /** Added to the environment of sotad. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The Node that runs sotad; default: this one. */
  readonly interpreter?: string;
  /** Put before `node main.js …`, such as `faketime`. */
  readonly prefix?: readonly string[];
  readonly onLogLine?: (line: string) => void;
}

export interface ProgramResult {
  readonly exitCode: number | null;
  readonly output: string;
  readonly error: string;
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

export class SimulatedDevice {
  readonly folders: ReturnType<typeof deviceFolders>;
  /** Every line that sotad logged, oldest first. */
  readonly log: string[] = [];
  /** What booted, oldest first. */
  readonly boots: Booted[] = [];
  /** Exit codes of ended runs of sotad. */
  readonly exits: (number | NodeJS.Signals)[] = [];
  /** Which entry the boot loader takes next; back to 1 afterwards. */
  nextEntry: 1 | 2 = 1;
  parts: SimulatedDeviceParts;
  private process: ChildProcess | null = null;
  private supervision: Promise<void> | null = null;
  private isSupervised = false;
  /** Why supervision ended by itself: the machine did not boot. */
  failure: unknown = null;

  constructor(parts: SimulatedDeviceParts) {
    this.parts = parts;
    this.folders = deviceFolders(parts.configuration.folder);
  }

  /** Folders and configuration; a sysroot is made by the caller. */
  async prepare(): Promise<void> {
    await mkdir(this.folders.storage, { recursive: true, mode: 0o700 });
    await mkdir(this.folders.runtime, { recursive: true, mode: 0o750 });
    await this.writeConfiguration();
  }

  async writeConfiguration(more?: DeviceConfiguration['more']): Promise<void> {
    if (more !== undefined) {
      this.parts = { ...this.parts, configuration: { ...this.parts.configuration, more } };
    }
    await writeFile(this.folders.configuration, printDeviceConfiguration(this.parts.configuration));
  }

  /** The boot loader, then sotad. @throws Error when the machine does not boot. */
  async powerOn(): Promise<void> {
    if (this.parts.configuration.packageManager === 'ostree') {
      const entry = this.nextEntry;
      this.nextEntry = 1;
      const booted = await boot({ sysroot: this.folders.sysroot, machineFolder: this.folders.machine, entry });
      if (!booted.ok) throw new Error(booted.reason);
      this.boots.push(booted);
    }
    this.start();
  }

  /** Starts sotad alone, as the service manager does. */
  start(): void {
    const { programs, interpreter = process.execPath, prefix = [], environment = {} } = this.parts;
    const words = [...prefix, interpreter, programs.sotad, '--config', this.folders.configuration];
    const [file = '', ...rest] = words;
    const child = spawn(file, rest, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'] ?? '', HOME: this.parts.configuration.folder, ...environment },
    });
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        this.log.push(line);
        this.parts.onLogLine?.(line);
      });
    }
    child.once('error', (error) => this.log.push(`does not start: ${error.message}`));
    child.once('exit', (code, signal) => {
      this.exits.push(signal ?? code ?? -1);
      if (this.process === child) this.process = null;
    });
    this.process = child;
  }

  get isRunning(): boolean {
    return this.process !== null;
  }

  get pid(): number | null {
    return this.process?.pid ?? null;
  }

  /** Resolves when the process is gone. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.process;
    if (child === null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(signal);
    await gone;
  }

  /**
   * From now on a reboot request reboots, and a sotad that ended is started again (as `Restart=always`) unless
   * `restart` is false.
   */
  supervise(options: { readonly restart: boolean; readonly onBoot?: (booted: Booted) => void }): void {
    this.isSupervised = true;
    this.supervision = this.watch(options).catch((error: unknown) => {
      this.failure = error;
    });
  }

  private async watch(options: {
    readonly restart: boolean;
    readonly onBoot?: (booted: Booted) => void;
  }): Promise<void> {
    while (this.isSupervised) {
      await pause(50);
      if (await isRebootRequested(this.folders.machine)) {
        await this.stop('SIGKILL');
        await this.powerOn();
        const booted = this.boots.at(-1);
        if (booted !== undefined) options.onBoot?.(booted);
      } else if (options.restart && !this.isRunning) {
        this.start();
      }
    }
  }

  /** Ends supervision and the process. @throws Error when a machine under supervision did not boot. */
  async powerOff(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.isSupervised = false;
    await this.supervision;
    this.supervision = null;
    await this.stop(signal);
    if (this.failure !== null) throw this.failure as Error;
  }

  /** Runs `sotactl` against this device. */
  async sotactl(...words: readonly string[]): Promise<ProgramResult> {
    const child = spawn(
      process.execPath,
      [this.parts.programs.sotactl, '--socket-folder', this.folders.runtime, ...words],
      { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env['PATH'] ?? '' } },
    );
    let output = '';
    let error = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (error += text));
    const exitCode = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { exitCode, output, error };
  }
}
