import { ostreePaths } from './boot-arguments.js';
import type { LoaderEntry } from './loader-entries.js';
import { meaningfulLines, type UEnv, type UEnvEntry } from './u-env.js';

/**
 * Would the right version boot next? Judged before every reboot (yocto-boot.md 3 B). Nothing here asks whether the file
 * changed: when both versions have one kernel, libostree leaves it byte by byte as it was.
 */

/** A deployment, by what it is and where it lies. */
export interface DeploymentPlace {
  readonly commit: string;
  /** With all symbolic links followed. */
  readonly folder: string;
}

/** What was found on the disk for one entry, at this moment. Sizes in bytes; null: no such file, or not named. */
export interface EntryFacts {
  readonly kernelBytes: number | null;
  readonly ramdiskBytes: number | null;
  readonly fdtBytes: number | null;
  /** Is fdtdir a folder with something in it? */
  readonly hasFdtFolder: boolean;
  /** Where `ostree=` leads to now; null when to no deployment. */
  readonly deployment: DeploymentPlace | null;
}

export interface Expectation {
  readonly first: DeploymentPlace;
  readonly second: DeploymentPlace | null;
}

/** What an entry says, whichever file it comes from. */
interface NamedEntry {
  readonly kernel: string | null;
  readonly ramdisk: string | null;
  readonly fdt: string | null;
  readonly fdtFolder: string | null;
  readonly bootArguments: string | null;
  /** How the file calls a field of this entry. */
  readonly call: (field: 'kernel' | 'ramdisk' | 'fdt' | 'fdtFolder' | 'arguments') => string;
}

const loaderFields = {
  kernel: 'linux',
  ramdisk: 'initrd',
  fdt: 'devicetree',
  fdtFolder: 'fdtdir',
  arguments: 'options',
} as const;
const uEnvFields = {
  kernel: 'kernel_image',
  ramdisk: 'ramdisk_image',
  fdt: 'fdt_file',
  fdtFolder: 'fdtdir',
  arguments: 'bootargs',
} as const;

function describeFile(name: string, path: string, bytes: number | null): string | null {
  if (bytes === null) return `${name}=${path} does not exist`;
  return bytes === 0 ? `${name}=${path} is empty` : null;
}

function judgeEntry(entry: NamedEntry, facts: EntryFacts, expected: DeploymentPlace): readonly string[] {
  const differences: (string | null)[] = [];
  if (entry.kernel === null) differences.push(`${entry.call('kernel')} is missing`);
  else differences.push(describeFile(entry.call('kernel'), entry.kernel, facts.kernelBytes));
  // A FIT image holds its initramfs itself, so only a named one must be there.
  if (entry.ramdisk !== null) differences.push(describeFile(entry.call('ramdisk'), entry.ramdisk, facts.ramdiskBytes));
  if (entry.fdt !== null) differences.push(describeFile(entry.call('fdt'), entry.fdt, facts.fdtBytes));
  if (entry.fdtFolder !== null && !facts.hasFdtFolder) {
    differences.push(`${entry.call('fdtFolder')}=${entry.fdtFolder} is no folder with device trees`);
  }
  const argumentsName = entry.call('arguments');
  const paths = ostreePaths(entry.bootArguments ?? '');
  if (paths.length !== 1) {
    differences.push(`${argumentsName} has ${paths.length} ostree= arguments instead of one`);
  } else if (facts.deployment === null) {
    differences.push(`ostree= of ${argumentsName} leads to no deployment (${paths[0] ?? ''})`);
  } else if (facts.deployment.commit !== expected.commit || facts.deployment.folder !== expected.folder) {
    differences.push(
      `${argumentsName} boots ${facts.deployment.commit} in ${facts.deployment.folder} ` +
        `instead of ${expected.commit} in ${expected.folder}`,
    );
  }
  return differences.filter((difference) => difference !== null);
}

function judgeEntries(
  entries: readonly NamedEntry[],
  facts: readonly EntryFacts[],
  expectation: Expectation,
): readonly string[] {
  const nothing: EntryFacts = {
    kernelBytes: null,
    ramdiskBytes: null,
    fdtBytes: null,
    hasFdtFolder: false,
    deployment: null,
  };
  const differences: string[] = [];
  const first = entries[0];
  if (first === undefined) return ['there is no entry that could boot'];
  differences.push(...judgeEntry(first, facts[0] ?? nothing, expectation.first));
  if (expectation.second !== null) {
    const second = entries[1];
    if (second === undefined) differences.push('the running version has no second entry to fall back to');
    else differences.push(...judgeEntry(second, facts[1] ?? nothing, expectation.second));
  }
  return differences;
}

/** The image may set variables of its board, but not what decides which system boots. */
const decisiveKey = /^(kernel_image|ramdisk_image|bootargs)\d*=/;

function judgeOtherLines(uEnv: UEnv, imageText: string): readonly string[] {
  const expected = meaningfulLines(imageText);
  const differences: string[] = [];
  const decisive = expected.find((line) => decisiveKey.test(line));
  if (decisive !== undefined) differences.push(`the image's own lines set ${decisive.split('=')[0] ?? ''}`);
  const count = Math.max(expected.length, uEnv.otherLines.length);
  for (let index = 0; index < count; index += 1) {
    const wanted = expected[index];
    const found = uEnv.otherLines[index];
    if (wanted === found) continue;
    if (wanted === undefined) differences.push(`foreign line "${found ?? ''}"`);
    else if (found === undefined) differences.push(`the image's line "${wanted}" is missing`);
    else differences.push(`line "${found}" instead of the image's "${wanted}"`);
    break;
  }
  return differences;
}

/** libostree derives both from one list; where they differ, one of them is stale. */
function judgeAgainstLoaderEntries(uEnv: UEnv, loaderEntries: readonly LoaderEntry[]): readonly string[] {
  if (uEnv.entries.length !== loaderEntries.length) {
    return [`uEnv.txt has ${uEnv.entries.length} entries, boot/loader/entries has ${loaderEntries.length}`];
  }
  return uEnv.entries.flatMap((entry, index) => {
    const loaderEntry = loaderEntries[index];
    if (loaderEntry === undefined || entry.bootArguments === null) return [];
    return entry.bootArguments.trim() === loaderEntry.options.trim()
      ? []
      : [`bootargs of entry ${entry.number} differ from ${loaderEntry.fileName}`];
  });
}

function suffixOf(entry: UEnvEntry): string {
  return entry.number === 1 ? '' : String(entry.number);
}

export interface UEnvJudgement {
  readonly uEnv: UEnv;
  /** One for each entry of the uEnv.txt, in order. */
  readonly facts: readonly EntryFacts[];
  /** In boot order. */
  readonly loaderEntries: readonly LoaderEntry[];
  /** `usr/lib/ostree-boot/uEnv.txt` of the first deployment; '' when it has none. */
  readonly imageText: string;
  readonly expectation: Expectation;
}

/** @returns what differs from the expectation, in words; empty: it boots what it should. */
export function judgeUEnv(judgement: UEnvJudgement): readonly string[] {
  const entries = judgement.uEnv.entries.map((entry) => ({
    kernel: entry.kernelImage,
    ramdisk: entry.ramdiskImage,
    fdt: entry.fdtFile,
    fdtFolder: entry.fdtFolder,
    bootArguments: entry.bootArguments,
    call: (field: keyof typeof uEnvFields) => `${uEnvFields[field]}${suffixOf(entry)}`,
  }));
  return [
    ...judgeEntries(entries, judgement.facts, judgement.expectation),
    ...judgeOtherLines(judgement.uEnv, judgement.imageText),
    ...judgeAgainstLoaderEntries(judgement.uEnv, judgement.loaderEntries),
  ];
}

/** The same for a board whose boot loader reads the entries themselves. */
export function judgeLoaderEntries(
  loaderEntries: readonly LoaderEntry[],
  facts: readonly EntryFacts[],
  expectation: Expectation,
): readonly string[] {
  const entries = loaderEntries.map((entry) => ({
    kernel: entry.linux,
    ramdisk: entry.initrd,
    fdt: null,
    fdtFolder: null,
    bootArguments: entry.options,
    call: (field: keyof typeof loaderFields) => `${loaderFields[field]} of ${entry.fileName}`,
  }));
  return judgeEntries(entries, facts, expectation);
}
