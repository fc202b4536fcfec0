import { SotaError } from '../../domain/errors/sota-error.js';
import type {
  AppendedRoot,
  KeptFile,
  RepositoryName,
  TrustedRepository,
} from '../../domain/uptane/trusted-metadata.js';

/** Which file of a generation holds which metadata. */

const rootPattern = /^(director|image)\/([1-9]\d{0,8})\.root\.json$/;

function rootName(repository: RepositoryName, version: number): string {
  return `${repository}/${version}.root.json`;
}

function keptName(file: KeptFile): string {
  return `${file.repository}/${file.role}.json`;
}

/** What a generation's files say about one repository. */
export function trustedRepository(
  repository: RepositoryName,
  contents: ReadonlyMap<string, Buffer>,
): TrustedRepository {
  const roots = [...contents]
    .flatMap(([name, bytes]) => {
      const match = rootPattern.exec(name);
      return match?.[1] === repository ? [{ version: Number(match[2]), bytes }] : [];
    })
    .sort((left, right) => left.version - right.version);
  return {
    roots,
    timestamp: contents.get(`${repository}/timestamp.json`) ?? null,
    snapshot: contents.get(`${repository}/snapshot.json`) ?? null,
    targets: contents.get(`${repository}/targets.json`) ?? null,
  };
}

/**
 * Adds a root, whose version must be one more than the newest; the very same root once more changes nothing.
 * @throws SotaError METADATA_ROOT_CHAIN.
 */
function appendRoot(contents: Map<string, Buffer>, root: AppendedRoot): void {
  const name = rootName(root.repository, root.version);
  const present = contents.get(name);
  if (present?.equals(root.bytes) === true) return;
  const newest = trustedRepository(root.repository, contents).roots.at(-1)?.version;
  const isNext = newest === undefined ? root.version >= 1 : root.version === newest + 1;
  if (!isNext || !Number.isSafeInteger(root.version)) {
    throw new SotaError('METADATA_ROOT_CHAIN', {
      message: `${name} can not be kept after version ${newest ?? 'none'}: trusted roots are only added one by one`,
    });
  }
  contents.set(name, Buffer.from(root.bytes));
}

/** The contents after a change; the given map stays as it is. @throws SotaError METADATA_ROOT_CHAIN. */
export function changedContents(
  contents: ReadonlyMap<string, Buffer>,
  roots: readonly AppendedRoot[],
  files: readonly KeptFile[],
): Map<string, Buffer> {
  const changed = new Map(contents);
  for (const root of roots) appendRoot(changed, root);
  for (const file of files) {
    if (file.bytes === null) changed.delete(keptName(file));
    else changed.set(keptName(file), Buffer.from(file.bytes));
  }
  return changed;
}
