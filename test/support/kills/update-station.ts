import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { mkdtemp, realpath, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeviceRecord } from '../../../src/development/laboratory/backend-process.js';
import { hardwareId, Laboratory } from '../../../src/development/laboratory/laboratory.js';
import type { TreeDescription } from '../../../src/development/sysroot/make-tree.js';
import type { StatusDocument } from '../../../src/domain/status/status-document.js';
import type { KillPoint } from '../killed-at-journal-write/killing-state-store.js';
import { testProcesses } from '../sysroot/test-processes.js';

export type Point = Pick<KillPoint, 'at' | 'when'>;

const noPoint: Point = { at: 0, when: 'before' };

/** A version that the director wants on the device. */
export interface Wanted {
  /** Of the file, or the commit. */
  readonly sha256: string;
  readonly content: Buffer | null;
  readonly correlationId: string;
}

const patienceSeconds = 40;
/** A long one, so that nothing happens but the poll after a start and those that the agent itself asks for. */
const longPollSeconds = 600;

/** One registered device, to which update after update happens; its sotad dies where it is told. */
export class UpdateStation {
  private number = 1;
  private countFile = '';
  private uuid = '';

  private constructor(readonly laboratory: Laboratory) {}

  /** @param program of copiedPrograms. */
  static async open(
    packageManager: 'ostree' | 'none',
    program: (name: string) => string,
    pollSeconds = longPollSeconds,
  ): Promise<UpdateStation> {
    const laboratory = await Laboratory.open({
      folder: await mkdtemp(join(await realpath(tmpdir()), 'sota-')),
      program: (name) => program(name === 'sotad' ? 'sotad-killed-at-journal-write' : name),
      packageManager,
      processes: testProcesses(),
      device: { pollSeconds },
    });
    try {
      if (packageManager === 'ostree') {
        await laboratory.flash(await laboratory.build({ version: '1', kernel: '6.6.1' }));
      }
      const station = new UpdateStation(laboratory);
      station.setPoint(noPoint);
      await laboratory.device.powerOn();
      station.uuid = (await laboratory.registered(patienceSeconds)).uuid;
      // Version 1 reaches its server here and is confirmed by that.
      await station.pollAgain();
      await laboratory.device.stop();
      return station;
    } catch (error) {
      await laboratory.close();
      throw error;
    }
  }

  get device(): Laboratory['device'] {
    return this.laboratory.device;
  }

  record(): Promise<DeviceRecord> {
    return this.laboratory.backend.device(this.uuid);
  }

  /** A new file is published and assigned. */
  async assignFile(): Promise<Wanted> {
    this.number += 1;
    const content = randomBytes(100_000);
    const path = join(this.laboratory.options.folder, 'file.bin');
    await writeFile(path, content);
    const { backend } = this.laboratory;
    const target = await backend.publishFile(path, `file-${this.number}`, hardwareId);
    const sha256 = createHash('sha256').update(content).digest('hex');
    return { sha256, content, correlationId: await backend.assign(this.uuid, target) };
  }

  /** A new version with another kernel is built, published and assigned. */
  async assignTree(more: Partial<TreeDescription> = {}): Promise<Wanted> {
    this.number += 1;
    const version = String(this.number);
    const commit = await this.laboratory.build({ version, kernel: `6.6.${version}`, ...more });
    const target = await this.laboratory.publish(commit);
    const correlationId = await this.laboratory.backend.assign(this.uuid, target);
    return { sha256: commit, content: null, correlationId };
  }

  /** Where sotad dies from its next start on; writes are counted over all starts until then. */
  setPoint({ at, when }: Point): void {
    this.countFile = join(mkdtempSync(join(this.laboratory.options.folder, 'k-')), 'writes');
    const environment = {
      OSTREE_SYSROOT_DEBUG: 'mutable-deployments',
      KILL_COUNT: this.countFile,
      KILL_AT: String(at),
      KILL_WHEN: when,
    };
    this.device.parts = { ...this.device.parts, environment };
  }

  /** The writes since `setPoint`, oldest first. */
  writes(): readonly string[] {
    try {
      return readFileSync(this.countFile, 'utf8').split('\n').slice(0, -1);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }

  /**
   * Resolves when sotad died at its point, with what it was about to write or had written. How often queued events are
   * sent on the way is a matter of chance: null where a whole update had fewer writes this time.
   */
  async untilKilled(point: Point, { correlationId }: Wanted): Promise<string | null> {
    return this.laboratory
      .until(`sotad dies at write ${point.at}`, patienceSeconds, async () => {
        const died = (): { killedAt: string | null } | false =>
          !this.device.isRunning && { killedAt: this.writes()[point.at - 1] ?? null };
        if (this.writes().length >= point.at) return died();
        if (['assigned', 'inFlight'].includes(this.stateOf(await this.record(), correlationId))) return false;
        // What is left to be sent goes now.
        await this.device.sotactl('check');
        return this.writes().length >= point.at ? died() : { killedAt: null };
      })
      .then(({ killedAt }) => killedAt);
  }

  /** Resolves with the record as soon as the assignment is closed. @param wanted how; `any`: success or failure. */
  async untilClosed({ correlationId }: Wanted, wanted: 'succeeded' | 'any' = 'succeeded'): Promise<DeviceRecord> {
    const accepted = wanted === 'any' ? ['succeeded', 'failed'] : [wanted];
    return this.laboratory.until(`the assignment is closed: ${accepted.join(' or ')}`, patienceSeconds, async () => {
      if (this.device.failure !== null) throw this.device.failure as Error;
      const record = await this.record();
      return accepted.includes(this.stateOf(record, correlationId)) ? record : null;
    });
  }

  stateOf(record: DeviceRecord, correlationId: string): string {
    return record.assignments.find((one) => one.correlationId === correlationId)?.state ?? 'unknown';
  }

  /** What the installation reports about one assignment did at the backend, oldest first. */
  reportEffects(record: DeviceRecord, correlationId: string): readonly string[] {
    return record.installationReports
      .filter((one) => JSON.stringify(one).includes(correlationId))
      .map((one) => (one as { readonly effect: string }).effect);
  }

  /** One more poll, after which nothing may be left to do. */
  async pollAgain(): Promise<DeviceRecord> {
    await this.laboratory.until('sotad answers', patienceSeconds, async () => {
      const { exitCode } = await this.device.sotactl('check');
      return exitCode === 0;
    });
    return this.record();
  }

  /** State of the update and number of installation reports that wait. */
  async rest(): Promise<{ readonly state: string; readonly reports: number }> {
    const { output } = await this.device.sotactl('status', '--json');
    const { state, queue } = JSON.parse(output) as StatusDocument;
    return { state, reports: queue.installationReports };
  }

  close(): Promise<void> {
    return this.laboratory.close();
  }
}
