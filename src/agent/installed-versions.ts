/**
 * Which target runs on the primary: the content is a fact (booted commit, placed file), its name is what we remember.
 */
import { SotaError } from '../domain/errors/sota-error.js';
import { unknownImage, type InstalledImage } from '../domain/uptane/manifest.js';
import type { StateStore } from '../ports/journal.js';

const valueName = 'installedVersions';
const mostVersions = 100;

export class InstalledVersions {
  private readonly state: StateStore;

  constructor(state: StateStore) {
    this.state = state;
  }

  /** Remembers the name of a version, as the newest one. Call it inside a transaction with what made it true. */
  remember(version: InstalledImage): void {
    const others = this.list().filter((known) => known.sha256 !== version.sha256 || known.name !== version.name);
    this.state.values.set(valueName, JSON.stringify([version, ...others].slice(0, mostVersions)));
  }

  /**
   * The version that runs: by the booted commit on an OSTree device, else the newest one that was placed.
   * @param bootedCommit null where the primary isn't an OSTree device.
   */
  current(bootedCommit: string | null): InstalledImage {
    const known = this.list();
    if (bootedCommit === null) return known[0] ?? unknownImage;
    return known.find(({ sha256 }) => sha256 === bootedCommit) ?? { ...unknownImage, sha256: bootedCommit };
  }

  isKnown(sha256: string): boolean {
    return this.list().some((version) => version.sha256 === sha256);
  }

  /** Newest first. */
  list(): readonly InstalledImage[] {
    const text = this.state.values.get(valueName);
    if (text === null) return [];
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value) && value.every(isInstalledVersion)) return value;
    throw new SotaError('STATE_DAMAGED', { message: `the state's value ${valueName} is no list of versions` });
  }
}

function isInstalledVersion(value: unknown): value is InstalledImage {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    typeof value.name === 'string' &&
    'sha256' in value &&
    typeof value.sha256 === 'string' &&
    'length' in value &&
    typeof value.length === 'number'
  );
}
