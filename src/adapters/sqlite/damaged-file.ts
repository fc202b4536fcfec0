import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Damaged files kept for a look; more would fill a small disk. */
const keptDamagedFiles = 3;

/** What SQLite lays beside a database. */
const companions = ['', '-wal', '-shm', '-journal'];

/** Renames a database and what belongs to it to `<file>.damaged-N`, keeps the newest three. @returns the new name. */
export function moveAside(file: string): string {
  const folder = dirname(file);
  const prefix = `${basename(file)}.damaged-`;
  const numbers = readdirSync(folder)
    .filter((name) => name.startsWith(prefix))
    .map((name) => Number.parseInt(name.slice(prefix.length), 10))
    .filter((number) => Number.isSafeInteger(number));
  const next = Math.max(0, ...numbers) + 1;
  for (const companion of companions) {
    if (existsSync(file + companion)) renameSync(file + companion, join(folder, `${prefix}${next}${companion}`));
  }
  for (const old of new Set(numbers)) {
    if (old > next - keptDamagedFiles) continue;
    for (const companion of companions) rmSync(join(folder, `${prefix}${old}${companion}`), { force: true });
  }
  return join(folder, `${prefix}${next}`);
}
