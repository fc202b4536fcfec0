import type { Command } from 'commander';
import { validateActionReply } from '../../../adapters/schema/validators.js';
import { exitCodeOf, exitCodes, findCatalogueEntry } from '../../../domain/errors/exit-codes.js';
import { SotaError } from '../../../domain/errors/sota-error.js';
import { terminalText } from '../../../domain/status/terminal-text.js';
import type { DaemonClient, GlobalOptions, SotactlParts } from '../parts.js';
import type { EndVerb } from '../verb.js';

interface RequestOptions extends GlobalOptions {
  readonly json?: boolean;
}

/** A verb that asks the daemon to do something and shows what it says. */
export interface RequestVerb {
  readonly name: string;
  readonly description: string;
  readonly ask: (client: DaemonClient) => Promise<unknown>;
}

export function addRequestVerb(program: Command, parts: SotactlParts, end: EndVerb, verb: RequestVerb): void {
  program
    .command(verb.name)
    .description(verb.description)
    .option('--json', 'print the reply of the daemon')
    .action((_options: unknown, command: Command) =>
      end(() => request(command.optsWithGlobals<RequestOptions>(), parts, verb)),
    );
}

async function request(options: RequestOptions, parts: SotactlParts, verb: RequestVerb): Promise<number> {
  const client = await parts.connect(options);
  const reply = validateActionReply(await verb.ask(client));
  if (!reply.ok) {
    const { field, reason } = reply.error;
    throw new SotaError('CONTROL_REFUSED', { message: `The reply to ${verb.name}: ${field || 'it'} ${reason}.` });
  }
  const { text, error } = reply.value;
  if (options.json === true) {
    parts.print(`${JSON.stringify(reply.value, null, 2)}\n`);
  } else if (error === null) {
    parts.print(`${terminalText(text)}\n`);
  } else {
    parts.warn(`${[error.code, error.message].map(terminalText).join(': ')}\n${terminalText(error.hint)}\n`);
  }
  return error === null ? exitCodes.ok : exitCodeOfName(error.code);
}

/** A code of a newer daemon that this sotactl doesn't know may well pass. */
function exitCodeOfName(code: string): number {
  const known = findCatalogueEntry(code);
  return known === null ? exitCodes.transient : exitCodeOf(known.code, known.kind);
}
