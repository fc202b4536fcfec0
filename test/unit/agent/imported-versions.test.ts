import { importInstalledVersions, parseInstalledVersions } from '../../../src/agent/imported-versions.js';
import { InstalledVersions } from '../../../src/agent/installed-versions.js';
import { SotaError } from '../../../src/domain/errors/sota-error.js';
import type { Files } from '../../../src/ports/files.js';
import { MemoryStateStore } from '../../support/agent/memory-state-store.js';
import { KeepingLogger } from '../../support/keeping-logger.js';
import { newCommit, oldCommit } from '../../support/update/records.js';

const bytes = (value: unknown): Uint8Array => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const named = (sha256: string, isCurrent: boolean) => ({ hashes: { sha256 }, length: 5, is_current: isCurrent });

test('the old form: hashes with their names', () => {
  expect(parseInstalledVersions(bytes({ [oldCommit]: 'master-1' }), 'file')).toEqual([
    { name: 'master-1', sha256: oldCommit, length: 0 },
  ]);
});

test('the new form: the current one comes last', () => {
  const file = { a: named(newCommit.toUpperCase(), true), b: named(oldCommit, false) };
  expect(parseInstalledVersions(bytes(file), 'file')).toEqual([
    { name: 'b', sha256: oldCommit, length: 5 },
    { name: 'a', sha256: newCommit, length: 5 },
  ]);
});

test.each([
  ['no JSON', '{'],
  ['a list', []],
  ['no hash', { name: { length: 1 } }],
  ['a hash of another length', { abc: 'name' }],
  ['a negative length', { name: { hashes: { sha256: oldCommit }, length: -1 } }],
])('%s is refused', (_, file) => {
  expect(() => parseInstalledVersions(bytes(file), 'file')).toThrow(SotaError);
});

function board(file: unknown) {
  const installed = new InstalledVersions(new MemoryStateStore());
  const state = new MemoryStateStore();
  const logger = new KeepingLogger();
  const removed: string[] = [];
  // The two calls that an import makes.
  const files = {
    read: () => Promise.resolve(file === null ? null : Buffer.from(bytes(file))),
    remove: (path: string) => {
      removed.push(path);
      return Promise.resolve();
    },
  } as unknown as Files;
  return {
    ...{ installed, removed, logger },
    run: () => importInstalledVersions({ files, folder: '/import', installed, state, logger }),
  };
}

test('the factory version gets its name, and the file goes', async () => {
  const { installed, removed, run } = board({ factory: named(oldCommit, true) });
  await run();
  expect(installed.current(oldCommit).name).toBe('factory');
  expect(removed).toEqual(['/import/installed_versions']);
});

test('a device that knows better keeps what it knows, and the file goes', async () => {
  const { installed, removed, run } = board({ factory: named(oldCommit, true) });
  installed.remember({ name: 'newer', sha256: newCommit, length: 0 });
  await run();
  expect(installed.list()).toHaveLength(1);
  expect(removed).toHaveLength(1);
});

test('no file is no event', async () => {
  const { installed, removed, logger, run } = board(null);
  await run();
  expect([installed.list(), removed, logger.lines]).toEqual([[], [], []]);
});

test('a damaged file is warned of, stays, and never ends the start', async () => {
  const { installed, removed, logger, run } = board('{');
  await run();
  expect([installed.list(), removed]).toEqual([[], []]);
  expect(logger.lines).toMatchObject([{ level: 'warning', fields: { code: 'FILE_UNREADABLE' } }]);
});
