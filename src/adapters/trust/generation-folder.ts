import { createHash } from 'node:crypto';
import { link, lstat, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SotaError, isSotaError } from '../../domain/errors/sota-error.js';
import { makeFolderDurably, synchroniseFolder } from '../files/durable-folder.js';
import { errnoOf, fileError, isAbsence } from '../files/file-errors.js';
import { parseGenerationState, printGenerationState, type GenerationState } from './generation-state.js';

/**
 * One folder `<place>/generation-N` is one trusted state: it is written under another name, made durable file by
 * file and folder by folder, and only then renamed. So a kill at any point leaves whole generations only, and what
 * the flash damages later is found by the checksums.
 */

/** An unchanged file over this size is linked from the former generation instead of written again: less flash wear. */
const linkedFromBytes = 65_536;

const stateName = 'state.json';
const checksumName = 'state.sha256';
const prefix = 'generation-';
const unfinishedPrefix = '.unfinished-';

/** A whole generation in memory. */
export interface Generation {
  readonly number: number;
  readonly state: GenerationState;
  readonly contents: ReadonlyMap<string, Buffer>;
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function generationPath(place: string, number: number): string {
  return join(place, `${prefix}${number}`);
}

/** Numbers of the generations in a place, the newest first; empty when the place doesn't exist. */
export async function listGenerations(place: string): Promise<readonly number[]> {
  const names = await readdir(place).catch((error: unknown) => {
    if (isAbsence(error)) return [];
    throw fileError('list', place, error);
  });
  return names
    .filter((name) => /^generation-[1-9]\d{0,14}$/.test(name))
    .map((name) => Number(name.slice(prefix.length)))
    .sort((left, right) => right - left);
}

/**
 * @throws SotaError STATE_DAMAGED when anything of it is missing or isn't what its checksum says, FILE_UNREADABLE when
 * it can't be told.
 */
export async function readGeneration(place: string, number: number): Promise<Generation> {
  const folder = generationPath(place, number);
  try {
    const stateBytes = await readFile(join(folder, stateName));
    const expected = (await readFile(join(folder, checksumName), 'latin1')).trim();
    if (sha256(stateBytes) !== expected) {
      throw new SotaError('STATE_DAMAGED', { message: `${folder}/${stateName} does not have its checksum` });
    }
    const state = parseGenerationState(stateBytes.toString('utf8'));
    const contents = new Map<string, Buffer>();
    for (const [name, listed] of state.files) {
      const path = join(folder, name);
      if ((await lstat(path)).size !== listed.length) {
        throw new SotaError('STATE_DAMAGED', { message: `${path} does not have its length` });
      }
      const bytes = await readFile(path);
      if (sha256(bytes) !== listed.sha256) {
        throw new SotaError('STATE_DAMAGED', { message: `${path} does not have its checksum` });
      }
      contents.set(name, bytes);
    }
    return { number, state, contents };
  } catch (cause) {
    // What may pass (too many open files, no permission) must not make the store fall back to an older state.
    const isDamage =
      isSotaError(cause) || ['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP', 'EIO'].includes(errnoOf(cause) ?? '');
    if (!isDamage) throw fileError('read', folder, cause);
    throw new SotaError('STATE_DAMAGED', { message: `${folder} is damaged`, cause });
  }
}

/**
 * Writes a generation durably.
 * @param former a whole generation in the same place, whose unchanged large files are linked.
 * @throws SotaError DISK_FULL, FILE_UNREADABLE; the place is then as it was, up to a leftover that the next one removes.
 */
export async function writeGeneration(place: string, generation: Generation, former: Generation | null): Promise<void> {
  const unfinished = join(place, `${unfinishedPrefix}${generation.number}`);
  try {
    await makeFolderDurably(place, 0o700);
    await removeLeftovers(place);
    await mkdir(unfinished, { mode: 0o700 });
    const folders = new Set<string>([unfinished]);
    for (const [name, bytes] of generation.contents) {
      const path = join(unfinished, name);
      const parent = dirname(path);
      if (!folders.has(parent)) await mkdir(parent, { recursive: true, mode: 0o700 });
      // Each folder on the way is named, so that each is made durable below.
      for (let each = parent; each !== unfinished; each = dirname(each)) folders.add(each);
      const isSame = former?.state.files.get(name)?.sha256 === generation.state.files.get(name)?.sha256;
      const isLinked =
        former !== null &&
        isSame &&
        bytes.length >= linkedFromBytes &&
        (await tryLink(join(generationPath(place, former.number), name), path));
      if (!isLinked) await writeDurably(path, bytes);
    }
    const state = Buffer.from(printGenerationState(generation.state));
    await writeDurably(join(unfinished, stateName), state);
    await writeDurably(join(unfinished, checksumName), Buffer.from(`${sha256(state)}\n`));
    for (const folder of [...folders].sort((left, right) => right.length - left.length))
      await synchroniseFolder(folder);
    await rename(unfinished, generationPath(place, generation.number));
    await synchroniseFolder(place);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true }).catch(() => undefined);
    throw fileError('write a generation', place, error);
  }
}

/** Removes all generations but the named ones. Damaged ones among them go too. */
export async function keepGenerations(place: string, kept: readonly number[]): Promise<void> {
  for (const number of await listGenerations(place)) {
    if (!kept.includes(number)) await rm(generationPath(place, number), { recursive: true, force: true });
  }
}

async function removeLeftovers(place: string): Promise<void> {
  for (const name of await readdir(place)) {
    if (name.startsWith(unfinishedPrefix)) await rm(join(place, name), { recursive: true, force: true });
  }
}

/** Not every file system links (vfat): then the file is written. */
async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (['EPERM', 'EMLINK', 'ENOSYS', 'ENOTSUP', 'ENOENT', 'EXDEV'].includes(errnoOf(error) ?? '')) return false;
    throw error;
  }
}

async function writeDurably(path: string, bytes: Buffer): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}
