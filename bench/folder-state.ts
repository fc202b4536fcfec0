import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Every file and folder below a folder, with all that a write would change: inode, size, time of the last change. */
export async function folderState(folder: string): Promise<ReadonlyMap<string, string>> {
  const state = new Map<string, string>();
  for (const name of await readdir(folder, { recursive: true })) {
    const { ino, size, mtimeNs, ctimeNs } = await lstat(join(folder, name), { bigint: true });
    state.set(name, [ino, size, mtimeNs, ctimeNs].join(' '));
  }
  return state;
}

/** Names that came, went or changed. */
export function changesBetween(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name) !== after.get(name));
}
