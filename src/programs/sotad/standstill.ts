import { causeChain, isSotaError } from '../../domain/errors/sota-error.js';
import { buildStatus } from '../../domain/status/build-status.js';
import { idleRecord } from '../../domain/update/record.js';
import { formatUtcTime } from '../../domain/uptane/utc-time.js';
import type { LoadedConfiguration } from '../../adapters/configuration/load-configuration.js';
import type { Clock } from '../../ports/clock.js';
import type { Logger } from '../../ports/logger.js';
import type { Notifier } from '../../ports/notifier.js';
import type { StatusPublisher } from '../../ports/status-publisher.js';
import { sotadVersion } from '../build-facts.js';

export interface StandstillParts {
  readonly loaded: LoadedConfiguration;
  readonly publisher: StatusPublisher;
  readonly notifier: Notifier;
  readonly clock: Clock;
  readonly logger: Logger;
}

const againMilliseconds = 10_000;

/**
 * Opens what the daemon can't do without. Where that fails, it doesn't end in a circle of restarts that nobody at the
 * board can read: it stands still, says why in the status, and tries again.
 * @returns null when the signal came first.
 */
export async function openWhenPossible<Opened>(
  open: () => Promise<Opened>,
  parts: StandstillParts,
  signal: AbortSignal,
): Promise<Opened | null> {
  let hasSaidReady = false;
  while (!signal.aborted) {
    try {
      return await open();
    } catch (error) {
      if (!isSotaError(error)) throw error;
      parts.logger.error(`standing still: ${causeChain(error).join('; ')}`, { code: error.code });
      if (!hasSaidReady) await parts.notifier.ready();
      hasSaidReady = true;
      await parts.notifier.status(`standing still: ${error.message}`);
      await publish(parts, error);
      await parts.clock.sleep(againMilliseconds, signal);
    }
  }
  return null;
}

async function publish(
  { loaded, publisher, clock, logger }: StandstillParts,
  error: { readonly code: string; readonly message: string; readonly hint: string },
): Promise<void> {
  const now = formatUtcTime(clock.wallMilliseconds());
  const { code, message, hint } = error;
  const document = buildStatus({
    now,
    sotadVersion,
    bootId: '',
    device: {
      id: null,
      ecuSerial: null,
      hardwareId: loaded.configuration.provision.primaryEcuHardwareId,
      provisioned: false,
      reason: `the agent stands still: ${message}`,
    },
    ...{ running: null, pending: null, rollback: null, record: idleRecord, progress: null, obstacle: null },
    rebootsItself: loaded.configuration.uptane.forceInstallCompletion,
    ...{ lastPoll: null, nextPoll: null, backoffUntil: null, lastSuccessfulContact: null },
    lastError: { time: now, code, message, hint },
    holds: [],
    queue: { installationReports: 0, events: 0, deviceData: 0 },
    configurationProblems: loaded.problems,
    configurationDegraded: loaded.degraded,
  });
  try {
    await publisher.publish(JSON.stringify(document), { keepCopy: false });
  } catch (failed) {
    logger.error(`no status: ${causeChain(failed).join('; ')}`);
  }
}
