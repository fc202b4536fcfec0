import type { Readable } from 'node:stream';
import { BoundedOutput } from './bounded-output.js';
import { LineSplitter } from './line-splitter.js';

const lineLimitBytes = 4 * 1024;
const drainMilliseconds = 2_000;

/** Reads one stream of a child: its newest bytes are kept, its lines are told as they come. */
export class StreamReader {
  readonly #stream: Readable;
  readonly #closed: Promise<string>;

  constructor(stream: Readable, limitBytes: number, tell: (line: string) => void) {
    this.#stream = stream;
    const kept = new BoundedOutput(limitBytes);
    const lines = new LineSplitter(lineLimitBytes, tell);
    stream.on('data', (chunk: Buffer) => {
      kept.add(chunk);
      lines.add(chunk);
    });
    // A read error ends the stream like its end does: the exit code tells what came of the program.
    stream.once('error', () => undefined);
    this.#closed = new Promise((resolve) => {
      stream.once('close', () => {
        lines.end();
        resolve(kept.text());
      });
    });
  }

  /**
   * What was kept, once the stream is closed. To be called when the child is gone: a daemon that it started in another
   * session may hold the stream open for ever, and is waited for only two seconds.
   */
  async text(): Promise<string> {
    const timer = setTimeout(() => this.#stream.destroy(), drainMilliseconds);
    try {
      return await this.#closed;
    } finally {
      clearTimeout(timer);
    }
  }
}
