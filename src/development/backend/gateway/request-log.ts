// For development only: never part of what runs on a device.
/** One request of a device, as it was answered. */
export interface LoggedRequest {
  readonly number: number;
  readonly time: string;
  readonly method: string;
  readonly path: string;
  readonly status: number | null;
  readonly device: string | null;
  readonly fault: string | null;
}

/** The newest requests, for tests and people. */
export class RequestLog {
  private readonly entries: LoggedRequest[] = [];
  private number = 0;

  constructor(private readonly maximum = 5_000) {}

  add(entry: Omit<LoggedRequest, 'number'>): void {
    this.number += 1;
    this.entries.push({ number: this.number, ...entry });
    if (this.entries.length > 2 * this.maximum) {
      this.entries.splice(0, this.entries.length - this.maximum);
    }
  }

  /** Oldest first, those after a number. */
  list(after = 0): readonly LoggedRequest[] {
    return this.entries.filter((entry) => entry.number > after).slice(-this.maximum);
  }
}
