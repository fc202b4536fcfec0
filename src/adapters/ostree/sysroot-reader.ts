import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isPlainAbsolutePath, ostreePaths } from '../../domain/boot/boot-arguments.js';
import { parseLoaderEntries, type LoaderEntry } from '../../domain/boot/loader-entries.js';
import { SotaError } from '../../domain/errors/sota-error.js';
import type { Files } from '../../ports/files.js';
import type { Deployment } from '../../ports/operating-system-tree.js';

/**
 * Reads the list of deployments as libostree does: boot loader entries in boot order, each followed through its
 * `ostree=` path to a deployment folder. The text of `ostree admin status` is for people and not needed for this.
 */

const entryLimitBytes = 64 * 1024;
const deploymentName = /^([0-9a-f]{64})\.\d+$/;

interface FileIdentity {
  readonly device: bigint;
  readonly inode: bigint;
}

async function identityOf(path: string): Promise<FileIdentity | null> {
  try {
    const found = await stat(path, { bigint: true });
    return { device: found.dev, inode: found.ino };
  } catch (cause) {
    if (typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'ENOENT') return null;
    throw new SotaError('SYSROOT_UNAVAILABLE', { message: `${path} can not be looked at`, cause });
  }
}

function unavailable(sysroot: string, reason: string, cause?: unknown): SotaError {
  return new SotaError('SYSROOT_UNAVAILABLE', { message: `sysroot ${sysroot}: ${reason}`, cause });
}

async function readEntries(files: Files, sysroot: string): Promise<readonly LoaderEntry[]> {
  const folder = join(sysroot, 'boot/loader/entries');
  const texts: { name: string; text: string }[] = [];
  for (const name of await files.list(folder)) {
    if (!name.endsWith('.conf')) continue;
    const bytes = await files.read(join(folder, name), entryLimitBytes);
    if (bytes === null) throw unavailable(sysroot, `boot/loader/entries/${name} went away while it was read`);
    texts.push({ name, text: bytes.toString('utf8') });
  }
  const entries = parseLoaderEntries(texts);
  if (!entries.ok) throw unavailable(sysroot, `boot/loader/entries/${entries.error}`);
  return entries.value;
}

async function isPinned(files: Files, folder: string): Promise<boolean> {
  const origin = await files.read(`${folder}.origin`, entryLimitBytes);
  return origin !== null && /^pinned\s*=\s*(true|1)\s*$/m.test(origin.toString('utf8'));
}

async function resolveDeployment(
  files: Files,
  sysroot: string,
  entry: LoaderEntry,
  index: number,
  running: FileIdentity | null,
): Promise<Deployment> {
  const paths = ostreePaths(entry.options);
  const path = paths[0];
  if (path === undefined || paths.length !== 1 || !isPlainAbsolutePath(path)) {
    throw unavailable(sysroot, `${entry.fileName} has no single ostree= path`);
  }
  const folder = await realpath(join(sysroot, path)).catch((cause: unknown) => {
    throw unavailable(sysroot, `${entry.fileName}: ostree=${path} leads nowhere`, cause);
  });
  const commit = deploymentName.exec(basename(folder))?.[1];
  if (commit === undefined) throw unavailable(sysroot, `${entry.fileName} leads to ${folder}, which is no deployment`);
  const identity = await identityOf(folder);
  return {
    index,
    // …/ostree/deploy/<os>/deploy/<commit>.<serial>
    osName: basename(dirname(dirname(folder))),
    commit,
    folder,
    isBooted: identity?.device === running?.device && identity?.inode === running?.inode && identity !== null,
    isPinned: await isPinned(files, folder),
  };
}

/**
 * @param sysroot the file system that holds `boot` and `ostree`.
 * @param rootFolder what stands for `/`: the deployment with its device and inode is the booted one.
 * @returns all deployments in boot order.
 * @throws SotaError SYSROOT_UNAVAILABLE.
 */
export async function readDeployments(
  files: Files,
  sysroot: string,
  rootFolder: string,
): Promise<readonly Deployment[]> {
  if ((await identityOf(join(sysroot, 'ostree/repo'))) === null) {
    throw unavailable(sysroot, 'ostree/repo is not there');
  }
  for (let attempt = 1; ; attempt += 1) {
    try {
      const running = await identityOf(rootFolder);
      const entries = await readEntries(files, sysroot);
      const deployments: Deployment[] = [];
      for (const [index, entry] of entries.entries()) {
        deployments.push(await resolveDeployment(files, sysroot, entry, index, running));
      }
      return deployments;
    } catch (error) {
      // Another ostree process may just swap boot/loader under our eyes; a lasting fault is there again.
      if (attempt >= 3) throw error;
    }
  }
}
