import type { Command } from 'commander';
import { problemText } from '../../../domain/configuration/problem.js';
import { exitCodes } from '../../../domain/errors/exit-codes.js';
import { terminalText } from '../../../domain/status/terminal-text.js';
import type { GlobalOptions, SotactlParts } from '../parts.js';
import type { EndVerb } from '../verb.js';

interface CheckOptions extends GlobalOptions {
  readonly json?: boolean;
}

/** `sotactl config check`: mistakes with file and line; exit code 4 when there is one. */
export function addConfigCheckVerb(config: Command, parts: SotactlParts, end: EndVerb): void {
  config
    .command('check')
    .description('list the mistakes of the configuration; end with 4 when there is one')
    .option('--json', 'print files, problems and whether the device would be degraded')
    .action((_options: unknown, command: Command) => end(() => check(command.optsWithGlobals<CheckOptions>(), parts)));
}

async function check(options: CheckOptions, parts: SotactlParts): Promise<number> {
  const { files, problems, degraded } = await parts.loadConfiguration(options);
  const mistakes = problems.filter(({ severity }) => severity === 'mistake');
  if (options.json === true) {
    parts.print(`${JSON.stringify({ files, degraded, problems }, null, 2)}\n`);
  } else {
    for (const problem of problems) {
      parts.print(`${problem.severity}${problem.safety ? ' (safety)' : ''}: ${terminalText(problemText(problem))}\n`);
    }
    parts.print(
      `${mistakes.length === 0 ? 'No mistake' : counted(mistakes.length, 'mistake')} in ${counted(files.length, 'file')}.\n`,
    );
    if (degraded) {
      parts.print('A safety key has a mistake: without an earlier working configuration the device is degraded.\n');
    }
  }
  return mistakes.length === 0 ? exitCodes.ok : exitCodes.operator;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
