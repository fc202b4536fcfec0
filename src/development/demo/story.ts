// For development only: never part of what runs on a device.

/** Tells what happens, line by line with times, on standard error: standard output is for machines. */
export class Story {
  private readonly begin = process.hrtime.bigint();

  constructor(private readonly isTold: boolean) {}

  tell(text: string): void {
    if (!this.isTold) return;
    const seconds = Number((process.hrtime.bigint() - this.begin) / 1_000_000n) / 1000;
    process.stderr.write(`${seconds.toFixed(1).padStart(6)} s  ${text}\n`);
  }

  /** A text of somebody else's, such as a status, indented. */
  quote(text: string): void {
    if (!this.isTold) return;
    process.stderr.write(`${text.trimEnd().replace(/^/gm, '            | ')}\n`);
  }
}
