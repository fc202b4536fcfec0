import type { Command } from 'commander';
import { exitCodes } from '../../../domain/errors/exit-codes.js';
import { isSotaError } from '../../../domain/errors/sota-error.js';
import { relativeText } from '../../../domain/status/moment.js';
import { renderStatus } from '../../../domain/status/render-status.js';
import type { StatusDocument } from '../../../domain/status/status-document.js';
import { terminalText } from '../../../domain/status/terminal-text.js';
import type { GlobalOptions, SotactlParts } from '../parts.js';
import { readStatus } from '../status-text.js';
import type { EndVerb } from '../verb.js';

interface StatusOptions extends GlobalOptions {
  readonly json?: boolean;
  readonly watch?: boolean;
  readonly exit77IfPending?: boolean;
}

/** Home, then clear to the end: unlike clearing first, this does not flicker. */
const redraw = '\u001b[H\u001b[2J';

/** `sotactl status`: what runs, what is pending, what the agent does, and why nothing happens. */
export function addStatusVerb(program: Command, parts: SotactlParts, end: EndVerb): void {
  program
    .command('status')
    .description('show what runs, what is pending, what the agent does and why nothing happens')
    .option('--json', 'print the status document (config/status-1.schema.json)')
    .option('--watch', 'go on until interrupted; with --json one document a line')
    .option('--exit-77-if-pending', 'end with 77 when a reboot is pending')
    .action((_options: unknown, command: Command) =>
      end(() => status(command.optsWithGlobals<StatusOptions>(), parts)),
    );
}

async function status(options: StatusOptions, parts: SotactlParts): Promise<number> {
  try {
    const client = await parts.connect(options);
    if (options.watch === true) {
      const interrupt = parts.catchInterrupt();
      await client.watch((text) => show(readStatus(text, 'the daemon'), options, parts), interrupt);
      return interrupt.aborted ? exitCodes.ok : daemonEnded(parts);
    }
    const document = readStatus(await client.status(), 'the daemon');
    show(document, options, parts);
    return options.exit77IfPending === true && document.state === 'awaitingReboot'
      ? exitCodes.rebootPending
      : exitCodes.ok;
  } catch (error) {
    if (isSotaError(error) && error.code === 'DAEMON_NOT_RUNNING') {
      return await showLeftStatus(error.message, options, parts);
    }
    throw error;
  }
}

function show(document: StatusDocument, options: StatusOptions, parts: SotactlParts): void {
  if (options.json === true) {
    parts.print(`${JSON.stringify(document, null, options.watch === true ? 0 : 2)}\n`);
    return;
  }
  const { isTerminal, ...terminal } = parts.terminal;
  const text = renderStatus(document, { now: parts.now(), ...terminal });
  parts.print(options.watch === true ? `${isTerminal ? redraw : ''}${text}${isTerminal ? '' : '\n'}` : text);
}

function daemonEnded(parts: SotactlParts): number {
  parts.warn('The daemon ended.\n');
  return exitCodes.noDaemon;
}

/** Without a daemon the last document still tells what runs; that it is old is said first. */
async function showLeftStatus(reason: string, options: StatusOptions, parts: SotactlParts): Promise<number> {
  parts.warn(`The daemon is not running: ${terminalText(reason)}\n`);
  const left = await parts.leftStatus(options);
  if (left === null) {
    parts.warn('It left no status behind that could be read.\n');
    return exitCodes.noDaemon;
  }
  const document = readStatus(left.text, left.path);
  const age = relativeText(document.time, parts.now()) ?? 'an unknown time ago';
  parts.warn(`This is its last status, made ${age} (${terminalText(left.path)}):\n\n`);
  show(document, { ...options, watch: false }, parts);
  return exitCodes.noDaemon;
}
