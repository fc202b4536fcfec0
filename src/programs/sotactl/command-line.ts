import { Command, CommanderError } from 'commander';
import { exitCodeMeanings, exitCodeOfFailure, exitCodes } from '../../domain/errors/exit-codes.js';
import { failureText } from './failure-text.js';
import type { SotactlParts } from './parts.js';
import { addCheckVerb } from './verbs/check.js';
import { addConfigVerbs } from './verbs/config.js';
import { addHistoryVerb } from './verbs/history.js';
import { addStatusVerb } from './verbs/status.js';
import { addUpdateVerb } from './verbs/update.js';
import { addVersionVerb } from './verbs/version.js';

const helpAfter = `
Examples:
  sotactl status                       what runs, what it does, why nothing happens
  sotactl status --watch               the same, live
  sotactl status --json | jq .pending  for scripts
  sotactl update                       ask the server now and install what it assigns
  sotactl history -n 5                 the last five things that happened
  sotactl config check -c ./conf.d     look for mistakes before they are rolled out

Exit codes:
${[...exitCodeMeanings].map(([code, meaning]) => `  ${String(code).padStart(2)}  ${meaning}`).join('\n')}
`;

/** Runs one command line. @returns the exit code (design rule 6); never throws. */
export async function runSotactl(parameters: readonly string[], parts: SotactlParts): Promise<number> {
  let exitCode: number = exitCodes.ok;
  const end = async (verb: () => Promise<number>): Promise<void> => {
    exitCode = await verb();
  };
  const program = new Command('sotactl')
    .description('Talks to sotad, the agent that updates this device.')
    .version(`sotactl ${parts.version}`, '-v, --version', 'print the version of sotactl')
    .option('--socket-folder <folder>', 'where status.sock and control.sock lie (default: control.socket_folder)')
    .option('-c, --config <path>', 'configuration file or folder instead of the default ones (repeatable)', collect)
    .addHelpText('after', helpAfter)
    .configureOutput({ writeOut: (text) => parts.print(text), writeErr: (text) => parts.warn(text) })
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(sotactl --help tells what there is)')
    .exitOverride();
  addStatusVerb(program, parts, end);
  addCheckVerb(program, parts, end);
  addUpdateVerb(program, parts, end);
  addHistoryVerb(program, parts, end);
  addConfigVerbs(program, parts, end);
  addVersionVerb(program, parts, end);
  try {
    await program.parseAsync(parameters, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has already written its text; help that was asked for is no mistake.
      return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    }
    parts.warn(failureText(error));
    return exitCodeOfFailure(error);
  }
}

function collect(value: string, former: readonly string[] = []): readonly string[] {
  return [...former, value];
}
