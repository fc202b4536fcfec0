/** Fields that targets of both repositories share (aktualizr.md 4.6). */
import type { JsonReader } from '../json/json-reader.js';

export interface OptionalHashes {
  readonly sha256: string | null;
  readonly sha512: string | null;
}

/** Known hashes in lower case; other algorithms are passed over. */
export function readHashes(hashes: JsonReader): OptionalHashes {
  return { sha256: readHash(hashes, 'sha256', 64), sha512: readHash(hashes, 'sha512', 128) };
}

function readHash(hashes: JsonReader, algorithm: string, digits: number): string | null {
  const reader = hashes.optional(algorithm);
  if (reader === null) return null;
  const hash = reader.text(digits).toLowerCase();
  if (hash.length !== digits || !/^[0-9a-f]+$/.test(hash)) reader.refuse(`is not ${digits} hexadecimal digits`);
  return hash;
}

/** Bytes, in the shortest form of an integer. */
export function readLength(target: JsonReader): number {
  return target.member('length').integer(0, Number.MAX_SAFE_INTEGER);
}

/** The address of a target; the placeholder of old servers counts as none (aktualizr.md 4.6). */
export function readUri(custom: JsonReader | null): string | null {
  const reader = custom?.optional('uri') ?? null;
  if (reader === null) return null;
  const uri = reader.text(2048);
  if (uri === '' || uri === 'https://example.com/') return null;
  if (!/^[!-~]+$/.test(uri)) reader.refuse('is not a URI: it has characters that a URI escapes');
  return uri;
}

/** The kind of a target; absent, null and empty mean that nothing is said. */
export function readFormat(custom: JsonReader | null): string | null {
  const format = custom?.optional('targetFormat')?.text(64) ?? '';
  return format === '' ? null : format;
}

const maximumNameBytes = 4096;

/**
 * @returns in words why a target name can't be asked for, or null. Names become URLs: each part between slashes must
 * be one that no server and no library resolves away (uptane.md 5).
 */
export function targetNameRefusal(name: string): string | null {
  if (new TextEncoder().encode(name).length > maximumNameBytes) return `is longer than ${maximumNameBytes} bytes`;
  for (let index = 0; index < name.length; index += 1) {
    const unit = name.charCodeAt(index);
    if (unit < 0x20 || (unit >= 0x7f && unit <= 0x9f)) return 'has a control character';
  }
  const parts = name.split('/');
  if (parts.includes('')) return 'has an empty part';
  return parts.some((part) => part === '.' || part === '..') ? 'has a part that climbs' : null;
}
