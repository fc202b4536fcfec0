import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { types } from 'node:util';

/** A living process, as proc(5) describes it in /proc/PID/stat. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Clock ticks since boot: tells two processes apart that had the same number. */
  readonly startTime: string;
}

/**
 * All processes that aren't zombies. Read synchronously: files of /proc never wait for a disk, and a table that is
 * read in one go has no gaps that we made.
 */
export function readProcessTable(procFolder: string): ProcessEntry[] {
  const entries: ProcessEntry[] = [];
  for (const name of readdirSync(procFolder)) {
    if (!/^\d+$/.test(name)) continue;
    const text = readVanishing(join(procFolder, name, 'stat'));
    const entry = text === null ? null : parseEntry(text);
    if (entry !== null) entries.push(entry);
  }
  return entries;
}

/** The child itself, its group, its session, and all their descendants. */
export function familyOf(pid: number, table: readonly ProcessEntry[]): ProcessEntry[] {
  const family = new Map<number, ProcessEntry>();
  for (const entry of table) {
    if (entry.pid === pid || entry.group === pid || entry.session === pid) family.set(entry.pid, entry);
  }
  for (let before = -1; before !== family.size;) {
    before = family.size;
    for (const entry of table) if (family.has(entry.parent)) family.set(entry.pid, entry);
  }
  return [...family.values()];
}

/** Bytes that a process handed to write calls so far (`wchar`); null where the kernel doesn't count or tell. */
export function writtenBytes(procFolder: string, pid: number): number | null {
  const text = readVanishing(join(procFolder, String(pid), 'io'));
  const match = text === null ? null : /^wchar: (\d+)$/m.exec(text);
  return match === null ? null : Number(match[1]);
}

/** A process may end between two calls, and a foreign one may refuse: both read as null. */
export function readVanishing(path: string, encoding: 'latin1' | 'utf8' = 'latin1'): string | null {
  try {
    return readFileSync(path, encoding);
  } catch (error) {
    if (types.isNativeError(error) && 'code' in error) return null;
    throw error;
  }
}

function parseEntry(text: string): ProcessEntry | null {
  // The name in parentheses may itself hold spaces and parentheses: fields are counted from the last one.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, parent, group, session] = fields;
  const startTime = fields[19];
  if (state === undefined || state === 'Z' || state === 'X' || startTime === undefined) return null;
  return {
    pid: Number(text.slice(0, text.indexOf(' '))),
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    startTime,
  };
}
