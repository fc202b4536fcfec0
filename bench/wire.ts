import { NodeProcesses } from '../src/adapters/exec/node-processes.js';
import type { Processes } from '../src/ports/processes.js';

/** The real processes. */
export function makeProcesses(): Processes {
  return new NodeProcesses();
}
