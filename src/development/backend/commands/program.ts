// For development only: never part of what runs on a device.
import { Command, CommanderError } from 'commander';
import { BackendError } from '../backend-error.js';
import { defaultStateFolder } from '../wire.js';
import { addDeviceCommands } from './device-commands.js';
import { addFaultCommands } from './fault-commands.js';
import { addPublishCommands } from './publish-commands.js';
import { addRootCommand } from './root-command.js';
import { addServeCommand } from './serve-command.js';

/** Exit codes (design rule 6). */
const exitCodes = { fine: 0, bug: 1, usage: 2, operator: 4, notRunning: 6 } as const;

/** Runs the command line. @returns the exit code. */
export async function runProgram(words: readonly string[]): Promise<number> {
  const program = new Command('sotad-development-backend')
    .description('A backend for development and tests: never for production. It has no access control for operators.')
    .option('--state <folder>', 'folder of the state', defaultStateFolder())
    .option('--json', 'print the result as one line of JSON')
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 a bug, 2 wrong usage, 4 refused with a reason, 6 no backend is running.',
    )
    .exitOverride()
    .showSuggestionAfterError();
  addServeCommand(program);
  addPublishCommands(program);
  addDeviceCommands(program);
  addRootCommand(program);
  addFaultCommands(program);
  try {
    await program.parseAsync([...words], { from: 'user' });
    return exitCodes.fine;
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has said what is wrong; help and version come this way too.
      return error.exitCode === 0 ? exitCodes.fine : exitCodes.usage;
    }
    if (error instanceof BackendError) {
      process.stderr.write(`error: ${error.code}: ${error.message}\n`);
      return error.code === 'backend_not_running' ? exitCodes.notRunning : exitCodes.operator;
    }
    process.stderr.write(`bug: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return exitCodes.bug;
  }
}
