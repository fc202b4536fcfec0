import type { Command } from 'commander';
import type { SotactlParts } from '../parts.js';
import type { EndVerb } from '../verb.js';
import { addConfigCheckVerb } from './config-check.js';
import { addConfigShowVerb } from './config-show.js';

/** `sotactl config …`: both read the files themselves, no daemon is needed. */
export function addConfigVerbs(program: Command, parts: SotactlParts, end: EndVerb): void {
  const config = program.command('config').description('check or show the configuration (docs/configuration.md)');
  addConfigCheckVerb(config, parts, end);
  addConfigShowVerb(config, parts, end);
}
