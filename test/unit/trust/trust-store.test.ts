import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileTrustStore } from '../../../src/adapters/trust/trust-store.js';
import type { AppendedRoot, KeptFile } from '../../../src/domain/uptane/trusted-metadata.js';
import { KeepingLogger } from '../../support/keeping-logger.js';

let base: string;
let folder: string;
let secondFolder: string;
let logger: KeepingLogger;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'sotad-trust-'));
  folder = join(base, 'trust');
  secondFolder = join(base, 'second');
  logger = new KeepingLogger();
});

afterEach(() => rmSync(base, { recursive: true, force: true }));

const store = (): FileTrustStore => new FileTrustStore({ folder, logger });
const storeWithCopy = (): FileTrustStore => new FileTrustStore({ folder, secondFolder, logger });
const root = (version: number, text = `root ${version}`): AppendedRoot => ({
  repository: 'director',
  version,
  bytes: Buffer.from(text),
});
const targets = (text: string | null): KeptFile => ({
  repository: 'image',
  role: 'targets',
  bytes: text === null ? null : Buffer.from(text),
});
const generations = (place = folder): string[] => readdirSync(place).sort();

/** Every file below a folder with its bytes, to see that nothing was written. */
function snapshotOf(place: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(place, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    found[path] = entry.isFile() ? `${readFileSync(path, 'hex')} ${statSync(path).mtimeMs}` : 'folder';
  }
  return found;
}

test('nothing there is an empty state, and reading makes nothing', async () => {
  const state = await store().load();
  expect(state.director.roots).toEqual([]);
  expect(state.image.targets).toBeNull();
  expect(state.firstUse).toBeNull();
  expect(existsSync(folder)).toBe(false);
});

test('what was committed is read back byte for byte by another store', async () => {
  const bytes = Buffer.from([0, 255, 13, 10, 34]);
  const hold = { targetName: 't', sha256: 'ab', correlationId: null, reason: 'rolled back' };
  await store().commit({
    appendRoots: [root(1), root(2), { repository: 'image', version: 7, bytes }],
    files: [targets('{"a":1}'), { repository: 'director', role: 'targets', bytes }],
    timeFloorMilliseconds: 1_700_000_000_000,
    holds: [hold],
    lastConfirmedCommit: 'c1',
    firstUse: { source: 'image', time: '2026-01-01T00:00:00Z' },
  });
  const state = await store().load();
  expect(state.director.roots.map(({ version, bytes: text }) => [version, Buffer.from(text).toString()])).toEqual([
    [1, 'root 1'],
    [2, 'root 2'],
  ]);
  expect(state.image.roots).toEqual([{ version: 7, bytes }]);
  expect(state.director.targets).toEqual(bytes);
  expect(state.image.targets).toEqual(Buffer.from('{"a":1}'));
  expect(state.image.snapshot).toBeNull();
  expect(state.holds).toEqual([hold]);
  expect(state.timeFloorMilliseconds).toBe(1_700_000_000_000);
  expect(state.lastConfirmedCommit).toBe('c1');
  expect(state.firstUse?.source).toBe('image');
});

test('folders are 0700 and files 0600', async () => {
  await store().commit({ appendRoots: [root(1)] });
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const mode = statSync(join(entry.parentPath, entry.name)).mode & 0o777;
    expect(mode).toBe(entry.isFile() ? 0o600 : 0o700);
  }
  expect(statSync(folder).mode & 0o777).toBe(0o700);
});

test('absent members stay, null forgets a file', async () => {
  const one = store();
  await one.commit({ appendRoots: [root(1)], files: [targets('t')], lastConfirmedCommit: 'c' });
  await one.commit({ timeFloorMilliseconds: 5 });
  const kept = await store().load();
  expect(kept.image.targets?.toString()).toBe('t');
  expect(kept.lastConfirmedCommit).toBe('c');
  await one.commit({ files: [targets(null)] });
  expect((await store().load()).image.targets).toBeNull();
});

test('a commit that changes nothing writes nothing', async () => {
  const one = store();
  const change = { appendRoots: [root(1)], files: [targets('t')], timeFloorMilliseconds: 5, holds: [] };
  await one.commit(change);
  const before = snapshotOf(folder);
  await one.commit(change);
  await one.commit({});
  await one.commit({ files: [{ repository: 'image', role: 'snapshot', bytes: null }] });
  await store().commit(change);
  expect(snapshotOf(folder)).toEqual(before);
});

test('a generation and its former one are kept, older ones go', async () => {
  const one = store();
  for (let version = 1; version <= 4; version += 1) await one.commit({ appendRoots: [root(version)] });
  expect(generations()).toEqual(['generation-3', 'generation-4']);
});

test('roots are only added one by one and never replaced', async () => {
  const one = store();
  await one.commit({ appendRoots: [root(1)] });
  const before = snapshotOf(folder);
  for (const wrong of [root(3), root(1, 'other'), root(0)]) {
    await expect(one.commit({ appendRoots: [wrong] })).rejects.toMatchObject({ code: 'METADATA_ROOT_CHAIN' });
  }
  expect(snapshotOf(folder)).toEqual(before);
  expect((await one.load()).director.roots).toHaveLength(1);
});

test.each([
  ['a root is altered', (place: string) => writeFileSync(join(place, 'director/1.root.json'), 'root X')],
  ['a root is cut', (place: string) => writeFileSync(join(place, 'director/1.root.json'), 'ro')],
  ['a file is gone', (place: string) => rmSync(join(place, 'image/targets.json'))],
  ['state.json is altered', (place: string) => alter(join(place, 'state.json'))],
  ['state.json is empty', (place: string) => writeFileSync(join(place, 'state.json'), '')],
  ['the checksum is gone', (place: string) => rmSync(join(place, 'state.sha256'))],
  ['a folder stands for a file', (place: string) => folderFor(join(place, 'state.json'))],
])('the former generation stands in when %s, and the next commit goes above it', async (_case, damage) => {
  const one = store();
  await one.commit({ appendRoots: [root(1)], files: [targets('first')] });
  await one.commit({ files: [targets('second')] });
  damage(join(folder, 'generation-2'));
  const again = store();
  expect((await again.load()).image.targets?.toString()).toBe('first');
  expect(logger.lines.map((line) => line.fields.code)).toContain('STATE_DAMAGED');
  await again.commit({ files: [targets('third')] });
  expect(generations()).toEqual(['generation-1', 'generation-3']);
  expect((await store().load()).image.targets?.toString()).toBe('third');
});

function alter(path: string): void {
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace('"timeFloorMilliseconds": 0', '"timeFloorMilliseconds": 9'));
}

function folderFor(path: string): void {
  rmSync(path);
  mkdirSync(path);
}

test('something, but nothing whole, is damage and never an empty state', async () => {
  const one = store();
  await one.commit({ appendRoots: [root(1)] });
  await one.commit({ lastConfirmedCommit: 'c' });
  for (const name of generations()) writeFileSync(join(folder, name, 'state.json'), '{}');
  await expect(store().load()).rejects.toMatchObject({ code: 'STATE_DAMAGED' });
  await expect(store().commit({ timeFloorMilliseconds: 1 })).rejects.toMatchObject({ code: 'STATE_DAMAGED' });
});

test('the second copy stands in for the newest generation before the former one does, and for the whole folder', async () => {
  const one = storeWithCopy();
  await one.commit({ appendRoots: [root(1)], files: [targets('first')] });
  await one.commit({ files: [targets('second')] });
  writeFileSync(join(folder, 'generation-2', 'image/targets.json'), 'secomd');
  expect((await storeWithCopy().load()).image.targets?.toString()).toBe('second');
  rmSync(folder, { recursive: true });
  const last = storeWithCopy();
  expect((await last.load()).image.targets?.toString()).toBe('second');
  await last.commit({ files: [targets('third')] });
  rmSync(secondFolder, { recursive: true });
  expect((await storeWithCopy().load()).image.targets?.toString()).toBe('third');
});

test('a large file that is damaged in one place is not linked on from there', async () => {
  const large = 'x'.repeat(200_000);
  await storeWithCopy().commit({ files: [targets(large)] });
  writeFileSync(join(folder, 'generation-1', 'image/targets.json'), 'y'.repeat(200_000));
  await storeWithCopy().commit({ timeFloorMilliseconds: 1 });
  rmSync(secondFolder, { recursive: true });
  expect((await store().load()).image.targets?.toString()).toBe(large);
});

test('an unchanged large file is linked, a small one is written again', async () => {
  const one = store();
  await one.commit({ appendRoots: [root(1)], files: [targets('x'.repeat(100_000))] });
  await one.commit({ timeFloorMilliseconds: 1 });
  const inode = (number: number, name: string) => statSync(join(folder, `generation-${number}`, name)).ino;
  expect(inode(1, 'image/targets.json')).toBe(inode(2, 'image/targets.json'));
  expect(inode(1, 'director/1.root.json')).not.toBe(inode(2, 'director/1.root.json'));
});

test('an unwritable second place is said and does not stop the first', async () => {
  writeFileSync(secondFolder, 'a file stands where the folder should be');
  await storeWithCopy().commit({ lastConfirmedCommit: 'c' });
  expect((await store().load()).lastConfirmedCommit).toBe('c');
  expect(logger.lines.some((line) => line.message.includes('second copy'))).toBe(true);
});

test('leftovers of a killed commit are neither read nor kept', async () => {
  await store().commit({ appendRoots: [root(1)] });
  cpSync(join(folder, 'generation-1'), join(folder, '.unfinished-2'), { recursive: true });
  expect((await store().load()).director.roots).toHaveLength(1);
  await store().commit({ appendRoots: [root(2)] });
  expect(generations()).toEqual(['generation-1', 'generation-2']);
});

test('members and files of a newer format are kept', async () => {
  await store().commit({ appendRoots: [root(1)] });
  const place = join(folder, 'generation-1');
  const bytes = 'delegated';
  mkdirSync(join(place, 'image/delegations'), { recursive: true });
  writeFileSync(join(place, 'image/delegations/x.json'), bytes);
  const state = JSON.parse(readFileSync(join(place, 'state.json'), 'utf8')) as { files: Record<string, unknown> };
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  state.files['image/delegations/x.json'] = { sha256: sha256(bytes), length: bytes.length };
  const text = JSON.stringify({ ...state, newThing: { deep: [1] } });
  writeFileSync(join(place, 'state.json'), text);
  writeFileSync(join(place, 'state.sha256'), sha256(text));
  await store().commit({ appendRoots: [root(2)] });
  const next = join(folder, 'generation-2');
  expect(JSON.parse(readFileSync(join(next, 'state.json'), 'utf8'))).toMatchObject({ newThing: { deep: [1] } });
  expect(readFileSync(join(next, 'image/delegations/x.json'), 'utf8')).toBe(bytes);
});

test('a newer way of first use and newer members of a hold are kept, and are no damage', async () => {
  await store().commit({ appendRoots: [root(1)] });
  const place = join(folder, 'generation-1');
  const firstUse = { source: 'takeover', time: '2027-01-01T00:00:00Z', from: 'sql.db' };
  const hold = { targetName: 't', sha256: 'ab', correlationId: null, reason: 'r', until: 5 };
  const state = JSON.parse(readFileSync(join(place, 'state.json'), 'utf8')) as object;
  const text = JSON.stringify({ ...state, firstUse, holds: [hold] });
  writeFileSync(join(place, 'state.json'), text);
  writeFileSync(join(place, 'state.sha256'), createHash('sha256').update(text).digest('hex'));
  const older = store();
  expect((await older.load()).firstUse).toBeNull();
  await older.commit({ appendRoots: [root(2)] });
  const next = JSON.parse(readFileSync(join(folder, 'generation-2', 'state.json'), 'utf8')) as object;
  expect(next).toMatchObject({ firstUse, holds: [hold] });
});

test('a listed name that leaves the folder is damage', async () => {
  await store().commit({ appendRoots: [root(1)] });
  const place = join(folder, 'generation-1');
  const text = JSON.stringify({ files: { '../../outside': { sha256: 'a'.repeat(64), length: 1 } } });
  writeFileSync(join(place, 'state.json'), text);
  writeFileSync(join(place, 'state.sha256'), createHash('sha256').update(text).digest('hex'));
  await expect(store().load()).rejects.toMatchObject({ code: 'STATE_DAMAGED' });
});

test('report counters only grow, over restarts and damage, and most write nothing', async () => {
  const one = store();
  expect(await one.nextReportCounter()).toBe(1);
  const before = snapshotOf(folder);
  const next = await Promise.all([one.nextReportCounter(), one.nextReportCounter()]);
  expect(next).toEqual([2, 3]);
  expect(snapshotOf(folder)).toEqual(before);
  const afterKill = store();
  expect(await afterKill.nextReportCounter()).toBe(1001);
  for (let count = 0; count < 1000; count += 1) await afterKill.nextReportCounter();
  expect(await afterKill.nextReportCounter()).toBe(2002);
  // The generation that reserved up to 3000 is damaged: the former one knows only 2000.
  writeFileSync(join(folder, 'generation-3', 'state.json'), 'damaged');
  expect(await store().nextReportCounter()).toBeGreaterThan(3000);
});

test('a counter of another client is a lower bound', async () => {
  const one = store();
  await one.raiseReportCounter(77);
  expect(await one.nextReportCounter()).toBe(78);
  await one.raiseReportCounter(5);
  expect(await one.nextReportCounter()).toBe(79);
});

test('the state epoch only grows', async () => {
  const one = store();
  await one.keepStateEpoch(3);
  await one.keepStateEpoch(2);
  expect(await store().stateEpoch()).toBe(3);
});

test('commits that come at once run one after another', async () => {
  const one = store();
  await Promise.all([
    one.commit({ appendRoots: [root(1)] }),
    one.commit({ appendRoots: [root(2)] }),
    one.commit({ lastConfirmedCommit: 'c' }),
    one.nextReportCounter(),
  ]);
  const state = await store().load();
  expect(state.director.roots).toHaveLength(2);
  expect(state.lastConfirmedCommit).toBe('c');
});
