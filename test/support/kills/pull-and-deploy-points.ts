import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { bootOrder } from '../laboratory/boot-order.js';

/** What can be seen of a sysroot from outside while ostree works on it. */
export interface Work {
  readonly sysroot: string;
  readonly osName: string;
  readonly commit: string;
  /** Objects in the repository before the update. */
  readonly objectsBefore: number;
}

/** A moment in the life of an ostree process. */
export interface Moment {
  readonly name: string;
  readonly verb: readonly string[];
  readonly isReached: (work: Work) => Promise<boolean>;
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Files below a folder. */
async function countFiles(folder: string): Promise<number> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => !entry.isDirectory()).length;
  } catch {
    // Folders come and go while ostree works.
    return 0;
  }
}

export const countObjects = (sysroot: string): Promise<number> => countFiles(join(sysroot, 'ostree/repo/objects'));

const begins = (): Promise<boolean> => Promise.resolve(true);

export const moments: readonly Moment[] = [
  { name: 'pull begins', verb: ['pull'], isReached: begins },
  {
    name: 'objects of the pull come in',
    verb: ['pull'],
    isReached: async ({ sysroot }) => (await countFiles(join(sysroot, 'ostree/repo/tmp'))) > 30,
  },
  {
    name: 'objects of the pull are in place, but it is not through',
    verb: ['pull'],
    isReached: async ({ sysroot, commit, objectsBefore }) =>
      (await countObjects(sysroot)) > objectsBefore + 10 &&
      (await exists(join(sysroot, 'ostree/repo/state', `${commit}.commitpartial`))),
  },
  { name: 'deploy begins', verb: ['admin', 'deploy'], isReached: begins },
  {
    name: 'the new version is checked out, but does not boot yet',
    verb: ['admin', 'deploy'],
    isReached: ({ sysroot, osName, commit }) => exists(join(sysroot, 'ostree/deploy', osName, 'deploy', `${commit}.0`)),
  },
  {
    name: 'the new version boots already, but deploy is not through',
    verb: ['admin', 'deploy'],
    isReached: async ({ sysroot, commit }) => (await bootOrder(sysroot))[0] === commit,
  },
];
