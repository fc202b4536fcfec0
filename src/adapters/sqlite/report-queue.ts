import type { QueuedReport, ReportQueue } from '../../ports/journal.js';
import type { SqliteDatabase } from './native-database.js';
import { readNumber, writeNumber } from './schema.js';
import { onDatabase } from './sqlite-error.js';

/**
 * How many reports of a kind wait at most: a device that is offline for years must not fill its disk.
 * Over it the oldest goes and is counted.
 */
export const queueLimits: Readonly<Record<QueuedReport['kind'], number>> = {
  installation: 1_000,
  event: 5_000,
  deviceData: 100,
};

const droppedName = 'dropped_reports';

/** The report queue in the state database. */
export class SqliteReportQueue implements ReportQueue {
  constructor(
    private readonly database: SqliteDatabase,
    private readonly file: string,
    private readonly limits: Readonly<Record<QueuedReport['kind'], number>>,
  ) {}

  add(kind: QueuedReport['kind'], body: string): void {
    onDatabase(this.file, () => {
      const change = (): void => {
        this.database.prepare('INSERT INTO report (kind, body) VALUES (?, ?)').run(kind, body);
        const overflow = this.database
          .prepare(
            'DELETE FROM report WHERE kind = ? AND id <= (SELECT id FROM report WHERE kind = ? ORDER BY id DESC LIMIT 1 OFFSET ?)',
          )
          .run(kind, kind, this.limits[kind]);
        if (overflow.changes > 0) writeNumber(this.database, droppedName, this.dropped() + overflow.changes);
      };
      if (this.database.inTransaction) change();
      else this.database.transaction(change)();
    });
  }

  list(kind: QueuedReport['kind'], maximum: number): readonly QueuedReport[] {
    return onDatabase(
      this.file,
      () =>
        this.database
          .prepare('SELECT id, kind, body, refusals FROM report WHERE kind = ? ORDER BY id LIMIT ?')
          .all(kind, maximum) as QueuedReport[],
    );
  }

  remove(ids: readonly number[]): void {
    if (ids.length === 0) return;
    onDatabase(this.file, () => {
      this.database.prepare('DELETE FROM report WHERE id IN (SELECT value FROM json_each(?))').run(JSON.stringify(ids));
    });
  }

  count(kind: QueuedReport['kind']): number {
    return onDatabase(this.file, () => {
      const row = this.database.prepare('SELECT count(*) AS reports FROM report WHERE kind = ?').get(kind);
      return (row as { reports: number }).reports;
    });
  }

  countRefusal(id: number): number {
    return onDatabase(this.file, () => {
      const row = this.database
        .prepare('UPDATE report SET refusals = refusals + 1 WHERE id = ? RETURNING refusals')
        .get(id) as { refusals: number } | undefined;
      if (row === undefined) throw new Error(`report ${id} is not in the queue`);
      return row.refusals;
    });
  }

  /** How many were dropped because the queue was full, since the file began. */
  dropped(): number {
    return readNumber(this.database, droppedName);
  }
}
