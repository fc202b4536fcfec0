/**
 * The whole daemon but its shell: one runner, one poll loop, one status. It starts with whatever is there, and nothing
 * that a server, a file or a child process does ends it.
 */
import type { BootFacts } from '../domain/update/events.js';
import type { UpdateRecord } from '../domain/update/record.js';
import type { Clock } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';
import type { Notifier } from '../ports/notifier.js';
import type { PrivilegedActions } from '../ports/privileged-actions.js';
import { asSotaError } from './failure.js';
import type { PollLoop, PollOutcome } from './poll-loop.js';
import type { Provisioning } from './provisioning.js';
import type { StatusService } from './status-service.js';
import type { UpdateRunner } from './update-runner.js';
import type { Vitality } from './vitality.js';

export interface AgentParts {
  readonly packageManager: 'ostree' | 'none';
  readonly runner: UpdateRunner;
  readonly pollLoop: PollLoop;
  readonly status: StatusService;
  readonly provisioning: Provisioning;
  readonly privileged: PrivilegedActions;
  readonly notifier: Notifier;
  readonly vitality: Vitality;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A sysroot that can't be read now may be readable soon (a late mount). */
const factsAgainMilliseconds = 5000;

export class Agent {
  private readonly parts: AgentParts;

  constructor(parts: AgentParts) {
    this.parts = parts;
  }

  /** Runs until the signal; resolves when nothing runs any more. */
  async run(signal: AbortSignal): Promise<void> {
    const { notifier, runner, pollLoop, status, provisioning, logger } = this.parts;
    // At once, not after the poll under way: a download must not go on meanwhile.
    const stopped = ended(signal).then(() => Promise.all([notifier.stopping(), runner.stop()]));
    await this.loadIdentity();
    const watchdog = this.feedWatchdog(signal);
    await notifier.ready();
    const facts = await this.lookUpFacts();
    // A device whose sysroot can't be read yet still provisions itself, answers and says what is wrong.
    const late = facts === null ? this.startLater(signal) : runner.start(facts, signal);
    if (facts !== null) await late;
    await status.refresh();
    await pollLoop.run(signal);
    await late;
    await stopped;
    await watchdog;
    this.keepContact();
    provisioning.close();
    logger.info('stopped');
  }

  /** A poll on request; resolves with its outcome. */
  check(): Promise<PollOutcome> {
    return this.parts.pollLoop.request();
  }

  /** Like `check`, and an attempt that failed is tried again at once. */
  update(): Promise<PollOutcome> {
    return this.parts.pollLoop.requestNow();
  }

  /** To be called after each change of the record. */
  recordChanged(record: UpdateRecord): void {
    this.parts.pollLoop.scheduleRetry(record);
    void this.parts.status.refresh();
  }

  /** TLS material before the first request: the ancestor's first report after a reboot fails without it. */
  private async loadIdentity(): Promise<void> {
    try {
      await this.parts.provisioning.load();
    } catch (error) {
      const { code, message } = asSotaError(error);
      this.parts.logger.error(message, { code });
    }
  }

  private async startLater(signal: AbortSignal): Promise<void> {
    const { clock, runner, status } = this.parts;
    for (;;) {
      await clock.sleep(factsAgainMilliseconds, signal);
      if (signal.aborted) return;
      const facts = await this.lookUpFacts();
      if (facts === null) continue;
      await runner.start(facts, signal);
      await status.refresh();
      return;
    }
  }

  /** null, with a line in the log, when they can't be read now. */
  private async lookUpFacts(): Promise<BootFacts | null> {
    const { packageManager, privileged, logger } = this.parts;
    if (packageManager === 'none') return { bootId: '', bootedCommit: null, firstCommit: null };
    try {
      const { bootId, booted, deployments } = await privileged.treeFacts();
      return { bootId, bootedCommit: booted?.commit ?? null, firstCommit: deployments[0]?.commit ?? null };
    } catch (error) {
      const { code, message } = asSotaError(error);
      logger.error(`${message}; looking again soon`, { code });
      return null;
    }
  }

  /** Fed while everything under way moves within its own limit (design: never a bare timer). */
  private async feedWatchdog(signal: AbortSignal): Promise<void> {
    const { notifier, vitality, clock, logger } = this.parts;
    const seconds = notifier.watchdogIntervalSeconds;
    if (seconds === null) return;
    while (!signal.aborted) {
      const stalled = vitality.stalled();
      if (stalled.length === 0) await notifier.watchdog();
      else logger.error(`watchdog: not fed, for these stand still: ${stalled.join(', ')}`);
      await clock.sleep(seconds * 1000, signal);
    }
  }

  private keepContact(): void {
    try {
      this.parts.status.keepLastContact();
    } catch (error) {
      const { code, message } = asSotaError(error);
      this.parts.logger.debug(message, { code });
    }
  }
}

function ended(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
