import type { Command } from 'commander';
import type { SotactlParts } from '../parts.js';
import type { EndVerb } from '../verb.js';
import { addRequestVerb } from './request.js';

/** `sotactl check`: poll now. */
export function addCheckVerb(program: Command, parts: SotactlParts, end: EndVerb): void {
  addRequestVerb(program, parts, end, {
    name: 'check',
    description: 'ask the server now whether there is something new',
    ask: (client) => client.check(),
  });
}
