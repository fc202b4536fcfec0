/** The command line of sotad, without running it: whoever bundles it decides that. */
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { causeChain, isSotaError } from '../../domain/errors/sota-error.js';
import { exitCodeOfFailure } from '../../domain/errors/exit-codes.js';
import type { StateStore } from '../../ports/journal.js';
import { sotadVersion } from '../build-facts.js';
import { runDaemon } from './daemon.js';

interface Options {
  readonly config: readonly string[];
  readonly loglevel?: number;
  readonly strictConfig?: boolean;
}

function parseLevel(text: string): number {
  if (/^[0-5]$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a number from 0 (trace) to 5 (fatal) is wanted.');
}

function command(run: (options: Options) => Promise<void>): Command {
  return new Command('sotad')
    .description('Keeps this device up to date over the air, verified by Uptane, through OSTree.')
    .version(sotadVersion, '-v, --version', 'print the version')
    .option(
      '-c, --config <path>',
      'configuration file or folder; may be repeated (default: /usr/lib/sota/conf.d, /etc/sota/conf.d)',
      (path: string, paths: readonly string[]) => [...paths, path],
      [] as readonly string[],
    )
    .option('--loglevel <number>', '0 trace, 1 debug, 2 info, 3 warning, 4 error, 5 fatal', parseLevel)
    .option('--strict-config', 'end with exit code 4 when the configuration has a mistake')
    .addHelpText(
      'after',
      '\nExit codes: 0 ended by a signal, 1 a bug, 2 usage, 4 an operator must act.\nWhat it does now: sotactl status',
    )
    .exitOverride()
    .action(run);
}

/** Ends at SIGTERM, SIGINT and SIGHUP; a second one ends at once. The signals of users mean nothing. */
function endSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(1);
      controller.abort();
    });
  }
  // Left alone, the first opens Node's debugger, to every user of the machine, and the second ends the daemon.
  for (const name of ['SIGUSR1', 'SIGUSR2'] as const) process.on(name, () => undefined);
  return controller.signal;
}

/**
 * @param words the arguments.
 * @param decorateState for tests that need to stand between the product and its journal.
 * @returns the exit code.
 */
export async function runSotad(
  words: readonly string[],
  decorateState?: (state: StateStore) => StateStore,
): Promise<number> {
  try {
    await command(async (options) => {
      await runDaemon(
        {
          configurationPaths: options.config,
          loglevel: options.loglevel ?? null,
          isStrict: options.strictConfig === true,
          ...(decorateState === undefined ? {} : { decorateState }),
        },
        endSignal(),
      );
    }).parseAsync(words, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const hint = isSotaError(error) ? `\n${error.hint}` : '';
    process.stderr.write(`sotad: ${causeChain(error).join('\n  ')}${hint}\n`);
    return exitCodeOfFailure(error);
  }
}
