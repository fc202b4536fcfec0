import { lstat, readdir, readlink, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isPlainAbsolutePath, ostreePaths } from '../../domain/boot/boot-arguments.js';
import type { DeploymentPlace, EntryFacts } from '../../domain/boot/judge-boot-configuration.js';
import { parseLoaderEntries, type LoaderEntry } from '../../domain/boot/loader-entries.js';
import type { Result } from '../../domain/result.js';
import type { Files } from '../../ports/files.js';

/** Looks at what lies in `boot` of a sysroot; changes nothing. */

const textLimitBytes = 256 * 1024;

/** @returns null when there is no such file. */
export async function readText(files: Files, path: string): Promise<string | null> {
  return (await files.read(path, textLimitBytes))?.toString('utf8') ?? null;
}

/** Where `boot/loader` leads (`loader.0` or `loader.1`), or why libostree couldn't swap it. */
export async function loaderLink(
  sysroot: string,
): Promise<{ readonly ok: true; readonly target: string } | { readonly ok: false; readonly reason: string }> {
  const path = join(sysroot, 'boot/loader');
  const found = await lstat(path).catch(() => null);
  if (found === null) return { ok: false, reason: `${path} is not there` };
  if (!found.isSymbolicLink()) {
    return { ok: false, reason: `${path} is no symbolic link (does boot lie on a file system without links?)` };
  }
  const target = await readlink(path);
  if (target !== 'loader.0' && target !== 'loader.1') return { ok: false, reason: `${path} leads to ${target}` };
  return { ok: true, target };
}

/** Boot loader entries in boot order. */
export async function readLoaderEntries(
  files: Files,
  sysroot: string,
): Promise<Result<readonly LoaderEntry[], string>> {
  const folder = join(sysroot, 'boot/loader/entries');
  const texts: { name: string; text: string }[] = [];
  for (const name of await files.list(folder)) {
    if (!name.endsWith('.conf')) continue;
    const text = await readText(files, join(folder, name));
    if (text !== null) texts.push({ name, text });
  }
  return parseLoaderEntries(texts);
}

/** Bytes of a file that a boot loader would load: from the sysroot, or from its boot folder; null: not there. */
async function bytesOf(sysroot: string, path: string | null): Promise<number | null> {
  if (path === null || !isPlainAbsolutePath(path)) return null;
  for (const candidate of [join(sysroot, path), join(sysroot, 'boot', path)]) {
    const found = await stat(candidate).catch(() => null);
    if (found?.isFile() === true) return found.size;
  }
  return null;
}

async function isFilledFolder(sysroot: string, path: string | null): Promise<boolean> {
  if (path === null || !isPlainAbsolutePath(path)) return false;
  for (const candidate of [join(sysroot, path), join(sysroot, 'boot', path)]) {
    const names = await readdir(candidate).catch(() => []);
    if (names.length > 0) return true;
  }
  return false;
}

/** Follows `ostree=` to the deployment to which it leads at this moment. */
export async function followOstreePath(sysroot: string, commandLine: string | null): Promise<DeploymentPlace | null> {
  const path = ostreePaths(commandLine ?? '')[0];
  if (path === undefined || !isPlainAbsolutePath(path)) return null;
  const folder = await realpath(join(sysroot, path)).catch(() => null);
  if (folder === null) return null;
  const commit = /^([0-9a-f]{64})\.\d+$/.exec(basename(folder))?.[1];
  return commit === undefined ? null : { commit, folder };
}

/** What is on the disk for an entry. */
export async function entryFacts(
  sysroot: string,
  entry: {
    readonly kernel: string | null;
    readonly ramdisk: string | null;
    readonly fdt: string | null;
    readonly fdtFolder: string | null;
    readonly bootArguments: string | null;
  },
): Promise<EntryFacts> {
  return {
    kernelBytes: await bytesOf(sysroot, entry.kernel),
    ramdiskBytes: await bytesOf(sysroot, entry.ramdisk),
    fdtBytes: await bytesOf(sysroot, entry.fdt),
    hasFdtFolder: await isFilledFolder(sysroot, entry.fdtFolder),
    deployment: await followOstreePath(sysroot, entry.bootArguments),
  };
}

async function withLinksFollowed(place: DeploymentPlace): Promise<DeploymentPlace> {
  return { commit: place.commit, folder: await realpath(place.folder).catch(() => place.folder) };
}

/** The expectation with the folders' symbolic links followed, so that they can be compared. */
export async function expectedPlaces(expectation: {
  readonly first: DeploymentPlace;
  readonly second: DeploymentPlace | null;
}): Promise<{ readonly first: DeploymentPlace; readonly second: DeploymentPlace | null }> {
  return {
    first: await withLinksFollowed(expectation.first),
    second: expectation.second === null ? null : await withLinksFollowed(expectation.second),
  };
}
