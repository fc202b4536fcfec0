import { failure, success, type Result } from '../result.js';

/**
 * `boot/loader/uEnv.txt`: what U-Boot imports to find kernel, initramfs and arguments. libostree writes it whole at
 * each deploy (yocto-boot.md 2.6): per entry kernel_image, ramdisk_image, fdt_file, fdtdir and bootargs, without suffix
 * for the first, with 2, 3, … for the others; after the first bootargs the image's own lines follow verbatim.
 *
 * The parser never throws; what it refuses could make a board boot something else than what the text seems to say.
 */

/** One bootable version, as U-Boot sees it. Paths are as written, not yet looked up. */
export interface UEnvEntry {
  /** 1 boots next, 2 is the one to fall back to. */
  readonly number: number;
  readonly kernelImage: string | null;
  readonly ramdiskImage: string | null;
  readonly fdtFile: string | null;
  readonly fdtFolder: string | null;
  readonly bootArguments: string | null;
}

export interface UEnv {
  /** In order, without gaps. */
  readonly entries: readonly UEnvEntry[];
  /** Everything else but blank lines, in order, as written. */
  readonly otherLines: readonly string[];
}

/** Larger texts are refused: libostree writes less than 1 KiB an entry. */
const maximumCharacters = 256 * 1024;
/** More entries are refused; libostree keeps two, and one for each pinned deployment. */
const maximumEntries = 64;

const entryKey = /^(kernel_image|ramdisk_image|fdt_file|fdtdir|bootargs)([0-9]*)$/;

type EntryField = 'kernelImage' | 'ramdiskImage' | 'fdtFile' | 'fdtFolder' | 'bootArguments';

const fields: Readonly<Record<string, EntryField>> = {
  kernel_image: 'kernelImage',
  ramdisk_image: 'ramdiskImage',
  fdt_file: 'fdtFile',
  fdtdir: 'fdtFolder',
  bootargs: 'bootArguments',
};

/** @returns the number that a suffix stands for, or null when libostree never writes it ("1", "02"). */
function entryNumber(suffix: string): number | null {
  if (suffix === '') return 1;
  const number = Number(suffix);
  return number >= 2 && number <= maximumEntries && String(number) === suffix ? number : null;
}

function hasControlCharacter(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}

/** Lines of a text without their ends; blank ones are left out. */
export function meaningfulLines(text: string): readonly string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}

/**
 * Where the block of the image's own lines stands: right after the first `bootargs=`.
 * They are set apart before the entries are read, since an image may well set `fdt_file` by itself.
 */
function setImageLinesApart(
  lines: readonly string[],
  imageLines: readonly string[],
): { readonly before: readonly string[]; readonly image: readonly string[]; readonly after: readonly string[] } {
  const first = lines.findIndex((line) => line.startsWith('bootargs='));
  const block = lines.slice(first + 1, first + 1 + imageLines.length);
  const isThere = first >= 0 && imageLines.every((line, index) => block[index] === line);
  if (!isThere) return { before: lines, image: [], after: [] };
  return {
    before: lines.slice(0, first + 1),
    image: block,
    after: lines.slice(first + 1 + imageLines.length),
  };
}

type MutableEntry = { -readonly [Field in keyof UEnvEntry]: UEnvEntry[Field] };

function emptyEntry(number: number): MutableEntry {
  return { number, kernelImage: null, ramdiskImage: null, fdtFile: null, fdtFolder: null, bootArguments: null };
}

/** Takes a line as a part of an entry. @returns null when it is none, else a verdict. */
function takeEntryLine(line: string, entries: Map<number, MutableEntry>): Result<true, string> | null {
  const separator = line.indexOf('=');
  if (separator < 0) return null;
  const key = line.slice(0, separator);
  const match = entryKey.exec(key);
  if (match === null) return null;
  const field = fields[match[1] ?? ''];
  if (field === undefined) return null;
  const number = entryNumber(match[2] ?? '');
  if (number === null) return failure(`${key} has a suffix that no boot entry has`);
  const value = line.slice(separator + 1);
  if (hasControlCharacter(value)) return failure(`${key} holds a control character`);
  const entry = entries.get(number) ?? emptyEntry(number);
  if (entry[field] !== null) return failure(`${key} is given twice`);
  entry[field] = value;
  entries.set(number, entry);
  return success(true);
}

/**
 * Reads the text of an uEnv.txt.
 * @param text the file.
 * @param imageText the image's `usr/lib/ostree-boot/uEnv.txt`, '' when it has none: its lines right after the first
 *   `bootargs=` are otherLines even if they look like parts of an entry.
 * @returns the reason in words when the text isn't one that libostree could have written.
 */
export function parseUEnv(text: string, imageText = ''): Result<UEnv, string> {
  if (text.length > maximumCharacters) return failure(`it is longer than ${maximumCharacters} characters`);
  if (text.includes('\0')) return failure('it holds a NUL character');
  const parts = setImageLinesApart(meaningfulLines(text), meaningfulLines(imageText));
  const entries = new Map<number, MutableEntry>();
  const otherLines: string[] = [];
  for (const section of ['before', 'image', 'after'] as const) {
    for (const line of parts[section]) {
      const taken = section === 'image' ? null : takeEntryLine(line, entries);
      if (taken === null) otherLines.push(line);
      else if (!taken.ok) return taken;
    }
  }
  const ordered: UEnvEntry[] = [];
  for (let number = 1; number <= entries.size; number += 1) {
    const entry = entries.get(number);
    if (entry === undefined) return failure(`entry ${number} is missing, but a later one is there`);
    ordered.push(entry);
  }
  return success({ entries: ordered, otherLines });
}
