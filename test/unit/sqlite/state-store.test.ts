import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../../src/adapters/sqlite/native-database.js';
import { openStateStore, type SqliteStateStore } from '../../../src/adapters/sqlite/state-store.js';

let folder: string;
let path: string;
let opened: SqliteStateStore[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sotad-sqlite-'));
  path = join(folder, 'state-1.db');
  opened = [];
});

afterEach(() => {
  for (const store of opened) store.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(limits?: { installation: number; event: number; deviceData: number }): SqliteStateStore {
  const store = openStateStore(limits === undefined ? { path } : { path, queueLimits: limits });
  opened.push(store);
  return store;
}

const entry = (event: string) => ({
  time: '2026-01-01T00:00:00Z',
  event,
  correlationId: null,
  target: 'a target',
  code: null,
  text: 'text',
});

test('a fresh store is empty and its file is private', () => {
  const store = open();
  expect(store.journal.load()).toBeNull();
  expect(store.reports.list('event', 10)).toEqual([]);
  expect(store.history.list(10)).toEqual([]);
  expect(store.values.get('name')).toBeNull();
  expect(store.warnings).toEqual([]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('everything outlives a restart', () => {
  const first = open();
  first.journal.write('one');
  first.journal.write('two "ünicode"');
  first.values.set('hash', 'abc');
  first.reports.add('installation', '{"a":1}');
  first.history.add(entry('polled'));
  first.close();
  const second = open();
  expect(second.journal.load()).toBe('two "ünicode"');
  expect(second.values.get('hash')).toBe('abc');
  expect(second.reports.list('installation', 5)).toEqual([
    { id: 1, kind: 'installation', body: '{"a":1}', refusals: 0 },
  ]);
  expect(second.history.list(5)).toEqual([entry('polled')]);
});

test('a transaction that throws leaves nothing of what it did', () => {
  const store = open();
  store.journal.write('before');
  expect(() =>
    store.transaction(() => {
      store.journal.write('after');
      store.reports.add('event', 'lost');
      store.history.add(entry('lost'));
      throw new Error('stop');
    }),
  ).toThrow('stop');
  expect(store.journal.load()).toBe('before');
  expect(store.reports.list('event', 5)).toEqual([]);
  expect(store.history.list(5)).toEqual([]);
});

test('a transaction returns its value and is not nested', () => {
  const store = open();
  expect(store.transaction(() => 7)).toBe(7);
  expect(() => store.transaction(() => store.transaction(() => 1))).toThrow('not nested');
});

test('reports come oldest first, are removed by id, and refusals are counted', () => {
  const store = open();
  for (const body of ['a', 'b', 'c']) store.reports.add('event', body);
  store.reports.add('deviceData', 'd');
  expect(store.reports.list('event', 2).map((report) => report.body)).toEqual(['a', 'b']);
  expect(store.reports.countRefusal(2)).toBe(1);
  expect(store.reports.countRefusal(2)).toBe(2);
  store.reports.remove([1, 3]);
  expect(store.reports.list('event', 9)).toEqual([{ id: 2, kind: 'event', body: 'b', refusals: 2 }]);
  expect(store.reports.list('deviceData', 9)).toHaveLength(1);
});

test('a full queue drops the oldest of that kind and counts it', () => {
  const store = open({ installation: 2, event: 3, deviceData: 1 });
  store.reports.add('installation', 'kept');
  for (let number = 1; number <= 5; number += 1) store.reports.add('event', String(number));
  expect(store.reports.list('event', 9).map((report) => report.body)).toEqual(['3', '4', '5']);
  expect(store.reports.list('installation', 9)).toHaveLength(1);
  expect(store.reports.dropped()).toBe(2);
});

test('history keeps the newest 1 000, newest first', () => {
  const store = open();
  store.transaction(() => {
    for (let number = 1; number <= 1005; number += 1) store.history.add(entry(`event ${number}`));
  });
  const kept = store.history.list(5_000);
  expect(kept).toHaveLength(1_000);
  expect(kept[0]?.event).toBe('event 1005');
  expect(kept.at(-1)?.event).toBe('event 6');
});

test('a damaged file is moved aside with a warning and a new one begins; three are kept', () => {
  for (let round = 1; round <= 5; round += 1) {
    writeFileSync(path, `no database, round ${round} `.repeat(100));
    const store = open();
    expect(store.warnings.map((warning) => warning.code)).toEqual(['STATE_DAMAGED']);
    store.journal.write('new');
    store.close();
    rmSync(path);
  }
  const aside = readdirSync(folder).filter((name) => name.includes('damaged'));
  expect(aside.sort()).toEqual(['state-1.db.damaged-3', 'state-1.db.damaged-4', 'state-1.db.damaged-5']);
  expect(readFileSync(join(folder, 'state-1.db.damaged-5'), 'utf8')).toContain('round 5');
});

test('an overwritten page is found by the check at the start', () => {
  const store = open();
  for (let number = 0; number < 200; number += 1) store.reports.add('event', 'x'.repeat(500));
  store.close();
  const bytes = readFileSync(path);
  bytes.fill(0xa5, 4096 * 5, 4096 * 9);
  writeFileSync(path, bytes);
  const mended = open();
  expect(mended.warnings[0]?.message).toContain('damaged-1');
  expect(mended.reports.list('event', 5)).toEqual([]);
});

test('a newer additive schema is left as it is', () => {
  const store = open();
  store.journal.write('kept');
  store.close();
  const raw = openDatabase(path, 100);
  raw.exec("UPDATE file SET value = 9 WHERE name = 'schema_version'; ALTER TABLE journal ADD COLUMN note TEXT");
  raw.close();
  const older = open();
  expect(older.journal.load()).toBe('kept');
  older.journal.write('still writable');
  older.close();
  const again = openDatabase(path, 100);
  expect(again.prepare("SELECT value FROM file WHERE name = 'schema_version'").get()).toEqual({ value: 9 });
  again.close();
});

test('a file with a lower epoch keeps history and values, never the pending update or reports', () => {
  const store = open();
  store.journal.write('pending');
  store.reports.add('installation', 'stale');
  store.values.set('name', 'value');
  store.history.add(entry('kept'));
  expect(store.claimEpoch(0)).toEqual({ epoch: 0, isDiscarded: false });
  expect(store.journal.load()).toBe('pending');
  expect(store.claimEpoch(4)).toEqual({ epoch: 5, isDiscarded: true });
  expect(store.journal.load()).toBeNull();
  expect(store.reports.list('installation', 5)).toEqual([]);
  expect(store.values.get('name')).toBe('value');
  expect(store.history.list(5)).toHaveLength(1);
  // A kill before the trust folder has the new epoch: nothing more is lost.
  store.journal.write('new');
  expect(store.claimEpoch(4)).toEqual({ epoch: 5, isDiscarded: false });
  expect(store.journal.load()).toBe('new');
});

test('reading and keeping an equal value writes nothing', () => {
  const store = open();
  store.values.set('name', 'value');
  const before = statSync(`${path}-wal`).size;
  store.values.set('name', 'value');
  store.journal.load();
  store.history.list(10);
  store.reports.list('event', 10);
  expect(statSync(`${path}-wal`).size).toBe(before);
});
