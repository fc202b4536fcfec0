import { InvalidArgumentError, type Command } from 'commander';
import { validateHistoryReply } from '../../../adapters/schema/validators.js';
import { exitCodes } from '../../../domain/errors/exit-codes.js';
import { SotaError } from '../../../domain/errors/sota-error.js';
import { terminalText } from '../../../domain/status/terminal-text.js';
import type { HistoryEntry } from '../../../ports/journal.js';
import type { GlobalOptions, SotactlParts } from '../parts.js';
import type { EndVerb } from '../verb.js';

interface HistoryOptions extends GlobalOptions {
  readonly json?: boolean;
  readonly number: number;
}

/** `sotactl history`: what happened, newest first. */
export function addHistoryVerb(program: Command, parts: SotactlParts, end: EndVerb): void {
  program
    .command('history')
    .description('show what happened, newest first')
    .option('-n, --number <count>', 'at most so many entries (1 to 1000)', readCount, 20)
    .option('--json', 'print the entries')
    .action((_options: unknown, command: Command) =>
      end(() => history(command.optsWithGlobals<HistoryOptions>(), parts)),
    );
}

function readCount(text: string): number {
  const number = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > 1000) {
    throw new InvalidArgumentError('It must be a number from 1 to 1000.');
  }
  return number;
}

async function history(options: HistoryOptions, parts: SotactlParts): Promise<number> {
  const client = await parts.connect(options);
  const reply = validateHistoryReply(await client.history(options.number));
  if (!reply.ok) {
    const { field, reason } = reply.error;
    throw new SotaError('CONTROL_REFUSED', { message: `The history: ${field || 'it'} ${reason}.` });
  }
  if (options.json === true) {
    parts.print(`${JSON.stringify(reply.value, null, 2)}\n`);
  } else {
    parts.print(reply.value.length === 0 ? 'Nothing happened yet.\n' : reply.value.map(entryText).join(''));
  }
  return exitCodes.ok;
}

function entryText({ time, event, target, correlationId, code, text }: HistoryEntry): string {
  const what = [event, target, correlationId, code].filter((part) => part !== null).map(terminalText);
  return `${terminalText(time)}  ${what.join('  ')}\n    ${terminalText(text)}\n`;
}
