import type { ProcessOutcome, ProcessRequest } from '../../ports/processes.js';
import { endFamily, endLeftovers } from './end-family.js';
import { watchLimits } from './limits.js';
import type { StartedChild } from './start-child.js';
import { StreamReader } from './stream-reader.js';

const defaultOutputLimitBytes = 1024 * 1024;

/** One child from its start to its outcome. */
export class RunningProcess {
  readonly #child: StartedChild;
  readonly #procFolder: string;
  readonly #output: StreamReader;
  readonly #errors: StreamReader;
  readonly #exit: Promise<{ readonly exitCode: number | null; readonly signal: string | null }>;
  readonly #stopWatching: () => void;
  #endedBy: ProcessOutcome['endedBy'] = 'itself';
  #ending: Promise<void> | null = null;
  #callbackFailure: { readonly error: unknown } | null = null;

  constructor(child: StartedChild, request: ProcessRequest, procFolder: string) {
    this.#child = child;
    this.#procFolder = procFolder;
    const { onLine, onWrittenBytes } = request;
    const limit = request.outputLimitBytes ?? defaultOutputLimitBytes;
    this.#output = new StreamReader(child.stdout, limit, (line) => this.#shielded(() => onLine?.('output', line)));
    this.#errors = new StreamReader(child.stderr, limit, (line) => this.#shielded(() => onLine?.('error', line)));
    this.#exit = new Promise((resolve) => {
      child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
    });
    this.#stopWatching = watchLimits(child.pid, request, procFolder, {
      exceeded: (limitHit) => {
        this.#endedBy = limitHit;
        this.#end();
      },
      written: onWrittenBytes && ((bytes) => this.#shielded(() => onWrittenBytes(bytes))),
    });
    this.#giveInput(request.input);
  }

  /** Settles when nothing of the child is left. Throws only what a callback of the request threw. */
  async outcome(): Promise<ProcessOutcome> {
    const { exitCode, signal } = await this.#exit;
    this.#stopWatching();
    await (this.#ending ?? endLeftovers(this.#child.pid, this.#procFolder));
    const [standardOutput, standardError] = await Promise.all([this.#output.text(), this.#errors.text()]);
    if (this.#callbackFailure !== null) throw this.#callbackFailure.error;
    return { exitCode, signal, endedBy: this.#endedBy, standardOutput, standardError };
  }

  /** Begins to end the whole family, once. */
  #end(): void {
    this.#ending ??= endFamily(this.#child.pid, this.#procFolder);
  }

  /** What a callback of the caller throws must reach the caller, not the event loop. */
  #shielded(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#callbackFailure ??= { error };
      this.#end();
    }
  }

  #giveInput(input: string | undefined): void {
    const { stdin } = this.#child;
    if (input === undefined || stdin === null) return;
    // A program that ends without reading its input is no failure by itself (EPIPE).
    stdin.once('error', () => undefined);
    stdin.end(input);
  }
}
