import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeFiles } from '../../../src/adapters/files/node-files.js';

describe('NodeFiles', () => {
  let folder: string;
  let files: NodeFiles;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sotad-files-'));
    files = new NodeFiles();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const modeOf = (path: string): number => statSync(path).mode & 0o7777;

  describe('read', () => {
    it('gives the bytes of a file up to the limit', async () => {
      const path = join(folder, 'a');
      writeFileSync(path, Buffer.from([0, 255, 10]));
      expect(await files.read(path, 3)).toEqual(Buffer.from([0, 255, 10]));
      await expect(files.read(path, 2)).rejects.toMatchObject({
        code: 'FILE_UNREADABLE',
        message: expect.stringContaining(path) as string,
      });
    });

    it('reads files whose size is told as 0', async () => {
      expect((await files.read('/proc/self/status', 100_000))?.toString()).toContain('Pid:');
    });

    it('gives null when the file, or a folder before it, does not exist', async () => {
      writeFileSync(join(folder, 'a'), '');
      expect(await files.read(join(folder, 'b'), 10)).toBeNull();
      expect(await files.read(join(folder, 'a', 'b'), 10)).toBeNull();
      expect(await files.read(join(folder, 'a'), 10)).toEqual(Buffer.alloc(0));
    });

    it('refuses a folder, and a pipe without waiting for a writer', async () => {
      execFileSync('mkfifo', [join(folder, 'pipe')]);
      await expect(files.read(join(folder, 'pipe'), 10)).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
      await expect(files.read(folder, 10)).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
    });
  });

  describe('writeAtomically', () => {
    it('writes with the mode, whatever the umask, and leaves nothing beside', async () => {
      const path = join(folder, 'a');
      const before = process.umask(0o077);
      try {
        await files.writeAtomically(path, 'one', 0o644);
      } finally {
        process.umask(before);
      }
      await files.writeAtomically(path, 'two', 0o640);
      expect(readFileSync(path, 'utf8')).toBe('two');
      expect(modeOf(path)).toBe(0o640);
      expect(readdirSync(folder)).toEqual(['a']);
    });

    it('names path and errno when it fails, and leaves no temporary file', async () => {
      mkdirSync(join(folder, 'd'));
      const path = join(folder, 'd');
      await expect(files.writeAtomically(path, 'x', 0o600)).rejects.toMatchObject({
        code: 'FILE_UNREADABLE',
        message: `${path}: cannot write: EISDIR`,
      });
      expect(readdirSync(folder)).toEqual(['d']);
      await expect(files.writeAtomically(join(folder, 'no', 'a'), 'x', 0o600)).rejects.toMatchObject({
        code: 'FILE_UNREADABLE',
      });
    });

    it('sweeps what a crashed writer left, but not what a living one writes, nor files of other names', async () => {
      const dead = spawnSync('true').pid;
      writeFileSync(join(folder, `.a.${dead}-0123456789ab.tmp`), 'half');
      writeFileSync(join(folder, `.a.1-0123456789ab.tmp`), 'of a living process');
      writeFileSync(join(folder, '.a.tmp'), 'foreign');
      await files.writeAtomically(join(folder, 'b'), 'x', 0o600);
      expect(readdirSync(folder).sort()).toEqual(['.a.1-0123456789ab.tmp', '.a.tmp', 'b']);
    });

    it('lets many writers of one file each write a whole one', async () => {
      const path = join(folder, 'a');
      const texts = Array.from({ length: 20 }, (_, index) => String(index).repeat(10_000));
      await Promise.all(texts.map((text) => new NodeFiles().writeAtomically(path, text, 0o600)));
      expect(texts).toContain(readFileSync(path, 'utf8'));
      expect(readdirSync(folder)).toEqual(['a']);
    });
  });

  describe('createDurably', () => {
    it('makes the file once', async () => {
      const path = join(folder, 'a');
      expect(await files.createDurably(path, '', 0o644)).toBe(true);
      expect(await files.createDurably(path, 'two', 0o600)).toBe(false);
      expect(readFileSync(path, 'utf8')).toBe('');
      expect(modeOf(path)).toBe(0o644);
      expect(readdirSync(folder)).toEqual(['a']);
    });

    it('lets one of many win', async () => {
      const path = join(folder, 'a');
      const won = await Promise.all(
        Array.from({ length: 10 }, (_, index) => files.createDurably(path, String(index), 0o600)),
      );
      expect(won.filter(Boolean)).toHaveLength(1);
      expect(readFileSync(path, 'utf8')).toBe(String(won.indexOf(true)));
    });
  });

  it('removes a file, and is content when there is none', async () => {
    writeFileSync(join(folder, 'a'), '');
    await files.remove(join(folder, 'a'));
    await files.remove(join(folder, 'a'));
    expect(readdirSync(folder)).toEqual([]);
    mkdirSync(join(folder, 'd'));
    await expect(files.remove(join(folder, 'd'))).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
  });

  it('makes a folder with parents and enforces its mode', async () => {
    const path = join(folder, 'a', 'b', 'c');
    await files.makeFolder(path, 0o700);
    expect(modeOf(path)).toBe(0o700);
    expect(modeOf(join(folder, 'a'))).toBe(0o755);
    chmodSync(path, 0o777);
    await files.makeFolder(path, 0o700);
    expect(modeOf(path)).toBe(0o700);
    writeFileSync(join(folder, 'f'), '');
    await expect(files.makeFolder(join(folder, 'f'), 0o700)).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
  });

  it('lists names sorted by bytes', async () => {
    for (const name of ['ä', 'b', 'B', 'a10', 'a2']) writeFileSync(join(folder, name), '');
    expect(await files.list(folder)).toEqual(['B', 'a10', 'a2', 'b', 'ä']);
    expect(await files.list(join(folder, 'none'))).toEqual([]);
    await expect(files.list(join(folder, 'b'))).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
  });

  it('tells the free bytes, of the nearest parent when the path is still to be made', async () => {
    const told = await files.freeBytes(join(folder, 'x', 'y'));
    const line = execFileSync('df', ['--output=avail', '-B1', folder], { encoding: 'utf8' }).trim().split('\n')[1];
    expect(Math.abs(told - Number(line))).toBeLessThan(1024 ** 3);
  });
});
