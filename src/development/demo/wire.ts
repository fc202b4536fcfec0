// For development only: never part of what runs on a device.
import { NodeProcesses } from '../../adapters/exec/node-processes.js';
import type { Processes } from '../../ports/processes.js';

/** The real processes. */
export function makeProcesses(): Processes {
  return new NodeProcesses();
}
