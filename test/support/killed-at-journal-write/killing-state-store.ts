import { appendFileSync, readFileSync } from 'node:fs';
import type { History, Journal, KeptValues, ReportQueue, StateStore } from '../../../src/ports/journal.js';

export interface KillPoint {
  /** Counts the writes over all starts of the program: one line a write. */
  readonly countFile: string;
  /** Which write, from 1; 0: none. */
  readonly at: number;
  readonly when: 'before' | 'after';
}

/** Dies at once, as by `kill -9` from outside: nothing is flushed, no handler runs. */
function die(): never {
  process.kill(process.pid, 'SIGKILL');
  throw new Error('SIGKILL did not end this process');
}

function linesOf(path: string): number {
  try {
    return readFileSync(path, 'utf8').split('\n').length - 1;
  } catch (error) {
    // Under jest a file-system error is no `instanceof Error`; here the program is always a bundle.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0;
    throw error;
  }
}

/**
 * The real state store; the process dies right before or right after one of its writes. A write is what becomes durable
 * together: a transaction, or a single change outside of one. One that changes nothing (a value that is there
 * already) is no write.
 */
export class KillingStateStore implements StateStore {
  readonly journal: Journal;
  readonly reports: ReportQueue;
  readonly history: History;
  readonly values: KeptValues;
  /** What the transaction under way changed so far. */
  private inside: string[] | null = null;

  constructor(
    private readonly inner: StateStore,
    private readonly point: KillPoint,
  ) {
    const { journal, reports, history, values } = inner;
    this.journal = {
      load: () => journal.load(),
      write: (record) => this.write(`journal ${stateOf(record)}`, () => journal.write(record)),
    };
    this.reports = {
      add: (kind, body) => this.write(`add ${kind}`, () => reports.add(kind, body)),
      list: (kind, maximum) => reports.list(kind, maximum),
      remove: (ids) => this.write('remove reports', () => reports.remove(ids)),
      count: (kind) => reports.count(kind),
      countRefusal: (id) => this.write('refusal', () => reports.countRefusal(id)),
    };
    this.history = {
      add: (entry) => this.write(`history ${entry.event}`, () => history.add(entry)),
      list: (maximum) => history.list(maximum),
    };
    this.values = {
      get: (name) => values.get(name),
      set: (name, value) => {
        if (values.get(name) === value) values.set(name, value);
        else this.write(`value ${name}`, () => values.set(name, value));
      },
    };
  }

  /**
   * What is in a transaction is only known when it ran: it runs, and dies before its end or after it. Before its end
   * nothing of it is durable yet.
   */
  transaction<Value>(change: () => Value): Value {
    const names: string[] = [];
    this.inside = names;
    try {
      const done = this.inner.transaction(() => {
        const value = change();
        const isLast = this.isPoint(names.join(', '));
        if (isLast && this.point.when === 'before') die();
        return { value, isLast };
      });
      if (done.isLast) die();
      return done.value;
    } finally {
      this.inside = null;
    }
  }

  close(): void {
    this.inner.close();
  }

  private write<Value>(name: string, change: () => Value): Value {
    if (this.inside !== null) {
      this.inside.push(name);
      return change();
    }
    const isLast = this.isPoint(name);
    if (isLast && this.point.when === 'before') die();
    const value = change();
    if (isLast) die();
    return value;
  }

  private isPoint(name: string): boolean {
    const { countFile, at } = this.point;
    if (name === '') return false;
    appendFileSync(countFile, `${name}\n`);
    return linesOf(countFile) === at;
  }
}

function stateOf(record: string): string {
  return (JSON.parse(record) as { state: string }).state;
}
