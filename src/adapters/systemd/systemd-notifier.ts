import notify from 'systemd-notify';
import type { Clock } from '../../ports/clock.js';
import type { Logger } from '../../ports/logger.js';
import type { Notifier } from '../../ports/notifier.js';
import type { Processes } from '../../ports/processes.js';
import { watchdogIntervalSeconds } from './watchdog-interval.js';

export interface SystemdNotifierOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly processId: number;
  readonly processes: Processes;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Between two STATUS messages: each costs a process. */
const statusIntervalMilliseconds = 1_000;

/** Longer ones are cut by the manager anyway. */
const statusCharacters = 200;

/**
 * The service manager's notify protocol (sd_notify(3)). READY and STATUS go through the package systemd-notify,
 * WATCHDOG and STOPPING, which it doesn't know, through the same binary.
 * A notification that fails is logged once and never disturbs an update.
 */
export class SystemdNotifier implements Notifier {
  readonly watchdogIntervalSeconds: number | null;
  private lastStatus = '';
  private lastStatusAt = -Infinity;
  private wantedStatus = '';
  private sending: Promise<void> | null = null;
  private hasFailed = false;
  private readonly ending = new AbortController();

  constructor(private readonly options: SystemdNotifierOptions) {
    this.watchdogIntervalSeconds = watchdogIntervalSeconds(options.environment, options.processId);
  }

  ready(): Promise<void> {
    return this.attempt('READY=1', async () => {
      await notify({ ready: true, pid: this.options.processId });
    });
  }

  /**
   * At most one message a second; of those that come faster the last one is sent. Equal texts are sent once.
   * Doesn't wait for the message to go out: progress must not slow down what it tells about.
   */
  status(text: string): Promise<void> {
    // A line feed would start another assignment of the protocol.
    this.wantedStatus = text.replace(/[\u0000-\u001f\u007f]+/g, ' ').slice(0, statusCharacters);
    this.sending ??= this.sendWanted().finally(() => (this.sending = null));
    return Promise.resolve();
  }

  watchdog(): Promise<void> {
    return this.send('WATCHDOG=1');
  }

  async stopping(): Promise<void> {
    this.ending.abort();
    await this.send('STOPPING=1');
  }

  private async sendWanted(): Promise<void> {
    const { clock, processId } = this.options;
    while (this.wantedStatus !== this.lastStatus) {
      const rest = this.lastStatusAt + statusIntervalMilliseconds - clock.monotonicMilliseconds();
      if (rest > 0) await clock.sleep(rest, this.ending.signal);
      if (this.ending.signal.aborted) return;
      const status = this.wantedStatus;
      this.lastStatus = status;
      this.lastStatusAt = clock.monotonicMilliseconds();
      await this.attempt('STATUS', async () => {
        await notify({ status, pid: processId });
      });
    }
  }

  private send(assignment: string): Promise<void> {
    const { environment, processId, processes } = this.options;
    return this.attempt(assignment, async () => {
      const outcome = await processes.run({
        file: 'systemd-notify',
        arguments: [`--pid=${processId}`, assignment],
        environment: { NOTIFY_SOCKET: environment['NOTIFY_SOCKET'] ?? '' },
        timeoutSeconds: 10,
      });
      if (outcome.exitCode !== 0) throw new Error(outcome.standardError.trim() || `it ended by ${outcome.endedBy}`);
    });
  }

  private async attempt(what: string, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (this.hasFailed) return;
      this.hasFailed = true;
      // The package rejects with a text or with an error.
      const reason = typeof error === 'object' && error !== null && 'message' in error ? error.message : error;
      this.options.logger.warning(`systemd could not be notified (${what}): ${String(reason)}`);
    }
  }
}

/** Without a service manager nothing happens. */
export class NullNotifier implements Notifier {
  readonly watchdogIntervalSeconds = null;

  ready(): Promise<void> {
    return Promise.resolve();
  }
  status(): Promise<void> {
    return Promise.resolve();
  }
  watchdog(): Promise<void> {
    return Promise.resolve();
  }
  stopping(): Promise<void> {
    return Promise.resolve();
  }
}

/** The notifier that fits the environment: the service manager's when it left a NOTIFY_SOCKET. */
export function createNotifier(options: SystemdNotifierOptions): Notifier {
  return (options.environment['NOTIFY_SOCKET'] ?? '') === '' ? new NullNotifier() : new SystemdNotifier(options);
}
