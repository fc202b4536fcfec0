import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeFiles } from '../../../src/adapters/files/node-files.js';
import { FileStatusPublisher } from '../../../src/adapters/status/status-publisher.js';

let folder: string;
let path: string;
let copyPath: string;
let publisher: FileStatusPublisher;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sotad-status-'));
  path = join(folder, 'status.json');
  copyPath = join(folder, 'copy.json');
  publisher = new FileStatusPublisher({ files: new NodeFiles(), path, copyPath });
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('the document is there to read; the copy only when asked for', async () => {
  await publisher.publish('{"a":1}', { keepCopy: false });
  expect(readFileSync(path, 'utf8')).toBe('{"a":1}');
  expect(existsSync(copyPath)).toBe(false);
  await publisher.publish('{"a":1}', { keepCopy: true });
  expect(readFileSync(copyPath, 'utf8')).toBe('{"a":1}');
  expect(statSync(copyPath).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder).sort()).toEqual(['copy.json', 'status.json']);
});

test('an equal document is not written again', async () => {
  await publisher.publish('{"a":1}', { keepCopy: true });
  const before = [statSync(path), statSync(copyPath)].map(({ ino, mtimeMs }) => [ino, mtimeMs]);
  await publisher.publish('{"a":1}', { keepCopy: true });
  expect([statSync(path), statSync(copyPath)].map(({ ino, mtimeMs }) => [ino, mtimeMs])).toEqual(before);
});

test('the newest of many that come at once is what stays', async () => {
  await Promise.all([1, 2, 3, 4, 5].map((number) => publisher.publish(`{"a":${number}}`, { keepCopy: false })));
  expect(readFileSync(path, 'utf8')).toBe('{"a":5}');
});

test('a failure is told and the next call tries again', async () => {
  rmSync(folder, { recursive: true });
  await expect(publisher.publish('{}', { keepCopy: false })).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
  await new NodeFiles().makeFolder(folder, 0o700);
  await publisher.publish('{}', { keepCopy: false });
  expect(readFileSync(path, 'utf8')).toBe('{}');
});
