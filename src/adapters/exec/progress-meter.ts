import { familyOf, readProcessTable, writtenBytes } from './process-table.js';

export interface ProgressSample {
  /** Sum of `wchar` over the child and its descendants; never smaller than at the sample before. */
  readonly bytes: number;
  /** Did any of them write since the sample before? True as well where the kernel does not count: no judgement. */
  readonly moved: boolean;
}

/**
 * Measures whether a child makes progress by the bytes that it and its descendants write (design rule 4):
 * `ostree pull` says nothing while a large object comes in, but each received block is written.
 */
export class ProgressMeter {
  readonly #pid: number;
  readonly #procFolder: string;
  #counters = new Map<number, number>();
  #bytes = 0;

  constructor(pid: number, procFolder: string) {
    this.#pid = pid;
    this.#procFolder = procFolder;
  }

  sample(): ProgressSample {
    const counters = new Map<number, number>();
    let moved = false;
    let sum = 0;
    for (const { pid } of familyOf(this.#pid, readProcessTable(this.#procFolder))) {
      const bytes = writtenBytes(this.#procFolder, pid);
      if (bytes === null) continue;
      counters.set(pid, bytes);
      sum += bytes;
      if (bytes > (this.#counters.get(pid) ?? 0)) moved = true;
    }
    this.#counters = counters;
    this.#bytes = Math.max(this.#bytes, sum);
    return { bytes: this.#bytes, moved: moved || counters.size === 0 };
  }
}
