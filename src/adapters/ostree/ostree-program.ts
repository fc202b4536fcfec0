import type { Logger } from '../../ports/logger.js';
import type { ProcessOutcome, Processes, ProcessRequest } from '../../ports/processes.js';

/** What a run of ostree came to. */
export interface OstreeOutcome {
  readonly outcome: ProcessOutcome;
  /** We gave up waiting for another ostree process that held the lock of the sysroot. */
  readonly gaveUpOnLock: boolean;
}

/** How long an administrative command may take: a checkout and its sync on slow flash need minutes. */
const administrationTimeoutSeconds = 1800;

/** libostree polls for the lock without an end; we leave it to the agent to try again. */
const waitingForLock = 'Waiting for sysroot lock';

/** Runs the program `ostree`, always by an argument list, never by a shell. */
export class OstreeProgram {
  readonly #processes: Processes;
  readonly #logger: Logger;
  readonly #lockTimeoutSeconds: number;

  constructor(processes: Processes, logger: Logger, lockTimeoutSeconds: number) {
    this.#processes = processes;
    this.#logger = logger;
    this.#lockTimeoutSeconds = lockTimeoutSeconds;
  }

  /** Runs to the end; limits are those of the request. */
  async run(
    argumentList: readonly string[],
    limits: Omit<ProcessRequest, 'file' | 'arguments'>,
  ): Promise<ProcessOutcome> {
    this.#logger.debug('ostree runs', { arguments: argumentList.join(' ') });
    const outcome = await this.#processes.run({ file: 'ostree', arguments: argumentList, ...limits });
    this.#logger.debug('ostree ended', {
      exitCode: outcome.exitCode,
      signal: outcome.signal,
      endedBy: outcome.endedBy,
    });
    return outcome;
  }

  /** Runs a command that takes the lock of the sysroot, waiting for that only so long. */
  async administer(argumentList: readonly string[]): Promise<OstreeOutcome> {
    const abort = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    let gaveUpOnLock = false;
    const stopWaiting = (): void => {
      clearTimeout(timer);
      timer = undefined;
    };
    try {
      const outcome = await this.run(argumentList, {
        timeoutSeconds: administrationTimeoutSeconds,
        signal: abort.signal,
        onLine: (_stream, line) => {
          // Any other line means that it has the lock and works: from now on it is never cut off.
          if (!line.includes(waitingForLock)) {
            stopWaiting();
            return;
          }
          this.#logger.info('another ostree process holds the lock of the sysroot; waiting');
          timer ??= setTimeout(() => {
            gaveUpOnLock = true;
            abort.abort();
          }, this.#lockTimeoutSeconds * 1000);
        },
      });
      return { outcome, gaveUpOnLock };
    } finally {
      stopWaiting();
    }
  }
}
