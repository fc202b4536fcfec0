// For development only: never part of what runs on a device.
import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { readIfPresent, writeDurably } from './durable-files.js';

/** A file of JSON lines that keeps the newest entries. */
export class AppendLog<Entry> {
  private lines: number | null = null;

  constructor(
    private readonly path: string,
    private readonly maximumEntries: number,
  ) {}

  append(entry: Entry): void {
    this.lines ??= this.openForAppending();
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    appendFileSync(this.path, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
    this.lines += 1;
    if (this.lines >= 2 * this.maximumEntries) {
      this.lines = this.rewrite();
    }
  }

  /** Oldest first. A line that a kill cut off is left out. */
  list(): Entry[] {
    const text = readIfPresent(this.path)?.toString('utf8') ?? '';
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    return whole
      .split('\n')
      .filter((line) => line !== '')
      .slice(-this.maximumEntries)
      .map((line) => JSON.parse(line) as Entry);
  }

  /** What would be appended to a half line would be lost with it. */
  private openForAppending(): number {
    const bytes = readIfPresent(this.path);
    return bytes === null || bytes.length === 0 || bytes.at(-1) === 0x0a ? this.list().length : this.rewrite();
  }

  private rewrite(): number {
    const kept = this.list();
    writeDurably(this.path, kept.map((one) => `${JSON.stringify(one)}\n`).join(''));
    return kept.length;
  }
}
