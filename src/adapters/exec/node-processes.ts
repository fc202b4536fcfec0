import type { ProcessOutcome, Processes, ProcessRequest } from '../../ports/processes.js';
import { RunningProcess } from './running-process.js';
import { startChild } from './start-child.js';

export interface NodeProcessesOptions {
  /** Where the proc file system is mounted. Default `/proc`. */
  readonly procFolder?: string;
}

/**
 * The one gateway to child processes (design rule 8). Invariants: no shell; nothing of our environment; when `run`
 * settles, the child and all that it left in its group are gone, and no timer or listener of ours stays.
 */
export class NodeProcesses implements Processes {
  readonly #procFolder: string;

  constructor(options: NodeProcessesOptions = {}) {
    this.#procFolder = options.procFolder ?? '/proc';
  }

  async run(request: ProcessRequest): Promise<ProcessOutcome> {
    if (request.signal?.aborted === true) return neverStarted;
    const child = await startChild(request);
    return new RunningProcess(child, request, this.#procFolder).outcome();
  }
}

const neverStarted: ProcessOutcome = {
  exitCode: null,
  signal: null,
  endedBy: 'abort',
  standardOutput: '',
  standardError: '',
};
