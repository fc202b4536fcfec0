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
    this.lines ??= this.list().length;
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    appendFileSync(this.path, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
    this.lines += 1;
    if (this.lines >= 2 * this.maximumEntries) {
      const kept = this.list();
      writeDurably(this.path, kept.map((one) => `${JSON.stringify(one)}\n`).join(''));
      this.lines = kept.length;
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
}
