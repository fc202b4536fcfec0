import type { SqliteDatabase } from './native-database.js';

/**
 * Version of the tables within `state-1.db`. Additive for ever: a table or a column may come, none may change or go,
 * since a rollback starts an older program on the same file. What can't be additive gets another file name
 * (design rule 15).
 */
export const schemaVersion = 1;

const tables = `
  CREATE TABLE IF NOT EXISTS file (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS journal (id INTEGER PRIMARY KEY CHECK (id = 1), record TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS report (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    refusals INTEGER NOT NULL DEFAULT 0
  );
  CREATE INDEX IF NOT EXISTS report_by_kind ON report (kind, id);
  CREATE TABLE IF NOT EXISTS history (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time TEXT NOT NULL,
    event TEXT NOT NULL,
    correlation_id TEXT,
    target TEXT,
    code TEXT,
    text TEXT NOT NULL
  );
  CREATE TABLE IF NOT EXISTS kept_value (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
`;

/** Makes what is missing; a file that already has it all is not written. */
export function prepareSchema(database: SqliteDatabase): void {
  const hasTables = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'file'").get() !== undefined;
  const found = hasTables ? readNumber(database, 'schema_version') : 0;
  if (found >= schemaVersion) return;
  database.transaction(() => {
    database.exec(tables);
    writeNumber(database, 'schema_version', schemaVersion);
  })();
}

/** A number that the file keeps about itself; 0 when it has none. */
export function readNumber(database: SqliteDatabase, name: string): number {
  const row = database.prepare('SELECT value FROM file WHERE name = ?').get(name) as { value: number } | undefined;
  return row?.value ?? 0;
}

export function writeNumber(database: SqliteDatabase, name: string, value: number): void {
  database
    .prepare('INSERT INTO file (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value')
    .run(name, value);
}
