import type { Command } from 'commander';
import type { SotactlParts } from '../parts.js';
import type { EndVerb } from '../verb.js';
import { addRequestVerb } from './request.js';

/** `sotactl update`: poll now and install what is found. */
export function addUpdateVerb(program: Command, parts: SotactlParts, end: EndVerb): void {
  addRequestVerb(program, parts, end, {
    name: 'update',
    description: 'ask the server now and install what it assigns; follow it with status --watch',
    ask: (client) => client.update(),
  });
}
