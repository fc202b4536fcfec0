import { SotaError, isSotaError } from '../../domain/errors/sota-error.js';
import type { Logger } from '../../ports/logger.js';
import type { Power } from '../../ports/power.js';
import type { Processes } from '../../ports/processes.js';
import { commandWords } from './command-words.js';
import { shutdownInhibitor } from './shutdown-inhibitors.js';
import { UpdateLock } from './update-lock.js';

export interface CommandPowerOptions {
  /** `bootloader.reboot_command`. */
  readonly rebootCommand: string;
  /** `uptane.update_lock_file`; empty: there is none. */
  readonly updateLockFile: string;
  readonly processes: Processes;
  readonly logger: Logger;
  /** Of this program. */
  readonly processId: number;
  /** For tests: see ShutdownInhibitorsOptions. */
  readonly systemdFolder?: string;
  readonly busctl?: string;
}

/** A reboot command returns at once; one that hangs is no reboot. */
const rebootTimeoutSeconds = 120;

/** Reboot by the configured command, the update lock by flock(1), shutdown inhibitors by logind. */
export class CommandPower implements Power {
  private readonly lock: UpdateLock;

  constructor(private readonly options: CommandPowerOptions) {
    const { updateLockFile, processes, logger, processId } = options;
    this.lock = new UpdateLock({ file: updateLockFile, processes, logger, processId });
  }

  async obstacle(): Promise<string | null> {
    if (await this.onLock(() => this.lock.isHeldByAnother()))
      return `${this.options.updateLockFile} is locked by another program`;
    try {
      return await shutdownInhibitor(this.options);
    } catch (error) {
      if (!isSotaError(error) || error.code !== 'PROCESS_NOT_FOUND') throw error;
      this.options.logger.debug(`inhibitors can not be asked for: ${error.message}`);
      return null;
    }
  }

  /** Takes the update lock until `release`. @throws SotaError UPDATE_LOCKED when somebody else holds it. */
  async acquire(): Promise<void> {
    if (await this.onLock(() => this.lock.acquire())) return;
    throw new SotaError('UPDATE_LOCKED', { message: `${this.options.updateLockFile} is locked by another program` });
  }

  release(): Promise<void> {
    return this.lock.release();
  }

  /** @throws SotaError REBOOT_FAILED, CONFIGURATION_INVALID (the command can't be split into words). */
  async reboot(signal?: AbortSignal): Promise<void> {
    const [file = '', ...words] = commandWords('bootloader.reboot_command', this.options.rebootCommand);
    await this.synchronise();
    const outcome = await this.options.processes
      .run({
        file,
        arguments: words,
        timeoutSeconds: rebootTimeoutSeconds,
        ...(signal === undefined ? {} : { signal }),
      })
      .catch((cause: unknown) => {
        throw new SotaError('REBOOT_FAILED', { message: `${file} could not be started`, cause });
      });
    if (outcome.exitCode === 0) return;
    const end =
      outcome.exitCode === null ? `ended by ${outcome.signal ?? outcome.endedBy}` : `exit code ${outcome.exitCode}`;
    throw new SotaError('REBOOT_FAILED', { message: `${file}: ${end}: ${outcome.standardError.trim().slice(-500)}` });
  }

  private async onLock(action: () => Promise<boolean>): Promise<boolean> {
    try {
      return await action();
    } catch (error) {
      // A board with a lock file but without flock(1): it is the integrator who must know, and nothing may hang.
      if (!isSotaError(error) || error.code !== 'PROCESS_NOT_FOUND') throw error;
      throw new SotaError('UPDATE_LOCKED', {
        message: `${this.options.updateLockFile} can not be tried: ${error.message}`,
        hint: 'Install flock (util-linux) or take uptane.update_lock_file out of the configuration.',
        cause: error,
      });
    }
  }

  /** A reboot command may be a hard one (`reboot -f`). */
  private async synchronise(): Promise<void> {
    try {
      await this.options.processes.run({ file: 'sync', arguments: [], timeoutSeconds: rebootTimeoutSeconds });
    } catch (error) {
      if (!isSotaError(error)) throw error;
      this.options.logger.warning(`sync before the reboot failed: ${error.message}`, { code: error.code });
    }
  }
}
