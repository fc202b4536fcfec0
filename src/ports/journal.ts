/** The journal of the one update at work: its newest record, durable before its effect runs (design rule 2). */
export interface Journal {
  /** @returns the newest record as it was written, or null. @throws SotaError STATE_DAMAGED. */
  load(): string | null;
  /** Durable when it returns. @throws SotaError DISK_FULL, STATE_DAMAGED. */
  write(record: string): void;
}

/** A report that must reach the server: data, signed only when it is sent. */
export interface QueuedReport {
  readonly id: number;
  readonly kind: 'installation' | 'event' | 'deviceData';
  /** JSON. */
  readonly body: string;
  readonly refusals: number;
}

export interface ReportQueue {
  add(kind: QueuedReport['kind'], body: string): void;
  /** Oldest first. */
  list(kind: QueuedReport['kind'], maximum: number): readonly QueuedReport[];
  remove(ids: readonly number[]): void;
  count(kind: QueuedReport['kind']): number;
  /** Counts a refusal and returns the new count. */
  countRefusal(id: number): number;
}

/** What happened, for people and `sotactl history`. */
export interface HistoryEntry {
  /** ISO 8601, UTC, by the system clock of that moment. */
  readonly time: string;
  readonly event: string;
  readonly correlationId: string | null;
  readonly target: string | null;
  readonly code: string | null;
  readonly text: string;
}

export interface History {
  /** Kept: the newest 1 000. */
  add(entry: HistoryEntry): void;
  /** Newest first. */
  list(maximum: number): readonly HistoryEntry[];
}

/** Small values that outlive restarts (hashes of sent device data, installed versions). */
export interface KeptValues {
  get(name: string): string | null;
  set(name: string, value: string): void;
}

/** Everything that one transaction may change together. */
export interface StateStore {
  readonly journal: Journal;
  readonly reports: ReportQueue;
  readonly history: History;
  readonly values: KeptValues;
  /** All or nothing, durable when it returns; not nested. */
  transaction<Value>(change: () => Value): Value;
  close(): void;
}
