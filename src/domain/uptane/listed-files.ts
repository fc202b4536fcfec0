/** Timestamp and snapshot: lists of what the other files are (Uptane 5.2.4, 5.2.5). */
import type { JsonReader } from '../json/json-reader.js';
import { inQuotes, reject, type Role } from './rejection.js';
import { listedDigest, openMetadata, type SignedMetadata, type VerificationContext } from './signed-metadata.js';
import { readHashes, type OptionalHashes } from './target-fields.js';

/** What a list says about a file. Lengths aren't used: they count canonical or raw bytes, by server (aktualizr.md 4.2). */
export interface ListedFile {
  readonly version: number;
  readonly hashes: OptionalHashes;
}

export interface TimestampBody {
  readonly snapshot: ListedFile;
}

export interface SnapshotBody {
  readonly files: ReadonlyMap<string, ListedFile>;
  readonly targets: ListedFile;
}

export type TimestampMetadata = SignedMetadata<TimestampBody>;
export type SnapshotMetadata = SignedMetadata<SnapshotBody>;

export function openTimestamp(context: VerificationContext, bytes: Uint8Array): TimestampMetadata {
  return openMetadata(context, 'timestamp', bytes, context.limits.timestampBytes, (signed) => {
    const entry = signed.member('meta').member('snapshot.json');
    const snapshot = readListedFile(context, entry);
    if (snapshot.hashes.sha256 === null && snapshot.hashes.sha512 === null) entry.refuse('has no known hash');
    return { snapshot };
  });
}

export function openSnapshot(context: VerificationContext, bytes: Uint8Array): SnapshotMetadata {
  return openMetadata(context, 'snapshot', bytes, context.limits.snapshotBytes, (signed) => {
    const files = new Map<string, ListedFile>();
    for (const [name, entry] of signed.member('meta').members()) files.set(name, readListedFile(context, entry));
    return { files, targets: readListedFile(context, signed.member('meta').member('targets.json')) };
  });
}

/** @throws RejectedMetadata METADATA_MISMATCH when a file isn't the listed one (Uptane 5.4.4.5, 5.4.4.6). */
export function requireListed(
  context: VerificationContext,
  metadata: SignedMetadata<unknown>,
  listed: ListedFile,
  list: Role,
): void {
  const difference = differenceToListed(context, metadata, listed);
  if (difference !== null) {
    reject('METADATA_MISMATCH', context.repository, metadata.role, `${difference} is not the one in the ${list}`);
  }
}

/** @returns what differs, or null. Every hash that is listed must be right. */
export function differenceToListed(
  context: VerificationContext,
  metadata: SignedMetadata<unknown>,
  listed: ListedFile,
): string | null {
  if (metadata.version !== listed.version) return `version ${metadata.version}`;
  for (const algorithm of ['sha256', 'sha512'] as const) {
    const hash = listed.hashes[algorithm];
    if (hash !== null && hash !== listedDigest(context, metadata, algorithm)) return `its ${algorithm}`;
  }
  return null;
}

/** @throws RejectedMetadata METADATA_ROLLBACK when an entry vanished or became older (Uptane 5.4.4.5 step 6 and 7). */
export function requireNothingLost(
  context: VerificationContext,
  before: SnapshotMetadata,
  after: SnapshotMetadata,
): void {
  for (const [name, was] of before.body.files) {
    const is = after.body.files.get(name);
    if (is === undefined) {
      reject('METADATA_ROLLBACK', context.repository, 'snapshot', `${inQuotes(name)} is not listed any more`);
    }
    if (is.version < was.version) {
      const reason = `${inQuotes(name)} is listed with version ${is.version} after ${was.version}`;
      reject('METADATA_ROLLBACK', context.repository, 'snapshot', reason);
    }
  }
}

function readListedFile(context: VerificationContext, entry: JsonReader): ListedFile {
  const hashes = entry.optional('hashes');
  return {
    version: entry.member('version').integer(1, context.profile.maximumVersion),
    hashes: hashes === null ? { sha256: null, sha512: null } : readHashes(hashes),
  };
}
