import { failure, success, type Result } from '../result.js';

/**
 * Boot loader entries (the Boot Loader Specification's type 1), as libostree writes them into `boot/loader/entries`.
 * They exist on every board; libostree itself reads its list of deployments from them.
 */
export interface LoaderEntry {
  readonly fileName: string;
  readonly title: string;
  /** A higher one boots earlier. */
  readonly version: string;
  /** The kernel's command line. */
  readonly options: string;
  /** Paths below the boot partition, as written. */
  readonly linux: string;
  readonly initrd: string | null;
}

/** Reads one entry. Unknown keys are ignored, as boot loaders do. @returns the reason in words when it can't boot. */
export function parseLoaderEntry(fileName: string, text: string): Result<LoaderEntry, string> {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^([a-z-]+)[ \t]+(.*)$/.exec(line.trim());
    const key = match?.[1];
    const value = match?.[2];
    if (key === undefined || value === undefined) continue;
    if (values.has(key) && ['version', 'options', 'linux'].includes(key)) {
      return failure(`${fileName} gives ${key} twice`);
    }
    if (!values.has(key)) values.set(key, value);
  }
  const linux = values.get('linux');
  const options = values.get('options');
  if (linux === undefined) return failure(`${fileName} names no kernel`);
  if (options === undefined) return failure(`${fileName} has no options`);
  return success({
    fileName,
    title: values.get('title') ?? '',
    version: values.get('version') ?? '',
    options,
    linux,
    initrd: values.get('initrd') ?? null,
  });
}

/** Compares versions as runs of digits (by value) and of other characters, as strverscmp does for plain numbers. */
function compareVersions(left: string, right: string): number {
  const leftRuns = left.match(/\d+|\D+/g) ?? [];
  const rightRuns = right.match(/\d+|\D+/g) ?? [];
  for (let index = 0; index < Math.max(leftRuns.length, rightRuns.length); index += 1) {
    const one = leftRuns[index] ?? '';
    const other = rightRuns[index] ?? '';
    if (one === other) continue;
    const difference = /^\d/.test(one) && /^\d/.test(other) ? Number(one) - Number(other) : 0;
    if (difference !== 0) return difference;
    return one < other ? -1 : 1;
  }
  return 0;
}

/** In the order in which they boot: highest version first (libostree's own rule), then by file name, backwards. */
export function sortLoaderEntries(entries: readonly LoaderEntry[]): readonly LoaderEntry[] {
  return [...entries].sort((left, right) => {
    const byVersion = compareVersions(right.version, left.version);
    if (byVersion !== 0) return byVersion;
    return left.fileName < right.fileName ? 1 : left.fileName > right.fileName ? -1 : 0;
  });
}

/** Reads all `*.conf` files of the folder, in boot order. */
export function parseLoaderEntries(
  files: readonly { readonly name: string; readonly text: string }[],
): Result<readonly LoaderEntry[], string> {
  const entries: LoaderEntry[] = [];
  for (const file of files) {
    if (!file.name.endsWith('.conf')) continue;
    const entry = parseLoaderEntry(file.name, file.text);
    if (!entry.ok) return entry;
    entries.push(entry.value);
  }
  return success(sortLoaderEntries(entries));
}
