import type { Command } from 'commander';
import {
  effectiveValues,
  provenanceText,
  type EffectiveValue,
} from '../../../domain/configuration/effective-values.js';
import { exitCodes } from '../../../domain/errors/exit-codes.js';
import { terminalText } from '../../../domain/status/terminal-text.js';
import type { GlobalOptions, SotactlParts } from '../parts.js';
import type { EndVerb } from '../verb.js';

interface ShowOptions extends GlobalOptions {
  readonly json?: boolean;
}

/** `sotactl config show`: every effective value and where it comes from, secrets masked. */
export function addConfigShowVerb(config: Command, parts: SotactlParts, end: EndVerb): void {
  config
    .command('show')
    .description('show every effective value and where it comes from; secrets are masked')
    .option('--json', 'print the values by section.key')
    .action((_options: unknown, command: Command) => end(() => show(command.optsWithGlobals<ShowOptions>(), parts)));
}

async function show(options: ShowOptions, parts: SotactlParts): Promise<number> {
  const loaded = await parts.loadConfiguration(options);
  const values = effectiveValues(loaded);
  if (loaded.degraded) {
    parts.warn(
      'A safety key has a mistake (sotactl config check). The daemon does not use these values of safety keys:\n' +
        'those that last reached the server stand in for them, or it is degraded.\n',
    );
  }
  if (options.json === true) {
    const byName = Object.fromEntries(values.map(({ name, value, provenance }) => [name, { value, ...provenance }]));
    parts.print(`${JSON.stringify(byName, null, 2)}\n`);
  } else {
    parts.print(sectionsText(values));
  }
  return exitCodes.ok;
}

/** In the form of a configuration file; what is not set is a comment. */
function sectionsText(values: readonly EffectiveValue[]): string {
  const lines: string[] = [];
  let open: string | null = null;
  for (const { name, value, provenance } of values) {
    const [section = '', key = ''] = name.split('.');
    if (section !== open) {
      lines.push(...(open === null ? [] : ['']), `[${section}]`);
      open = section;
    }
    const setting = value === null ? `# ${key} is not set` : `${key} = ${terminalText(JSON.stringify(value))}`;
    lines.push(`${setting.padEnd(50)}  # ${terminalText(provenanceText(provenance))}`);
  }
  return `${lines.join('\n')}\n`;
}
