/**
 * Keeps the status document true: it is made anew whenever something changes, and told to files, sockets and the
 * service manager. It reads only; nothing here may disturb an update.
 */
import type { ConfigurationProblem } from '../domain/configuration/problem.js';
import { buildStatus } from '../domain/status/build-status.js';
import type { StatusDocument, StatusVersion } from '../domain/status/status-document.js';
import { errorCatalogue } from '../domain/errors/catalogue.js';
import { attemptOf, type UpdateRecord } from '../domain/update/record.js';
import { formatUtcTime } from '../domain/uptane/utc-time.js';
import type { Clock } from '../ports/clock.js';
import type { StateStore } from '../ports/journal.js';
import type { Logger } from '../ports/logger.js';
import type { Notifier } from '../ports/notifier.js';
import type { Deployment, TreeFacts } from '../ports/operating-system-tree.js';
import type { PrivilegedActions } from '../ports/privileged-actions.js';
import type { StatusPublisher } from '../ports/status-publisher.js';
import type { TrustedState } from '../ports/trust.js';
import { asSotaError, type ShownError } from './failure.js';
import type { InstalledVersions } from './installed-versions.js';
import type { PollOutcome } from './poll-loop.js';
import type { ProgressBoard } from './progress.js';
import type { Provisioned } from './provisioning.js';
import type { Trouble } from './update-runner.js';

export interface StatusServiceParts {
  readonly version: string;
  readonly packageManager: 'ostree' | 'none';
  readonly rebootsItself: boolean;
  readonly configurationProblems: readonly ConfigurationProblem[];
  readonly configurationDegraded: boolean;
  readonly privileged: PrivilegedActions;
  readonly installed: InstalledVersions;
  readonly state: StateStore;
  readonly publisher: StatusPublisher;
  readonly notifier: Notifier;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What the other parts know at this moment. */
  readonly view: () => StatusView;
}

export interface StatusView {
  readonly record: UpdateRecord;
  /** Why the update can't go on. */
  readonly trouble: Trouble | null;
  readonly board: ProgressBoard;
  readonly device: Provisioned | null;
  readonly hardwareId: string;
  readonly lastPoll: PollOutcome | null;
  readonly nextPollMilliseconds: number | null;
  readonly backoffUntilMilliseconds: number | null;
}

/** Between two documents that differ in nothing but progress. */
const progressPauseMilliseconds = 500;

export class StatusService {
  private readonly parts: StatusServiceParts;
  private readonly listeners = new Set<() => void>();
  private facts: TreeFacts | null = null;
  private trusted: TrustedState | null = null;
  private document: StatusDocument | null = null;
  private lastContact: string | null;
  private lastError: (ShownError & { readonly time: string }) | null = null;
  private lastProgress = -Infinity;
  private copiedState: string | null = null;

  constructor(parts: StatusServiceParts) {
    this.parts = parts;
    this.lastContact = parts.state.values.get('lastSuccessfulContact');
  }

  /** JSON. */
  text(): string {
    return JSON.stringify(this.document ?? this.build());
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** A poll ended. */
  async polled(outcome: PollOutcome): Promise<void> {
    if (outcome.error === null) {
      this.lastContact = formatUtcTime(outcome.atMilliseconds);
      this.lastError = null;
    } else {
      this.lastError = { ...outcome.error, time: formatUtcTime(outcome.atMilliseconds) };
    }
    await this.refresh();
  }

  /** Kept now and then only, since an idle poll writes nothing to flash. */
  keepLastContact(): void {
    if (this.lastContact !== null) this.parts.state.values.set('lastSuccessfulContact', this.lastContact);
  }

  /** Something other than progress changed: facts are looked up anew. Never throws. */
  async refresh(): Promise<void> {
    const { privileged, packageManager, logger } = this.parts;
    try {
      this.trusted = await privileged.trustedState();
      if (packageManager === 'ostree') this.facts = await privileged.treeFacts();
    } catch (error) {
      const { code, message } = asSotaError(error);
      logger.debug(`status: ${message}`, { code });
    }
    await this.publish();
  }

  /** Progress alone, not more often than people can read. */
  async progressed(): Promise<void> {
    const now = this.parts.clock.monotonicMilliseconds();
    if (now - this.lastProgress < progressPauseMilliseconds) return;
    this.lastProgress = now;
    await this.publish();
  }

  private async publish(): Promise<void> {
    const { publisher, notifier, logger } = this.parts;
    try {
      this.document = this.build();
      for (const listener of this.listeners) listener();
      const keepCopy = this.document.state !== this.copiedState;
      this.copiedState = this.document.state;
      await publisher.publish(JSON.stringify(this.document), { keepCopy });
      await notifier.status(statusLine(this.document));
    } catch (error) {
      const { code, message } = asSotaError(error);
      logger.debug(`status: ${message}`, { code });
    }
  }

  private build(): StatusDocument {
    const { parts } = this;
    const view = parts.view();
    const { booted = null, deployments = [] } = this.facts ?? {};
    const iso = (milliseconds: number | null): string | null =>
      milliseconds === null ? null : formatUtcTime(milliseconds);
    return buildStatus({
      now: formatUtcTime(parts.clock.wallMilliseconds()),
      sotadVersion: parts.version,
      bootId: this.facts?.bootId ?? '',
      device: {
        id: view.device?.deviceId ?? null,
        ecuSerial: view.device?.ecuSerial ?? null,
        hardwareId: view.hardwareId,
        provisioned: view.device !== null,
        reason: view.device === null ? (view.lastPoll?.text ?? 'not tried yet') : null,
      },
      running: this.running(booted),
      pending: this.pending(booted, deployments[0] ?? null, view.record),
      rollback: this.named(deployments.find(({ isBooted, index }) => !isBooted && index > 0) ?? null),
      record: view.record,
      progress: view.board.progress,
      obstacle: view.board.obstacle,
      rebootsItself: parts.rebootsItself,
      lastPoll:
        view.lastPoll === null
          ? null
          : {
              time: formatUtcTime(view.lastPoll.atMilliseconds),
              code: view.lastPoll.error?.code ?? null,
              text: view.lastPoll.text,
            },
      nextPoll: iso(view.nextPollMilliseconds),
      backoffUntil: iso(view.backoffUntilMilliseconds),
      lastSuccessfulContact: this.lastContact,
      lastError: this.newestError(view),
      holds: this.trusted?.holds ?? [],
      queue: {
        installationReports: parts.state.reports.count('installation'),
        events: parts.state.reports.count('event'),
        deviceData: parts.state.reports.count('deviceData'),
      },
      configurationProblems: parts.configurationProblems,
      configurationDegraded: parts.configurationDegraded,
    });
  }

  /** What stops the update says more than a poll that went well. */
  private newestError({
    record,
    trouble,
  }: StatusView): { time: string; code: string; message: string; hint: string } | null {
    if (this.lastError !== null) return this.lastError;
    if (trouble !== null) {
      const { atMilliseconds, code, message, hint } = trouble;
      return { time: formatUtcTime(atMilliseconds), code, message, hint };
    }
    const attempt = attemptOf(record);
    if (attempt?.lastError == null) return null;
    const { code, message } = attempt.lastError;
    return { time: formatUtcTime(this.parts.clock.wallMilliseconds()), code, message, hint: errorCatalogue[code].hint };
  }

  private running(booted: Deployment | null): StatusVersion | null {
    if (this.parts.packageManager === 'ostree') return this.named(booted);
    const { name, sha256 } = this.parts.installed.current(null);
    return this.parts.installed.isKnown(sha256) ? { name, checksum: sha256 } : null;
  }

  private pending(booted: Deployment | null, first: Deployment | null, record: UpdateRecord): StatusVersion | null {
    if (first === null || booted === null || first.commit === booted.commit) return null;
    const attempt = attemptOf(record);
    return attempt?.target.sha256 === first.commit
      ? { name: attempt.target.name, checksum: first.commit }
      : this.named(first);
  }

  private named(deployment: Deployment | null): StatusVersion | null {
    if (deployment === null) return null;
    const { installed } = this.parts;
    const isKnown = installed.isKnown(deployment.commit);
    return { name: isKnown ? installed.current(deployment.commit).name : null, checksum: deployment.commit };
  }
}

/** One line for `systemctl status`. */
function statusLine(document: StatusDocument): string {
  const { state, progress, why } = document;
  if (progress !== null) {
    const objects =
      progress.objectsFetched === null ? '' : ` ${progress.objectsFetched}/${progress.objectsRequested ?? '?'} objects`;
    const bytes = progress.bytes === null ? '' : ` ${(progress.bytes / 1e6).toFixed(1)} MB`;
    const percent = progress.percent === null ? '' : ` ${progress.percent} %`;
    return `${progress.phase}:${percent}${objects}${bytes}`;
  }
  return why[0] === undefined ? state : `${state}: ${why[0]}`;
}
