import type { RecentLog } from '../../ports/logger.js';

interface KeptLine {
  readonly correlationId: string | null;
  readonly text: string;
  readonly bytes: number;
}

/** The newest lines in memory, bounded in bytes. */
export class RecentLines implements RecentLog {
  private lines: KeptLine[] = [];
  private bytes = 0;

  constructor(private readonly maximumBytes: number) {}

  add(correlationId: string | null, text: string): void {
    const bytes = Buffer.byteLength(text) + 1;
    this.lines.push({ correlationId, text, bytes });
    this.bytes += bytes;
    let dropped = 0;
    while (this.bytes > this.maximumBytes) {
      this.bytes -= this.lines[dropped]?.bytes ?? this.bytes;
      dropped += 1;
    }
    if (dropped > 0) this.lines = this.lines.slice(dropped);
  }

  tail(correlationId: string | null, maximumBytes: number): string {
    const chosen: string[] = [];
    let bytes = 0;
    for (let index = this.lines.length - 1; index >= 0; index -= 1) {
      const line = this.lines[index];
      if (line === undefined || (correlationId !== null && line.correlationId !== correlationId)) continue;
      if (bytes + line.bytes > maximumBytes) break;
      bytes += line.bytes;
      chosen.push(`${line.text}\n`);
    }
    return chosen.reverse().join('');
  }
}
