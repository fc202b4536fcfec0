/**
 * `<import>/installed_versions` gives the version that an image was built with the name of its target (aktualizr.md
 * 5.6), so that it can be reported under it. Read once, while nothing else is known of installed versions; then the file
 * is removed, as by the ancestor: it would tell of the past.
 */
import { SotaError } from '../domain/errors/sota-error.js';
import { readJson, type JsonReader } from '../domain/json/json-reader.js';
import { parseStrictJson } from '../domain/json/strict-parser.js';
import type { InstalledImage } from '../domain/uptane/manifest.js';
import type { Files } from '../ports/files.js';
import type { StateStore } from '../ports/journal.js';
import type { Logger } from '../ports/logger.js';
import { asSotaError } from './failure.js';
import type { InstalledVersions } from './installed-versions.js';

const mostBytes = 1024 * 1024;

export interface ImportedVersionsParts {
  readonly files: Files;
  /** `import.base_path`. */
  readonly folder: string;
  readonly installed: InstalledVersions;
  readonly state: StateStore;
  readonly logger: Logger;
}

/** Imports the names, if there are any. Never throws: without them the version merely has no name. */
export async function importInstalledVersions(parts: ImportedVersionsParts): Promise<void> {
  const { files, folder, installed, state, logger } = parts;
  const path = `${folder}/installed_versions`;
  try {
    const bytes = await files.read(path, mostBytes);
    if (bytes === null) return;
    if (installed.list().length === 0) {
      const versions = parseInstalledVersions(bytes, path);
      state.transaction(() => {
        for (const version of versions) installed.remember(version);
      });
      logger.info(`${path}: ${versions.map(({ name }) => name).join(', ')}`);
    }
    await files.remove(path);
  } catch (error) {
    const { code, message } = asSotaError(error);
    logger.warning(`installed versions were not imported: ${message}`, { code });
  }
}

/**
 * Both forms: `{"<sha256>":"<name>"}` and `{"<name>":{"hashes":{"sha256":…},"length":N,"is_current":true}}`.
 * @returns the current one last, so that it ends up as the newest.
 * @throws SotaError FILE_UNREADABLE
 */
export function parseInstalledVersions(bytes: Uint8Array, path: string): readonly InstalledImage[] {
  const document = parseStrictJson(bytes);
  if (!document.ok) throw unreadable(path, 'is no JSON');
  const read = readJson(document.value, (reader) => reader.members().map(([name, value]) => readVersion(name, value)));
  if (!read.ok) throw unreadable(path, 'is neither form of installed_versions');
  const versions = [...read.value].sort((one, other) => Number(one.isCurrent) - Number(other.isCurrent));
  return versions.map(({ name, sha256, length }) => ({ name, sha256, length }));
}

function readVersion(member: string, value: JsonReader): InstalledImage & { readonly isCurrent: boolean } {
  if (typeof value.value === 'string') {
    return { name: value.text(), sha256: hash(member, value), length: 0, isCurrent: false };
  }
  return {
    name: member,
    sha256: hash(value.member('hashes').member('sha256').text(), value),
    length: value.member('length').integer(0, Number.MAX_SAFE_INTEGER),
    isCurrent: value.optional('is_current')?.boolean() ?? false,
  };
}

function hash(text: string, reader: JsonReader): string {
  const lower = text.toLowerCase();
  return /^[0-9a-f]{64}$/.test(lower) ? lower : reader.refuse('has no SHA-256');
}

function unreadable(path: string, reason: string): SotaError {
  return new SotaError('FILE_UNREADABLE', { message: `${path} ${reason}` });
}
