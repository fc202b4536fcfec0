import { mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeviceRecord } from '../../../src/development/laboratory/backend-process.js';
import { hardwareId, Laboratory, type LaboratoryOptions } from '../../../src/development/laboratory/laboratory.js';
import type { TreeDescription } from '../../../src/development/sysroot/make-tree.js';
import type { StatusDocument } from '../../../src/domain/status/status-document.js';
import type { HistoryEntry } from '../../../src/ports/journal.js';
import { testProcesses } from '../sysroot/test-processes.js';
import { bootOrder } from './boot-order.js';

/** A version that the backend knows. */
export interface Version {
  readonly commit: string;
  readonly target: string;
}

/** A version that the director wants on the device. */
export interface Assigned extends Version {
  readonly correlationId: string;
}

interface StoredManifest {
  readonly signed: {
    readonly ecu_version_manifests: Readonly<
      Record<string, { readonly signed: { readonly attacks_detected: string } }>
    >;
  };
}

/** What can be seen of an update from outside the agent. */
export interface Observation {
  /** What uEnv.txt boots first: the version that ran before, the assigned one, or another. */
  readonly bootsFirst: 'old' | 'new' | 'other';
  readonly assignment: string;
  /** Installation reports about this assignment that the backend got. */
  readonly reports: number;
  /** How often sotad ended without being told to. */
  readonly exits: number;
}

/** After a fault that costs nothing (design rule 4): as if the assignment had not been tried yet. */
export const untouched: Observation = { bootsFirst: 'old', assignment: 'inFlight', reports: 0, exits: 0 };
/** After a whole update. */
export const updated: Observation = { bootsFirst: 'new', assignment: 'succeeded', reports: 1, exits: 0 };

const patienceSeconds = 40;

type Options = Pick<LaboratoryOptions, 'program'> & Partial<Omit<LaboratoryOptions, 'program'>>;

/** A registered device on a confirmed version 1, with the real processes, to which updates and faults happen. */
export class RunningDevice {
  private versions = 1;

  private constructor(
    readonly laboratory: Laboratory,
    readonly uuid: string,
    private runningCommit: string,
  ) {}

  /** @param tree of version 1. */
  static async start(options: Options, tree: Partial<TreeDescription> = {}): Promise<RunningDevice> {
    const laboratory = await Laboratory.open({
      packageManager: 'ostree',
      processes: testProcesses(),
      ...options,
      folder: options.folder ?? (await mkdtemp(join(await realpath(tmpdir()), 'sota-'))),
    });
    try {
      const first = await laboratory.build({ version: '1', kernel: '6.6.1', ...tree });
      await laboratory.flash(first);
      await laboratory.device.powerOn();
      laboratory.device.supervise({ restart: true });
      const { uuid } = await laboratory.registered(patienceSeconds);
      const device = new RunningDevice(laboratory, uuid, first);
      await laboratory.until('version 1 reports', patienceSeconds, async () => {
        const { ecus } = await device.record();
        return ecus[0]?.installed?.sha256 === first;
      });
      return device;
    } catch (error) {
      // What went wrong first is what counts.
      await Promise.allSettled([laboratory.close()]);
      throw error;
    }
  }

  get device(): Laboratory['device'] {
    return this.laboratory.device;
  }

  get backend(): Laboratory['backend'] {
    return this.laboratory.backend;
  }

  /** The commit that ran when the last update ended. */
  get running(): string {
    return this.runningCommit;
  }

  record(): Promise<DeviceRecord> {
    return this.backend.device(this.uuid);
  }

  /** Builds and publishes the next version, of another kernel unless the tree says so. */
  async publish(tree: Partial<TreeDescription> = {}): Promise<Version> {
    this.versions += 1;
    const version = String(this.versions);
    const commit = await this.laboratory.build({ version, kernel: `6.6.${version}`, ...tree });
    return { commit, target: await this.laboratory.publish(commit) };
  }

  /** Publishes a commit under another name. */
  async publishAs(commit: string, name: string): Promise<Version> {
    const order = { repository: this.laboratory.buildRepository, ref: commit, name, hardwareIds: [hardwareId] };
    const { filename } = (await this.backend.call('POST', '/targets/ostree', order)) as { filename: string };
    return { commit, target: filename };
  }

  async assign(version: Version): Promise<Assigned> {
    return { ...version, correlationId: await this.backend.assign(this.uuid, version.target) };
  }

  /** Polls now. */
  check(): Promise<unknown> {
    return this.device.sotactl('check');
  }

  async status(): Promise<StatusDocument> {
    const { output, error, exitCode } = await this.device.sotactl('status', '--json');
    if (exitCode !== 0) throw new Error(`sotactl status ended with ${exitCode}: ${error}`);
    return JSON.parse(output) as StatusDocument;
  }

  /** What `sotactl history` shows, the newest first. */
  async history(): Promise<readonly HistoryEntry[]> {
    const { output, error, exitCode } = await this.device.sotactl('history', '--json');
    if (exitCode !== 0) throw new Error(`sotactl history ended with ${exitCode}: ${error}`);
    return JSON.parse(output) as readonly HistoryEntry[];
  }

  /** Polls until the status fits. @returns that status. */
  async untilStatus(
    what: string,
    fits: (status: StatusDocument) => boolean,
    { polling = true }: { readonly polling?: boolean } = {},
  ): Promise<StatusDocument> {
    return this.laboratory.until(what, patienceSeconds, async () => {
      if (polling) await this.check();
      const { output, exitCode } = await this.device.sotactl('status', '--json');
      const status = exitCode === 0 ? (JSON.parse(output) as StatusDocument) : null;
      return status !== null && fits(status) ? status : null;
    });
  }

  /** Polls until the status shows an error. @returns its code. */
  async untilError(code?: string): Promise<string> {
    const what = `the status shows ${code ?? 'an error'}`;
    const status = await this.untilStatus(what, ({ lastError }) =>
      code === undefined ? lastError !== null : lastError?.code === code,
    );
    return status.lastError?.code ?? '';
  }

  async observe(update: Assigned): Promise<Observation> {
    const record = await this.record();
    const [first] = await bootOrder(this.device.folders.sysroot);
    return {
      bootsFirst: first === update.commit ? 'new' : first === this.runningCommit ? 'old' : 'other',
      assignment: record.assignments.find((one) => one.correlationId === update.correlationId)?.state ?? 'unknown',
      reports: this.reportsOn(record, update.correlationId).length,
      exits: this.unexpectedExits(),
    };
  }

  /** The installation reports about one assignment, as JSON texts. */
  reportsOn(record: DeviceRecord, correlationId: string): readonly string[] {
    return record.installationReports.map((one) => JSON.stringify(one)).filter((text) => text.includes(correlationId));
  }

  /** `attacks_detected` of the newest manifest that the backend took. */
  async attacksDetected(): Promise<string> {
    const { lastManifest } = (await this.record()) as unknown as { lastManifest: StoredManifest };
    const [ecu] = Object.values(lastManifest.signed.ecu_version_manifests);
    return ecu?.signed.attacks_detected ?? '';
  }

  /** Polls until the backend was told of an attack. */
  async untilAttack(code: string): Promise<void> {
    await this.laboratory.until(`the backend knows of ${code}`, patienceSeconds, async () => {
      if ((await this.attacksDetected()).includes(code)) return true;
      await this.check();
      return false;
    });
  }

  /** Polls until the update is in place and the backend knows it. */
  async untilUpdated(update: Assigned): Promise<Observation> {
    await this.laboratory.until(`${update.target} runs and is reported`, patienceSeconds, async () => {
      if (this.device.failure !== null) throw this.device.failure as Error;
      const { assignments } = await this.record();
      if (assignments.some((one) => one.correlationId === update.correlationId && one.state === 'succeeded'))
        return true;
      if (this.device.isRunning) await this.check();
      return false;
    });
    const seen = await this.observe(update);
    if (this.device.boots.at(-1)?.commit === update.commit) this.runningCommit = update.commit;
    return seen;
  }

  /** Faults of the backend are in force while the action runs. */
  async during<Value>(fault: Readonly<Record<string, unknown>>, action: () => Promise<Value>): Promise<Value> {
    await this.backend.addFault(fault);
    try {
      return await action();
    } finally {
      await this.backend.clearFaults();
    }
  }

  /** Ends sotad; the supervision starts it again. */
  async restart(): Promise<void> {
    await this.device.stop();
    await this.laboratory.until('sotad runs again', patienceSeconds, () => Promise.resolve(this.device.isRunning));
  }

  close(): Promise<void> {
    return this.laboratory.close();
  }

  /** A reboot kills, a stop ends with 0: both are asked for by the test. */
  private unexpectedExits(): number {
    return this.device.exits.filter((exit) => exit !== 'SIGKILL' && exit !== 0).length;
  }
}
