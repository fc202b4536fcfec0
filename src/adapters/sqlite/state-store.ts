import { SotaError, isSotaError } from '../../domain/errors/sota-error.js';
import type { History, Journal, KeptValues, QueuedReport, StateStore } from '../../ports/journal.js';
import { moveAside } from './damaged-file.js';
import { SqliteHistory } from './history.js';
import { openDatabase, type SqliteDatabase } from './native-database.js';
import { SqliteReportQueue, queueLimits } from './report-queue.js';
import { prepareSchema, readNumber, writeNumber } from './schema.js';
import { onDatabase } from './sqlite-error.js';

export interface StateStoreOptions {
  /** `<storage.path>/state-1.db`; its folder exists. */
  readonly path: string;
  /** For tests; the product takes the default. */
  readonly queueLimits?: Readonly<Record<QueuedReport['kind'], number>>;
}

/** What `claimEpoch` did. */
export interface ClaimedEpoch {
  /** Of this file from now on: the trust folder must keep it too. */
  readonly epoch: number;
  /** The file was older than what the trust folder knows: its pending update and its reports are gone. */
  readonly isDiscarded: boolean;
}

/**
 * State in `state-1.db`: WAL, full sync (a commit is durable when it returns), the file held exclusively.
 * Reading writes nothing, so an idle poll doesn't touch the flash.
 */
export class SqliteStateStore implements StateStore {
  readonly journal: Journal;
  readonly reports: SqliteReportQueue;
  readonly history: History;
  readonly values: KeptValues;

  constructor(
    private readonly database: SqliteDatabase,
    private readonly path: string,
    limits: Readonly<Record<QueuedReport['kind'], number>>,
    /** What had to be mended when the file was opened: for log and status. */
    readonly warnings: readonly SotaError[],
  ) {
    this.journal = { load: () => this.loadJournal(), write: (record) => this.writeJournal(record) };
    this.reports = new SqliteReportQueue(database, path, limits);
    this.history = new SqliteHistory(database, path);
    this.values = { get: (name) => this.getValue(name), set: (name, value) => this.setValue(name, value) };
  }

  transaction<Value>(change: () => Value): Value {
    if (this.database.inTransaction) throw new Error('transactions are not nested');
    return onDatabase(this.path, () => this.database.transaction(change)());
  }

  close(): void {
    this.database.close();
  }

  /** The epoch of this file (design rule 15). */
  epoch(): number {
    return onDatabase(this.path, () => readNumber(this.database, 'epoch'));
  }

  /**
   * Compares the file with the epoch that the trust folder keeps (design rule 15). An older file is one that another
   * version has left behind: settings and history stay, the pending update and the reports go, and the file takes
   * the next epoch, so that the other version's file is the older one from then on. To be called before the journal
   * is loaded; afterwards the trust folder keeps the returned epoch. Repeatable after a kill at any point.
   */
  claimEpoch(trustedEpoch: number): ClaimedEpoch {
    const own = this.epoch();
    if (own >= trustedEpoch) return { epoch: own, isDiscarded: false };
    const epoch = trustedEpoch + 1;
    this.transaction(() => {
      this.database.exec('DELETE FROM journal; DELETE FROM report;');
      writeNumber(this.database, 'epoch', epoch);
    });
    return { epoch, isDiscarded: true };
  }

  private loadJournal(): string | null {
    const row = onDatabase(this.path, () => this.database.prepare('SELECT record FROM journal WHERE id = 1').get()) as
      { record: string } | undefined;
    return row?.record ?? null;
  }

  private writeJournal(record: string): void {
    onDatabase(this.path, () =>
      this.database
        .prepare(
          'INSERT INTO journal (id, record) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET record = excluded.record',
        )
        .run(record),
    );
  }

  private getValue(name: string): string | null {
    const row = onDatabase(this.path, () =>
      this.database.prepare('SELECT value FROM kept_value WHERE name = ?').get(name),
    ) as { value: string } | undefined;
    return row?.value ?? null;
  }

  private setValue(name: string, value: string): void {
    onDatabase(this.path, () =>
      this.database
        .prepare(
          'INSERT INTO kept_value (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE value <> excluded.value',
        )
        .run(name, value),
    );
  }
}

function openAndCheck(path: string): SqliteDatabase {
  return onDatabase(path, () => {
    const database = openDatabase(path, 1_000);
    try {
      database.pragma('locking_mode = EXCLUSIVE');
      database.pragma('journal_mode = WAL');
      database.pragma('synchronous = FULL');
      // The log is small: it is copied back and cut early.
      database.pragma('journal_size_limit = 1048576');
      const verdict = database.pragma('quick_check(1)', { simple: true });
      if (verdict !== 'ok') {
        throw new SotaError('STATE_DAMAGED', { message: `${path}: SQLite's quick check says: ${String(verdict)}` });
      }
      prepareSchema(database);
      // Takes the lock now and not at the first write.
      database.exec('BEGIN IMMEDIATE; COMMIT');
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

/**
 * Opens the state database. A damaged file is moved aside as `state-1.db.damaged-N` and a new one is begun; the store
 * then carries a STATE_DAMAGED warning.
 * @throws SotaError STATE_LOCKED (another process has it open), DISK_FULL, FILE_UNREADABLE.
 */
export function openStateStore(options: StateStoreOptions): SqliteStateStore {
  const limits = options.queueLimits ?? queueLimits;
  try {
    return new SqliteStateStore(openAndCheck(options.path), options.path, limits, []);
  } catch (error) {
    if (!isSotaError(error) || error.code !== 'STATE_DAMAGED') throw error;
    const aside = onDatabase(options.path, () => moveAside(options.path));
    const warning = new SotaError('STATE_DAMAGED', {
      message: `${options.path} is damaged; it was moved to ${aside} and a new one begun`,
      cause: error,
    });
    return new SqliteStateStore(openAndCheck(options.path), options.path, limits, [warning]);
  }
}
