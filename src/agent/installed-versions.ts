/**
 * Which target runs on the primary: the content is a fact (booted commit, placed file), its name is what we remember.
 */
import { SotaError } from '../domain/errors/sota-error.js';
import type { StateStore } from '../ports/journal.js';

export interface InstalledVersion {
  readonly name: string;
  readonly sha256: string;
  readonly lengthBytes: number;
}

/** SHA-256 of nothing: the content of an ECU that has none. */
const emptySha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** aktualizr.md 3.2: what is reported when nothing is known. */
const unknownVersion: InstalledVersion = { name: 'unknown', sha256: emptySha256, lengthBytes: 0 };

const valueName = 'installedVersions';
const mostVersions = 100;

export class InstalledVersions {
  private readonly state: StateStore;

  constructor(state: StateStore) {
    this.state = state;
  }

  /** Remembers the name of a version, as the newest one. Call it inside a transaction with what made it true. */
  remember(version: InstalledVersion): void {
    const others = this.list().filter((known) => known.sha256 !== version.sha256 || known.name !== version.name);
    this.state.values.set(valueName, JSON.stringify([version, ...others].slice(0, mostVersions)));
  }

  /**
   * The version that runs: by the booted commit on an OSTree device, else the newest one that was placed.
   * @param bootedCommit null where the primary isn't an OSTree device.
   */
  current(bootedCommit: string | null): InstalledVersion {
    const known = this.list();
    if (bootedCommit === null) return known[0] ?? unknownVersion;
    return (
      known.find(({ sha256 }) => sha256 === bootedCommit) ?? { name: 'unknown', sha256: bootedCommit, lengthBytes: 0 }
    );
  }

  isKnown(sha256: string): boolean {
    return this.list().some((version) => version.sha256 === sha256);
  }

  /** Newest first. */
  list(): readonly InstalledVersion[] {
    const text = this.state.values.get(valueName);
    if (text === null) return [];
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value) && value.every(isInstalledVersion)) return value;
    throw new SotaError('STATE_DAMAGED', { message: `the state's value ${valueName} is no list of versions` });
  }
}

function isInstalledVersion(value: unknown): value is InstalledVersion {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    typeof value.name === 'string' &&
    'sha256' in value &&
    typeof value.sha256 === 'string' &&
    'lengthBytes' in value &&
    typeof value.lengthBytes === 'number'
  );
}
