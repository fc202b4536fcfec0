import { createHash, randomBytes } from 'node:crypto';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BinaryImageFolder } from '../../../src/adapters/binary/binary-image-folder.js';
import { NodeFiles } from '../../../src/adapters/files/node-files.js';

const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe('BinaryImageFolder', () => {
  let top: string;
  let folder: string;
  let images: BinaryImageFolder;

  beforeEach(async () => {
    top = mkdtempSync(join(tmpdir(), 'sotad-images-'));
    folder = join(top, 'images');
    images = new BinaryImageFolder(folder, new NodeFiles());
    await images.requireSpace(10);
  });
  afterEach(() => rmSync(top, { recursive: true, force: true }));

  /** Downloads and places an image; each is an hour newer than the one before. */
  let hours = 0;
  const install = async (keep: readonly string[] = []): Promise<string> => {
    const bytes = randomBytes(100);
    const hash = hashOf(bytes);
    writeFileSync(images.partPath(hash), bytes);
    hours += 1;
    utimesSync(images.partPath(hash), hours * 3_600, hours * 3_600);
    await images.place(hash, keep);
    return hash;
  };
  const names = (...hashes: string[]): string[] => hashes.map((hash) => hash.toUpperCase()).sort();

  it('places the part file under the upper-case hash', async () => {
    const hash = await install();
    expect(readdirSync(folder)).toEqual(names(hash));
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(await images.has(hash, 100)).toBe(true);
  });

  it('can place twice, as after a kill, but not what was never downloaded', async () => {
    const hash = await install();
    await images.place(hash, []);
    expect(await images.has(hash, 100)).toBe(true);
    await expect(images.place('0'.repeat(64), [])).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
  });

  it('knows an image by length and hash, also when it is altered later', async () => {
    const hash = await install();
    const path = join(folder, hash.toUpperCase());
    expect(await images.has(hash, 99)).toBe(false);
    expect(await images.has('0'.repeat(64), 100)).toBe(false);
    expect(await images.has(hash, 100)).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const altered = readFileSync(path);
    altered[0] = (altered[0] ?? 0) ^ 1;
    writeFileSync(path, altered);
    expect(await images.has(hash, 100)).toBe(false);
  });

  it('keeps the newest two', async () => {
    await install();
    const second = await install();
    const third = await install();
    expect(readdirSync(folder).sort()).toEqual(names(second, third));
  });

  it('keeps what it is told to keep, and files that are no images', async () => {
    writeFileSync(join(folder, 'foreign'), '');
    const first = await install();
    const second = await install([first]);
    const third = await install([first]);
    expect(readdirSync(folder).sort()).toEqual([...names(first, third), 'foreign'].sort());
    expect(await images.has(second, 100)).toBe(false);
    writeFileSync(images.partPath(second), '');
    const fourth = await install([first, third]);
    expect(readdirSync(folder).sort()).toEqual(
      [...names(first, third, fourth), `${second.toUpperCase()}.part`, 'foreign'].sort(),
    );
  });

  it('discards a part file with its tag, and minds no missing one', async () => {
    const hash = hashOf(Buffer.alloc(0));
    writeFileSync(images.partPath(hash), '');
    writeFileSync(`${images.partPath(hash)}.etag`, '');
    await images.discardPart(hash);
    await images.discardPart(hash);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('refuses to begin without space, counting what is there already', async () => {
    const free = await new NodeFiles().freeBytes(folder);
    await expect(images.requireSpace(free * 2)).rejects.toMatchObject({
      code: 'DISK_FULL',
      message: expect.stringContaining(folder) as string,
    });
    const hash = '0'.repeat(64);
    // A sparse file as large as what is asked for: nothing is left to be fetched.
    writeFileSync(images.partPath(hash), '');
    truncateSync(images.partPath(hash), 1024 ** 4);
    await images.requireSpace(1024 ** 4, hash);
  });

  it.each(['', '../../etc/passwd', 'A'.repeat(63), `${'A'.repeat(64)}/x`])('takes no path for a hash: %s', (text) => {
    expect(() => images.partPath(text)).toThrow(expect.objectContaining({ code: 'TARGET_FORMAT' }) as Error);
  });
});
