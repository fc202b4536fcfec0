import type { PullProgress } from '../../ports/operating-system-tree.js';

const started = /^OT: starting fetch of ([0-9a-f]{64}\.(?:file|filez|dirtree|dirmeta|commit))$/;
const fetched = /^OT: fetch of ([0-9a-f]{64}\.(?:file|filez|dirtree|dirmeta|commit)) complete$/;

/**
 * Counts the objects of a pull from ostree's debug lines. Only for the eye: texts may change with any version of
 * ostree; that a pull goes on is told by its bytes.
 */
export class PullProgressCounter {
  #requested = 0;
  #fetched = 0;
  #bytes = 0;
  readonly #inFlight = new Set<string>();
  readonly #report: (progress: PullProgress) => void;

  constructor(report: (progress: PullProgress) => void) {
    this.#report = report;
  }

  readLine(line: string): void {
    const begun = started.exec(line)?.[1];
    if (begun !== undefined) {
      this.#requested += 1;
      this.#inFlight.add(begun);
      return;
    }
    const done = fetched.exec(line)?.[1];
    if (done === undefined) return;
    this.#fetched += 1;
    this.#inFlight.delete(done);
  }

  /** Bytes that the process has written so far; called about once a second, and then reports. */
  countBytes(bytes: number): void {
    this.#bytes = bytes;
    this.report();
  }

  report(): void {
    this.#report({ objectsFetched: this.#fetched, objectsRequested: this.#requested, bytes: this.#bytes });
  }

  /** Some of the objects that were asked for and didn't come. */
  inFlight(): readonly string[] {
    return [...this.#inFlight].slice(0, 3);
  }
}
