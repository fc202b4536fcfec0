import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { openStateStore } from '../../../src/adapters/sqlite/state-store.js';
import { acquireStorageLock } from '../../../src/adapters/sqlite/storage-lock.js';
import { bundleProgram } from '../../support/bundled-program.js';

let base: string;
let program: string;
let folder: string;
let children: ChildProcessByStdio<null, Readable, null>[];

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'sotad-sqlite-'));
  // Bundled, then copied away: the addon must be found beside the bundle, with no node_modules above it.
  const bundle = bundleProgram('test/support/programs/state-writer.ts', join(base, 'bundle'));
  cpSync(dirname(bundle), join(base, 'elsewhere'), { recursive: true });
  rmSync(dirname(bundle), { recursive: true });
  program = join(base, 'elsewhere', 'program.js');
});

afterAll(() => rmSync(base, { recursive: true, force: true }));

beforeEach(() => {
  folder = mkdtempSync(join(base, 'state-'));
  children = [];
});

afterEach(async () => {
  for (const child of children) await end(child);
});

function start(verb: string, file: string): ChildProcessByStdio<null, Readable, null> {
  const child = spawn(process.execPath, [program, verb, file], { cwd: '/', stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  return child;
}

function firstLine(child: ChildProcessByStdio<null, Readable, null>): Promise<string> {
  return new Promise((resolve) => child.stdout.once('data', (text: Buffer) => resolve(text.toString().trim())));
}

async function end(child: ChildProcessByStdio<null, Readable, null>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGKILL');
  await closed;
}

test('a bundle with its addon runs from a folder without node_modules', () => {
  expect(readdirSync(dirname(program)).some((name) => name.endsWith('.node'))).toBe(true);
  const outcome = spawnSync(process.execPath, [program, 'open', '/nonexistent/state-1.db'], { cwd: '/' });
  // The addon was loaded and the error is one of the file system, not of a missing module.
  expect(outcome.stdout.toString()).toMatch(/^FILE_UNREADABLE .*ENOENT/);
});

test('two daemons: the second gets STATE_LOCKED with the process of the first, until that one is killed', async () => {
  const file = join(folder, 'lock.db');
  const first = start('lock', file);
  expect(await firstLine(first)).toBe('held');
  expect(() => acquireStorageLock(file)).toThrow(
    expect.objectContaining({
      code: 'STATE_LOCKED',
      message: expect.stringContaining(`process ${first.pid}`) as string,
    }) as Error,
  );
  expect(await firstLine(start('lock', file))).toMatch(/^STATE_LOCKED/);
  await end(first);
  const lock = acquireStorageLock(file);
  expect(await firstLine(start('lock', file))).toMatch(new RegExp(`^STATE_LOCKED .*process ${process.pid}`));
  lock.release();
  lock.release();
  expect(await firstLine(start('lock', file))).toBe('held');
});

test('the lock holds within one process too, is private and writes nothing', () => {
  const file = join(folder, 'lock.db');
  const lock = acquireStorageLock(file);
  expect(() => acquireStorageLock(file)).toThrow(expect.objectContaining({ code: 'STATE_LOCKED' }) as Error);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(file).size).toBe(0);
  expect(readdirSync(folder)).toEqual(['lock.db']);
  lock.release();
  acquireStorageLock(file).release();
});

test('a damaged lock file is no reason to stay away: it holds nothing, and two daemons are still kept apart', () => {
  const file = join(folder, 'lock.db');
  writeFileSync(file, Buffer.alloc(5_000, 'rubbish '));
  const lock = acquireStorageLock(file);
  expect(statSync(file).size).toBe(0);
  expect(() => acquireStorageLock(file)).toThrow(expect.objectContaining({ code: 'STATE_LOCKED' }) as Error);
  lock.release();
});

test('a second process that tries for the lock does not make the first lose it', async () => {
  const file = join(folder, 'lock.db');
  const lock = acquireStorageLock(file);
  expect(await firstLine(start('lock', file))).toMatch(/^STATE_LOCKED/);
  expect(await firstLine(start('lock', file))).toMatch(/^STATE_LOCKED/);
  lock.release();
});

test('the state database is held exclusively from its opening on', async () => {
  const file = join(folder, 'state-1.db');
  const first = start('open', file);
  expect(await firstLine(first)).toBe('open');
  expect(() => openStateStore({ path: file })).toThrow(expect.objectContaining({ code: 'STATE_LOCKED' }) as Error);
  expect(readdirSync(folder).some((name) => name.includes('damaged'))).toBe(false);
  await end(first);
  openStateStore({ path: file }).close();
});

test('kill -9 while writing: what was said to be durable is there, and a transaction is whole', async () => {
  const file = join(folder, 'state-1.db');
  for (let round = 0; round < 8; round += 1) {
    const child = start('write', file);
    let output = '';
    child.stdout.on('data', (text: Buffer) => (output += text.toString()));
    while (output.split('\n').length < 4) await new Promise((resolve) => setTimeout(resolve, 2));
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 40));
    await end(child);
    const returned = Number(output.split('\n').at(-2));
    const store = openStateStore({ path: file });
    const written = Number(store.journal.load());
    expect([returned, returned + 1]).toContain(written);
    expect(store.values.get('same')).toBe(String(written));
    expect(store.warnings).toEqual([]);
    store.close();
  }
});

test('a full disk is DISK_FULL, what was durable stays, and it goes on when there is space', () => {
  const script = `
    mount -t tmpfs -o size=256k tmpfs "$1" || exit 99
    exec "$2" "$3" "$1"
  `;
  const filler = bundleProgram('test/support/programs/disk-filler.ts', join(base, 'filler'));
  const outcome = spawnSync('unshare', ['-rm', 'sh', '-c', script, 'sh', folder, process.execPath, filler], {
    cwd: '/',
  });
  expect(outcome.stderr.toString()).toBe('');
  expect(JSON.parse(outcome.stdout.toString())).toEqual({
    failures: ['DISK_FULL'],
    journalAfterFailure: 'before',
    journalAfterSpace: 'after',
    reopened: 'after',
    warnings: 0,
  });
  expect(existsSync(join(folder, 'state-1.db'))).toBe(false);
});

test('a folder that is not there is FILE_UNREADABLE', () => {
  const path = join(folder, 'absent', 'state-1.db');
  expect(() => openStateStore({ path })).toThrow(expect.objectContaining({ code: 'FILE_UNREADABLE' }) as Error);
  writeFileSync(join(folder, 'file'), '');
  expect(() => acquireStorageLock(join(folder, 'file', 'lock.db'))).toThrow(
    expect.objectContaining({ code: 'FILE_UNREADABLE' }) as Error,
  );
});
