import type { Command } from 'commander';
import { exitCodes } from '../../../domain/errors/exit-codes.js';
import type { SotactlParts } from '../parts.js';
import type { EndVerb } from '../verb.js';

/** `sotactl version`. */
export function addVersionVerb(program: Command, parts: SotactlParts, end: EndVerb): void {
  program
    .command('version')
    .description('print the version of sotactl')
    .action(() =>
      end(() => {
        parts.print(`sotactl ${parts.version}\n`);
        return Promise.resolve(exitCodes.ok);
      }),
    );
}
