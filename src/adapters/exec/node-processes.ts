import type { ProcessOutcome, Processes, ProcessRequest } from '../../ports/processes.js';
import { RunningProcess } from './running-process.js';
import { startChild } from './start-child.js';

export interface NodeProcessesOptions {
  /** Where the proc file system is mounted. Default `/proc`. */
  readonly procFolder?: string;
  /** Written into the environment of every child, so that `endOrphans` finds them when this process was killed. */
  readonly owner?: string;
}

/**
 * The one gateway to child processes (design rule 8). Invariants: no shell; nothing of our environment; when `run`
 * settles, the child and all that it left in its group are gone, and no timer or listener of ours stays.
 */
export class NodeProcesses implements Processes {
  readonly #procFolder: string;
  readonly #owner: string | null;

  constructor(options: NodeProcessesOptions = {}) {
    this.#procFolder = options.procFolder ?? '/proc';
    this.#owner = options.owner ?? null;
  }

  async run(request: ProcessRequest): Promise<ProcessOutcome> {
    if (request.signal?.aborted === true) return neverStarted;
    const child = await startChild(request, this.#owner);
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
