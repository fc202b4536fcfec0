import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { SotaError, isSotaError } from '../../domain/errors/sota-error.js';
import type { Files } from '../../ports/files.js';
import type { Logger } from '../../ports/logger.js';

/** Files that only count together: name and text of each. */
export type GroupContents = ReadonlyMap<string, string>;

type Reading = { readonly found: 'whole'; readonly contents: GroupContents } | { readonly found: 'absent' | 'damaged' };

const maximumBytes = 262_144;

function checksum(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * A few files that belong together, in a folder and in its copy. A list of their checksums, written last, makes them
 * count: a kill before it leaves nothing (or, where the group was replaced, the copy of the former one).
 * Each read mends what is damaged in one of the two places from the other.
 */
export class KeptGroup {
  private readonly listName: string;

  constructor(
    private readonly files: Files,
    private readonly folders: readonly [string, string],
    private readonly name: string,
    private readonly logger: Logger,
  ) {
    this.listName = `${name}.checksums`;
  }

  /**
   * @returns the contents, or null when nothing was kept yet.
   * @throws SotaError IDENTITY_DAMAGED when no place is whole, though something is there.
   */
  async read(): Promise<GroupContents | null> {
    const readings = await Promise.all(this.folders.map((folder) => this.readFrom(folder)));
    const whole = readings.find((reading) => reading.found === 'whole');
    if (whole === undefined) {
      if (readings.every((reading) => reading.found === 'absent')) return null;
      throw new SotaError('IDENTITY_DAMAGED', { message: `${this.name} is damaged in ${this.folders.join(' and ')}` });
    }
    for (const [index, folder] of this.folders.entries()) {
      const reading = readings[index];
      const isSame = reading?.found === 'whole' && this.list(reading.contents) === this.list(whole.contents);
      if (!isSame) await this.mend(folder, whole.contents);
    }
    return whole.contents;
  }

  /** Writes folder, then copy; durable when it resolves. @throws SotaError DISK_FULL, FILE_UNREADABLE. */
  async write(contents: GroupContents): Promise<void> {
    for (const folder of this.folders) await this.writeTo(folder, contents);
  }

  /** What is whole in one place can be used, even when the other one can't be mended (a full disk). */
  private async mend(folder: string, contents: GroupContents): Promise<void> {
    this.logger.warning(`${this.name} in ${folder} was missing or damaged and is mended`, { code: 'IDENTITY_DAMAGED' });
    try {
      await this.writeTo(folder, contents);
    } catch (error) {
      if (!isSotaError(error)) throw error;
      this.logger.warning(`${this.name} in ${folder} could not be mended: ${error.message}`, { code: error.code });
    }
  }

  private list(contents: GroupContents): string {
    return [...contents].map(([name, text]) => `${checksum(text)}  ${name}\n`).join('');
  }

  private async readFrom(folder: string): Promise<Reading> {
    try {
      return await this.readWhole(folder);
    } catch (error) {
      // A block that the flash gives no more: the other place may have it.
      if (!isSotaError(error) || error.code !== 'FILE_UNREADABLE') throw error;
      this.logger.warning(error.message, { code: error.code });
      return { found: 'damaged' };
    }
  }

  private async readWhole(folder: string): Promise<Reading> {
    const list = (await this.files.read(join(folder, this.listName), maximumBytes))?.toString('utf8');
    if (list === undefined) return { found: 'absent' };
    const contents = new Map<string, string>();
    for (const line of list.split('\n').filter((each) => each !== '')) {
      const name = /^[0-9a-f]{64} {2}([A-Za-z0-9][A-Za-z0-9._-]*)$/.exec(line)?.[1];
      if (name === undefined) return { found: 'damaged' };
      const text = await this.files.read(join(folder, name), maximumBytes);
      if (text === null) return { found: 'damaged' };
      contents.set(name, text.toString('utf8'));
    }
    return contents.size > 0 && this.list(contents) === list ? { found: 'whole', contents } : { found: 'damaged' };
  }

  private async writeTo(folder: string, contents: GroupContents): Promise<void> {
    await this.files.makeFolder(folder, 0o700);
    for (const [name, text] of contents) await this.files.writeAtomically(join(folder, name), text, 0o600);
    await this.files.writeAtomically(join(folder, this.listName), this.list(contents), 0o600);
  }
}
