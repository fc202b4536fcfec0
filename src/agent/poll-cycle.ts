/**
 * One poll: provision where needed, verify what the director wants, send the manifest, hand the assignment to the
 * machine. Everything in here may fail without consequence: the next poll does it again.
 */
import { SotaError } from '../domain/errors/sota-error.js';
import { addHold, findHold } from '../domain/policy/holds.js';
import { isSameAssignment } from '../domain/update/machine.js';
import { attemptOf, type UpdateRecord, type UpdateTarget } from '../domain/update/record.js';
import type { SeenAssignment } from '../domain/update/events.js';
import type { AssignedTarget, Assignment } from '../domain/uptane/assignment.js';
import type { InstalledImage } from '../domain/uptane/manifest.js';
import { selectNewTargets } from '../domain/uptane/new-targets.js';
import { matchTargets, type PlannedTarget } from '../domain/uptane/update-plan.js';
import type { BinaryImages } from '../ports/binary-images.js';
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
  readonly logger: Logger;
  /** May a failed attempt be tried again now (backoff)? */
  readonly isRetryDue: () => boolean;
  /** A degraded configuration polls and reports, but never deploys, registers or makes keys (design rule 12). */
  readonly isDegraded: boolean;
}

interface DirectorsAnswer {
  readonly assignment: Assignment | null;
  /** Why verification refused it. */
  readonly refusal: SotaError | null;
}

/** What a successful poll found, in a sentence. */
export type PollResult = string;

export class PollCycle {
  private readonly parts: PollCycleParts;
  private known: Provisioned | null = null;
  /** What verification refused after the manifest of its poll was sent: the next one tells of it. */
  private untold: SotaError | null = null;

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
    const answer = await this.askDirector(device.http);
    try {
      return await this.act(device, answer);
    } finally {
      // Last, since they may be slow: neither ever throws, and neither may hold up an update.
      await eventSender.flush(device.http);
      await deviceData.send(device.http);
    }
  }

  private async act(device: Provisioned, { assignment, refusal }: DirectorsAnswer): Promise<PollResult> {
    const booted = await this.bootedCommit();
    if (this.parts.runner.isWaitingForFacts) {
      throw new SotaError('SYSROOT_UNAVAILABLE', { message: 'it is not known yet what this device runs' });
    }
    const running = (): InstalledImage => this.parts.installed.current(booted);
    const unsent = await this.sendManifest(device, running, assignment, refusal ?? this.untold);
    if (refusal !== null) throw refusal;
    const result = assignment === null ? 'the director did not answer' : await this.decide(device, assignment, running);
    if (unsent !== null) throw unsent;
    return result;
  }

  /**
   * A server that takes no manifest still may update the device (aktualizr.md 3.1 step 4).
   * @returns why it was not sent; null when it was.
   */
  private async sendManifest(
    device: Provisioned,
    running: () => InstalledImage,
    assignment: Assignment | null,
    detected: SotaError | null,
  ): Promise<SotaError | null> {
    try {
      await this.parts.reporter.send(device, running, assignment, attackText(detected));
      this.untold = null;
      return null;
    } catch (error) {
      const known = asSotaError(error);
      this.parts.logger.warning(`manifest: ${known.message}`, { code: known.code });
      return known;
    }
  }

  /** A refusal by verification must not keep the manifest back, a server out of reach does. */
  private async askDirector(http: Http): Promise<DirectorsAnswer> {
    try {
      return { assignment: await this.parts.session.director(http), refusal: null };
    } catch (error) {
      const known = asSotaError(error);
      if (known.code.startsWith('METADATA_') || known.code === 'HTTP_RESPONSE_TOO_LARGE') {
        return { assignment: null, refusal: known };
      }
      return this.note(known);
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
    const { runner, time } = this.parts;
    const own = this.noting(() => this.selectOwn(device, assignment, running()));
    await this.confirmUnknownVersion(own, assignment.correlationId);
    const seen = await this.judge(device, assignment, own).catch((error: unknown) => this.note(error));
    if (seen === 'wait') return `${own?.name ?? 'the target'} is tried again later`;
    const isRunning = seen !== null && (await this.isRunning(seen.target, running()));
    // The update may have ended since; from here to the event nothing is waited for.
    if (own !== null && this.selectOwn(device, assignment, running()) === null) return `${own.name} is installed`;
    runner.dispatch({ name: 'AssignmentSeen', assignment: seen, isRunning, nowMilliseconds: time.best() });
    if (own === null) return 'nothing new';
    return seen === null ? `${own.name} is on hold or was replaced` : `${own.name} is assigned`;
  }

  private noting<Value>(judge: () => Value): Value {
    try {
      return judge();
    } catch (error) {
      return this.note(error);
    }
  }

  private note(error: unknown): never {
    const known = asSotaError(error);
    if (isSuspicious(known)) this.untold = known;
    throw known;
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
      if (isDegraded || !this.parts.isRetryDue()) return 'wait';
    } else {
      const { holds } = await privileged.trustedState();
      const hold = findHold(holds, {
        targetName: own.name,
        sha256: own.hashes.sha256,
        correlationId: assignment.correlationId,
      });
      if (hold !== null) return null;
      if (isDegraded) return 'wait';
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
   * starts, is provisioned and reaches its server: that is the gate of any new version. Where it came in the place of a
   * confirmed one, that one was left on purpose: it is put on hold, or the next poll would install it again (design
   * rule 4).
   */
  private async confirmUnknownVersion(own: AssignedTarget | null, correlationId: string | null): Promise<void> {
    const { packageManager, privileged, runner, logger } = this.parts;
    if (packageManager === 'none' || !isBeforeInstalling(runner.record)) return;
    const { booted } = await privileged.treeFacts();
    if (booted === null || booted.commit === attemptOf(runner.record)?.target.sha256) return;
    const { lastConfirmedCommit: left, holds } = await privileged.trustedState();
    if (left === booted.commit) return;
    const isLeft = own !== null && own.hashes.sha256 === left;
    const reason = `the device was brought back from it to ${booted.commit}`;
    await privileged.commitTrust({
      lastConfirmedCommit: booted.commit,
      ...(isLeft
        ? { holds: addHold(holds, { targetName: own.name, sha256: own.hashes.sha256, correlationId, reason }) }
        : {}),
    });
    if (isLeft) logger.warning(`${own.name} is on hold: ${reason}`, { correlationId: correlationId ?? undefined });
    await privileged.disarmBootloader();
    logger.info(`the running version ${booted.commit} is confirmed: it reached its server`);
  }
}

/** Nothing of the update is deployed yet. */
function isBeforeInstalling({ state }: UpdateRecord): boolean {
  return state === 'idle' || state === 'downloading' || state === 'retrying' || state === 'ready';
}

/**
 * Worth telling the server as a possible attack: what verification or TLS refused, an expired list (a freeze looks like
 * this) and a transfer at a crawl (slow retrieval), although both may be mere bad luck.
 */
function isSuspicious({ kind, code }: SotaError): boolean {
  return kind === 'security' || code === 'METADATA_EXPIRED' || code === 'NETWORK_STALLED';
}

const longestAttackText = 1000;

/** `attacks_detected`: what verification refused; a file that merely could not be fetched is no attack. */
function attackText(refusal: SotaError | null): string {
  if (refusal === null || refusal.code === 'METADATA_UNAVAILABLE') return '';
  return `${refusal.code}: ${refusal.message}`.slice(0, longestAttackText);
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
