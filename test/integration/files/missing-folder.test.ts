import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFolderDurably, makeMissingFolder } from '../../../src/adapters/files/durable-folder.js';

describe('a folder that is only made when it is missing', () => {
  let parent: string;

  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'sotad-missing-'));
  });
  afterEach(() => rmSync(parent, { recursive: true, force: true }));

  const modeOf = (path: string): number => statSync(path).mode & 0o7777;

  test('gets its mode, whatever the umask', async () => {
    const umask = process.umask(0o077);
    try {
      await makeMissingFolder(join(parent, 'a/b'), 0o750);
    } finally {
      process.umask(umask);
    }
    expect(modeOf(join(parent, 'a/b'))).toBe(0o750);
  });

  test('keeps the mode that it has: it may be everybody’s (/run)', async () => {
    chmodSync(parent, 0o1777);
    await makeMissingFolder(parent, 0o750);
    expect(modeOf(parent)).toBe(0o1777);
  });

  test('can not be made where it is (the recursive mkdir of Node turns for ever there): then it says so', async () => {
    await expect(makeMissingFolder('/proc/nowhere/deeper', 0o750)).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
    await expect(makeFolderDurably('/proc/nowhere', 0o750)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('is a file: then it says so', async () => {
    await expect(makeMissingFolder('/etc/hostname', 0o750)).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
      message: expect.stringContaining('/etc/hostname') as string,
    });
  });
});
