import { join } from 'node:path';
import { endOrphans } from '../../adapters/exec/orphans.js';
import { makeMissingFolder } from '../../adapters/files/durable-folder.js';
import { secureStorageFolder } from '../../adapters/identity/storage-folder.js';
import { acquireStorageLock } from '../../adapters/sqlite/storage-lock.js';
import { createLogger, type ProductLogger } from '../../adapters/winston/create-logger.js';
import { logLevelOf } from '../../adapters/winston/log-level.js';
import type { LoadedConfiguration } from '../../adapters/configuration/load-configuration.js';
import type { Configuration } from '../../domain/configuration/configuration.js';
import { problemText } from '../../domain/configuration/problem.js';
import { causeChain, SotaError } from '../../domain/errors/sota-error.js';
import type { StateStore } from '../../ports/journal.js';
import { sotadVersion } from '../build-facts.js';
import { loadConfiguration } from './configuration.js';
import { openWhenPossible } from './standstill.js';
import { wireDaemon } from './wire.js';
import { childrenOwner, makeBasics, makeWorld, openState } from './world.js';

export interface DaemonOptions {
  readonly configurationPaths: readonly string[];
  readonly loglevel: number | null;
  /** A mistake in the configuration ends the start. */
  readonly isStrict: boolean;
  /** For tests that need to stand between the product and its journal. */
  readonly decorateState?: (state: StateStore) => StateStore;
}

/**
 * Runs the daemon until the signal.
 * @throws SotaError before anything was started: CONFIGURATION_INVALID, STORAGE_UNSAFE, STATE_LOCKED and their kin.
 */
export async function runDaemon(options: DaemonOptions, signal: AbortSignal): Promise<void> {
  const basics = makeBasics();
  const loaded = await loadConfiguration(
    {
      paths: options.configurationPaths,
      settings: options.loglevel === null ? {} : { 'logger.loglevel': String(options.loglevel) },
    },
    basics,
  );
  if (options.isStrict) requireNoMistake(loaded);
  const { configuration } = loaded;
  const logger = openLog(loaded);
  logger.info(`sotad ${sotadVersion} starts with ${loaded.files.join(', ') || 'defaults alone'}`);
  for (const problem of loaded.problems) logger.warning(problemText(problem), { code: 'CONFIGURATION_INVALID' });
  await secureStorageFolder(configuration.storage.path);
  // An existing one is systemd's, or everybody's (/run): its mode is not ours to change.
  await makeMissingFolder(configuration.paths.runtime, 0o750);
  const lock = acquireStorageLock(join(configuration.storage.path, 'lock.db'));
  // A promise that nobody waited for is a bug, but none that a device should lose its updates for.
  const onStray = (reason: unknown): void => {
    logger.error(`unhandled: ${causeChain(reason).join('; ')}`, { code: 'INTERNAL' });
  };
  process.on('unhandledRejection', onStray);
  try {
    await endLeftovers(configuration, logger);
    const world = makeWorld(basics, configuration, logger);
    const { clock, notifier, publisher } = world;
    const opened = await openWhenPossible(
      () => openState(configuration, logger, options.decorateState ?? ((store) => store)),
      { loaded, publisher, notifier, clock, logger },
      signal,
    );
    if (opened === null) return;
    const { state, trust } = opened;
    try {
      const { agent, control } = await wireDaemon({ world, loaded, logger, state, trust, ending: signal });
      await serve(control, logger);
      try {
        await agent.run(signal);
      } finally {
        await control.stop();
      }
    } finally {
      state.close();
    }
  } finally {
    process.off('unhandledRejection', onStray);
    lock.release();
  }
}

/**
 * A sotad that was killed may have left children: two ostree must not work on one sysroot, nor may an old child hold
 * the update lock. The storage lock says that the former one is gone.
 */
async function endLeftovers(configuration: Configuration, logger: ProductLogger): Promise<void> {
  const { found, left } = await endOrphans(childrenOwner(configuration));
  if (found > 0) logger.warning(`ended ${found} processes that a former sotad left behind`);
  if (left > 0) logger.error(`${left} processes that a former sotad left behind do not end`);
}

/** People at the board can do without; the update can't wait for them. */
async function serve(control: { start(): Promise<void> }, logger: ProductLogger): Promise<void> {
  try {
    await control.start();
  } catch (error) {
    logger.error(`no sockets for sotactl: ${causeChain(error).join('; ')}`);
  }
}

function requireNoMistake(loaded: LoadedConfiguration): void {
  const mistakes = loaded.problems.filter(({ severity }) => severity === 'mistake');
  const [first] = mistakes;
  if (first === undefined) return;
  throw new SotaError('CONFIGURATION_INVALID', {
    message: `${mistakes.length} mistakes (--strict-config), the first: ${problemText(first)}`,
  });
}

function openLog({ configuration }: LoadedConfiguration): ProductLogger {
  const { form, level } = configuration.logger;
  // systemd sets JOURNAL_STREAM for what it connects to the journal.
  const automatic = process.env['JOURNAL_STREAM'] === undefined ? 'text' : 'journal';
  return createLogger({
    form: form === 'auto' ? automatic : form,
    level: logLevelOf(level),
    // LOG_STDERR as in aktualizr (aktualizr.md 1.1).
    stream: process.env['LOG_STDERR'] === undefined ? process.stdout : process.stderr,
  });
}
