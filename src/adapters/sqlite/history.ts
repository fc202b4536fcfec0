import type { History, HistoryEntry } from '../../ports/journal.js';
import type { SqliteDatabase } from './native-database.js';
import { onDatabase } from './sqlite-error.js';

/** Entries kept; the port promises this number. */
export const historyLimit = 1_000;

/** The history in the state database. */
export class SqliteHistory implements History {
  constructor(
    private readonly database: SqliteDatabase,
    private readonly file: string,
  ) {}

  add(entry: HistoryEntry): void {
    onDatabase(this.file, () => {
      const change = (): void => {
        const { lastInsertRowid } = this.database
          .prepare(
            'INSERT INTO history (time, event, correlation_id, target, code, text) VALUES (@time, @event, @correlationId, @target, @code, @text)',
          )
          .run(entry);
        // Ids only grow by one (AUTOINCREMENT), so this is the number of entries as well.
        this.database.prepare('DELETE FROM history WHERE id <= ?').run(Number(lastInsertRowid) - historyLimit);
      };
      if (this.database.inTransaction) change();
      else this.database.transaction(change)();
    });
  }

  list(maximum: number): readonly HistoryEntry[] {
    return onDatabase(
      this.file,
      () =>
        this.database
          .prepare(
            'SELECT time, event, correlation_id AS correlationId, target, code, text FROM history ORDER BY id DESC LIMIT ?',
          )
          .all(maximum) as HistoryEntry[],
    );
  }
}
