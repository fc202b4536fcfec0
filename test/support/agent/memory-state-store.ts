import type { HistoryEntry, QueuedReport, StateStore } from '../../../src/ports/journal.js';

interface Content {
  journal: string | null;
  reports: QueuedReport[];
  history: HistoryEntry[];
  values: Map<string, string>;
}

/** A fake: the state in memory, with transactions, and writes that fail on demand. */
export class MemoryStateStore implements StateStore {
  private content: Content = { journal: null, reports: [], history: [], values: new Map() };
  private lastId = 0;
  private isInTransaction = false;
  /** Thrown by the next transactions while it is set. */
  failure: Error | null = null;
  /** Every record that was written and stayed, oldest first. */
  readonly written: string[] = [];

  readonly journal = {
    load: (): string | null => this.content.journal,
    write: (record: string): void => {
      this.content.journal = record;
    },
  };

  readonly reports = {
    add: (kind: QueuedReport['kind'], body: string): void => {
      this.lastId += 1;
      this.content.reports.push({ id: this.lastId, kind, body, refusals: 0 });
    },
    list: (kind: QueuedReport['kind'], maximum: number): readonly QueuedReport[] =>
      this.content.reports.filter((report) => report.kind === kind).slice(0, maximum),
    remove: (ids: readonly number[]): void => {
      this.content.reports = this.content.reports.filter(({ id }) => !ids.includes(id));
    },
    count: (kind: QueuedReport['kind']): number => this.reports.list(kind, Infinity).length,
    countRefusal: (id: number): number => {
      const found = this.content.reports.find((report) => report.id === id);
      if (found === undefined) throw new Error(`no report ${id}`);
      const counted = { ...found, refusals: found.refusals + 1 };
      this.content.reports = this.content.reports.map((report) => (report.id === id ? counted : report));
      return counted.refusals;
    },
  };

  readonly history = {
    add: (entry: HistoryEntry): void => {
      this.content.history.unshift(entry);
    },
    list: (maximum: number): readonly HistoryEntry[] => this.content.history.slice(0, maximum),
  };

  readonly values = {
    get: (name: string): string | null => this.content.values.get(name) ?? null,
    set: (name: string, value: string): void => {
      this.content.values.set(name, value);
    },
  };

  transaction<Value>(change: () => Value): Value {
    if (this.isInTransaction) throw new Error('transactions are not nested');
    if (this.failure !== null) throw this.failure;
    const { journal, reports, history, values } = this.content;
    const before = { journal, reports: [...reports], history: [...history], values: new Map(values) };
    this.isInTransaction = true;
    try {
      const value = change();
      if (this.content.journal !== null && this.content.journal !== journal) this.written.push(this.content.journal);
      return value;
    } catch (error) {
      this.content = before;
      throw error;
    } finally {
      this.isInTransaction = false;
    }
  }

  close(): void {
    this.content.values.set('closed', 'yes');
  }
}
