import type { Logger } from '../../ports/logger.js';
import type { ProcessOutcome, Processes } from '../../ports/processes.js';

export interface UpdateLockOptions {
  /** `uptane.update_lock_file`; empty: there is none. */
  readonly file: string;
  readonly processes: Processes;
  readonly logger: Logger;
  /** Of this program: the child that holds the lock ends with it. */
  readonly processId: number;
}

/** flock(1) ends with 1 when the lock is held. */
const heldByAnother = 1;

const signlessMilliseconds = 5_000;

/**
 * The lock by which other programs on the device keep updates away (aktualizr's update_lock_file, backend.md 6.4):
 * flock(2) on a file, through flock(1), since Node has none. A missing folder means that there is no lock.
 */
export class UpdateLock {
  private holder: { readonly abort: AbortController; readonly ended: Promise<unknown> } | null = null;

  constructor(private readonly options: UpdateLockOptions) {}

  /** Does somebody else hold it? */
  async isHeldByAnother(): Promise<boolean> {
    if (this.options.file === '' || this.holder !== null) return false;
    const outcome = await this.options.processes.run({
      file: 'flock',
      arguments: ['-n', this.options.file, 'true'],
      timeoutSeconds: 10,
    });
    return this.isConflict(outcome);
  }

  /**
   * Holds the lock until `release`, through a child; nothing happens when it is held by us already.
   * @returns false when somebody else holds it.
   */
  async acquire(): Promise<boolean> {
    if (this.options.file === '' || this.holder !== null) return true;
    // GNU's tail ends with the process that it is told, even when that one is killed; others don't know the option.
    return (await this.tryHold([`--pid=${this.options.processId}`])) ?? (await this.tryHold([])) ?? true;
  }

  async release(): Promise<void> {
    const { holder } = this;
    this.holder = null;
    holder?.abort.abort();
    await holder?.ended;
  }

  /** @returns true: held by us, false: by another, null: it could not be tried this way. */
  private async tryHold(tailOptions: readonly string[]): Promise<boolean | null> {
    const abort = new AbortController();
    const running = new Promise<ProcessOutcome | 'holding'>((resolve, reject) => {
      const ended = this.options.processes.run({
        file: 'flock',
        // A line that tail prints is the sign that the lock was got.
        arguments: ['-n', this.options.file, 'tail', '-n', '5', ...tailOptions, '-f', '/etc/os-release'],
        signal: abort.signal,
        onLine: (stream) => {
          if (stream === 'output') resolve('holding');
        },
      });
      this.holder = { abort, ended: ended.catch(() => undefined) };
      ended.then(resolve, reject);
      // flock -n never waits: what still runs holds the lock, even if it printed nothing.
      setTimeout(() => resolve('holding'), signlessMilliseconds).unref();
    });
    try {
      const outcome = await running;
      if (outcome === 'holding') return true;
      this.holder = null;
      return this.isConflict(outcome) ? false : null;
    } catch (error) {
      this.holder = null;
      throw error;
    }
  }

  /** With the lock's file unopenable (66: a missing folder) there is no lock; the update goes ahead, as aktualizr's. */
  private isConflict(outcome: ProcessOutcome): boolean {
    if (outcome.exitCode === 0 || outcome.exitCode === heldByAnother) return outcome.exitCode === heldByAnother;
    this.options.logger.debug(`${this.options.file} is no lock: ${outcome.standardError.trim()}`);
    return false;
  }
}
