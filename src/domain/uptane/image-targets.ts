/** The image repository's targets file: all that was ever released (Uptane 5.2.3, aktualizr.md 4.6). */
import type { JsonReader } from '../json/json-reader.js';
import { openMetadata, type SignedMetadata, type VerificationContext } from './signed-metadata.js';
import { readFormat, readHashes, readLength, readUri, type OptionalHashes } from './target-fields.js';

export interface ImageTarget {
  readonly name: string;
  readonly length: number;
  readonly hashes: OptionalHashes;
  readonly hardwareIds: readonly string[];
  /** May be one that this product doesn't know. */
  readonly format: string | null;
  readonly uri: string | null;
}

export interface ImageTargetsBody {
  /** The wanted ones among those at the top level. Delegations aren't followed yet. */
  readonly found: ReadonlyMap<string, ImageTarget>;
}

export type ImageTargetsMetadata = SignedMetadata<ImageTargetsBody>;

/** Opens the file; length and hashes of every target must be sound, the rest is read of the wanted ones only. */
export function openImageTargets(
  context: VerificationContext,
  bytes: Uint8Array,
  wanted: ReadonlySet<string>,
): ImageTargetsMetadata {
  return openMetadata(context, 'targets', bytes, context.limits.imageTargetsBytes, (signed) => {
    const found = new Map<string, ImageTarget>();
    for (const [name, target] of signed.member('targets').members()) {
      const length = readLength(target);
      const hashes = readHashes(target.member('hashes'));
      if (wanted.has(name)) found.set(name, { name, length, hashes, ...readCustom(target.optional('custom')) });
    }
    return { found };
  });
}

function readCustom(custom: JsonReader | null): Pick<ImageTarget, 'hardwareIds' | 'format' | 'uri'> {
  const hardwareIds = custom?.optional('hardwareIds')?.elements() ?? [];
  return {
    hardwareIds: hardwareIds.map((hardwareId) => hardwareId.text()),
    format: readFormat(custom),
    uri: readUri(custom),
  };
}
