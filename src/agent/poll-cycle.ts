/**
 * One poll: provision where needed, verify what the director wants, send the manifest, hand the assignment to the
 * machine. Everything in here may fail without consequence: the next poll does it again.
 */
import type { SotaError } from '../domain/errors/sota-error.js';
import { findHold } from '../domain/policy/holds.js';
import { isSameAssignment } from '../domain/update/machine.js';
import { attemptOf, type UpdateTarget } from '../domain/update/record.js';
import type { SeenAssignment } from '../domain/update/events.js';
import type { AssignedTarget, Assignment } from '../domain/uptane/assignment.js';
import type { InstalledImage } from '../domain/uptane/manifest.js';
import { selectNewTargets } from '../domain/uptane/new-targets.js';
import { matchTargets, type PlannedTarget } from '../domain/uptane/update-plan.js';
import type { BinaryImages } from '../ports/binary-images.js';
import type { Clock } from '../ports/clock.js';
import type { Http } from '../ports/http.js';
import type { Logger } from '../ports/logger.js';
import type { PrivilegedActions } from '../ports/privileged-actions.js';
import type { DeviceData } from './device-data.js';
import type { EventSender } from './event-sender.js';
import { asSotaError } from './failure.js';
import type { InstalledVersions } from './installed-versions.js';
import { rejectionError, type MetadataSession } from './metadata-session.js';
import type { Provisioned, Provisioning } from './provisioning.js';
import type { Reporter } from './reporter.js';
import type { TimeKeeper } from './time-keeper.js';
import type { UpdateRunner } from './update-runner.js';

export interface PollCycleParts {
  readonly packageManager: 'ostree' | 'none';
  readonly provisioning: Provisioning;
  readonly session: MetadataSession;
  readonly reporter: Reporter;
  readonly eventSender: EventSender;
  readonly deviceData: DeviceData;
  readonly runner: UpdateRunner;
  readonly privileged: PrivilegedActions;
  readonly installed: InstalledVersions;
  readonly images: BinaryImages;
  readonly time: TimeKeeper;
  readonly clock: Clock;
  readonly logger: Logger;
  /** May a failed attempt be tried again now (backoff)? */
  readonly isRetryDue: () => boolean;
  /** A degraded configuration polls and reports, but never deploys, registers or makes keys (design rule 12). */
  readonly isDegraded: boolean;
}

/** What a successful poll found, in a sentence. */
export type PollResult = string;

export class PollCycle {
  private readonly parts: PollCycleParts;
  private known: Provisioned | null = null;

  constructor(parts: PollCycleParts) {
    this.parts = parts;
  }

  /** The device as of the newest successful provisioning. */
  get device(): Provisioned | null {
    return this.known ?? this.parts.provisioning.device;
  }

  /** @throws SotaError; whatever was done up to then stays done. */
  async run(): Promise<PollResult> {
    const { time, provisioning, eventSender, deviceData } = this.parts;
    time.requirePlausibleClock();
    const device = await provisioning.provision();
    this.known = device;
    const { assignment, refusal } = await this.askDirector(device.http);
    const booted = await this.bootedCommit();
    const running = (): InstalledImage => this.parts.installed.current(booted);
    // Events first: they tell what happened even where the server does not take the manifest.
    await eventSender.flush(device.http);
    await deviceData.send(device.http);
    await this.parts.reporter.send(device, running, assignment, refusal?.message ?? '');
    if (refusal !== null) throw refusal;
    if (assignment === null) return 'the director did not answer';
    const result = await this.decide(device, assignment, running);
    await eventSender.flush(device.http);
    return result;
  }

  /** A refusal by verification must not keep the manifest back, a server out of reach does. */
  private async askDirector(http: Http): Promise<{ assignment: Assignment | null; refusal: SotaError | null }> {
    try {
      return { assignment: await this.parts.session.director(http), refusal: null };
    } catch (error) {
      const known = asSotaError(error);
      if (known.code.startsWith('METADATA_') || known.code === 'HTTP_RESPONSE_TOO_LARGE') {
        return { assignment: null, refusal: known };
      }
      throw known;
    }
  }

  /** null where the primary isn't an OSTree device. */
  private async bootedCommit(): Promise<string | null> {
    const { packageManager, privileged } = this.parts;
    return packageManager === 'none' ? null : ((await privileged.treeFacts()).booted?.commit ?? null);
  }

  /** @param running what runs now: it gets another name when the update that is under way ends well. */
  private async decide(
    device: Provisioned,
    assignment: Assignment,
    running: () => InstalledImage,
  ): Promise<PollResult> {
    const { runner, clock } = this.parts;
    await this.confirmUnknownVersion();
    const own = this.selectOwn(device, assignment, running());
    const seen = await this.judge(device, assignment, own);
    if (seen === 'wait') return `${own?.name ?? 'the target'} is tried again later`;
    const isRunning = seen !== null && (await this.isRunning(seen.target, running()));
    // The update may have ended since; from here to the event nothing is waited for.
    if (own !== null && this.selectOwn(device, assignment, running()) === null) return `${own.name} is installed`;
    runner.dispatch({ name: 'AssignmentSeen', assignment: seen, isRunning, nowMilliseconds: clock.wallMilliseconds() });
    if (own === null) return 'nothing new';
    return seen === null ? `${own.name} is on hold or was replaced` : `${own.name} is assigned`;
  }

  private selectOwn(device: Provisioned, assignment: Assignment, running: InstalledImage): AssignedTarget | null {
    const ecus = new Map([[device.ecuSerial, device.hardwareId]]);
    const installed = new Map([[device.ecuSerial, running]]);
    const newTargets = selectNewTargets(assignment, ecus, installed);
    if (!newTargets.ok) throw rejectionError(newTargets.error);
    return newTargets.value[0] ?? null;
  }

  /** What the machine is told: an assignment verified in both repositories, none, or nothing for now. */
  private async judge(
    device: Provisioned,
    assignment: Assignment,
    own: AssignedTarget | null,
  ): Promise<SeenAssignment | null | 'wait'> {
    const { runner, privileged, session, isDegraded } = this.parts;
    if (own === null) return null;
    const attempt = attemptOf(runner.record);
    const name = {
      correlationId: assignment.correlationId,
      ecuSerial: device.ecuSerial,
    };
    if (attempt !== null) {
      const seen = { ...name, target: { ...attempt.target, ...identityOf(own) } };
      if (!isSameAssignment(attempt, seen)) return null;
      if (runner.record.state !== 'retrying') return seen;
      if (!this.parts.isRetryDue()) return 'wait';
    } else {
      const { holds } = await privileged.trustedState();
      const hold = findHold(holds, {
        targetName: own.name,
        sha256: own.hashes.sha256,
        correlationId: assignment.correlationId,
      });
      if (hold !== null || isDegraded) return null;
    }
    // Both repositories must agree before anything is fetched, at each try anew (Uptane 5.4.4.2).
    const plan = matchTargets({ ...assignment, targets: [own] }, await session.image(device.http, assignment));
    if (!plan.ok) throw rejectionError(plan.error);
    const planned = plan.value.targets[0];
    return planned === undefined ? null : { ...name, target: updateTarget(planned) };
  }

  private async isRunning(target: UpdateTarget, running: InstalledImage): Promise<boolean> {
    if (target.sha256 !== running.sha256) return false;
    if (target.format === 'OSTREE') return this.parts.packageManager === 'ostree';
    return target.lengthBytes === running.length && this.parts.images.has(target.sha256, target.lengthBytes);
  }

  /**
   * A version that runs without being on record (the one that brought sotad, or booted by hand) has shown here that it
   * starts, is provisioned and reaches its server: that is the gate of any new version.
   */
  private async confirmUnknownVersion(): Promise<void> {
    const { packageManager, privileged, runner, logger } = this.parts;
    if (packageManager === 'none' || runner.record.state !== 'idle') return;
    const { booted } = await privileged.treeFacts();
    if (booted === null) return;
    const { lastConfirmedCommit } = await privileged.trustedState();
    if (lastConfirmedCommit === booted.commit) return;
    await privileged.commitTrust({ lastConfirmedCommit: booted.commit });
    await privileged.disarmBootloader();
    logger.info(`the running version ${booted.commit} is confirmed: it reached its server`);
  }
}

function identityOf(own: AssignedTarget): Pick<UpdateTarget, 'name' | 'sha256' | 'lengthBytes'> {
  return { name: own.name, sha256: own.hashes.sha256, lengthBytes: own.length };
}

function updateTarget(planned: PlannedTarget): UpdateTarget {
  return {
    ...identityOf(planned),
    sha512: planned.hashes.sha512 ?? null,
    format: planned.format,
    uri: planned.uri,
  };
}
