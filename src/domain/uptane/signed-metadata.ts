/**
 * One metadata file, opened: cap -> strict JSON -> shape, in this order (uptane.md 5). What is read here proves
 * nothing before `requireThreshold` accepted its signatures.
 */
import { readJson, type JsonReader } from '../json/json-reader.js';
import type { JsonValue } from '../json/json-value.js';
import { parseStrictJson } from '../json/strict-parser.js';
import type { Cryptography, DigestAlgorithm } from './cryptography.js';
import type { MetadataLimits } from './limits.js';
import type { MetadataSignature, Profile } from './profile.js';
import { inQuotes, reject, type Role } from './rejection.js';
import type { RepositoryName } from './trusted-metadata.js';
import { formatUtcTime, parseUtcTime } from './utc-time.js';

/** What every verification needs. */
export interface VerificationContext {
  readonly repository: RepositoryName;
  readonly profile: Profile;
  readonly cryptography: Cryptography;
  readonly limits: MetadataLimits;
  /** Milliseconds since the epoch, never below what is known to have passed (design rule 9). */
  readonly trustedNowMilliseconds: number;
}

export interface SignedMetadata<Body> {
  readonly role: Role;
  readonly bytes: Uint8Array;
  readonly version: number;
  readonly expiresMilliseconds: number;
  readonly body: Body;
  readonly document: JsonValue;
  /** The canonical text of the signed part: the message of the signatures. */
  readonly signedText: string;
  readonly signatures: readonly MetadataSignature[];
}

/** Reads the part of a role out of `signed`. */
export type BodyReader<Body> = (signed: JsonReader) => Body;

/** Opens a file of a role. */
export function openMetadata<Body>(
  context: VerificationContext,
  role: Role,
  bytes: Uint8Array,
  maximumBytes: number,
  readBody: BodyReader<Body>,
): SignedMetadata<Body> {
  const { profile, repository } = context;
  if (bytes.length > maximumBytes) {
    reject('HTTP_RESPONSE_TOO_LARGE', repository, role, `${bytes.length} bytes, at most ${maximumBytes} are taken`);
  }
  const parsed = parseStrictJson(bytes);
  if (!parsed.ok) {
    // A captive portal's HTML is a bad network, not an attack.
    const code = looksLikeObject(bytes) ? 'METADATA_MALFORMED' : 'HTTP_BAD_REPLY';
    return reject(code, repository, role, `not strict JSON: ${parsed.error}`);
  }
  const read = readJson(parsed.value, (document) => {
    const signed = document.member('signed');
    const type = signed.member('_type');
    if (!profile.isTypeOf(type.text(64), role))
      type.refuse(`is ${inQuotes(type.text(64))} and not of the role ${role}`);
    const signatures = document.member('signatures').elements(context.limits.signaturesPerFile);
    return {
      version: signed.member('version').integer(1, profile.maximumVersion),
      expiresMilliseconds: readExpiry(signed.member('expires')),
      signatures: signatures.map((signature) => profile.readSignature(signature)),
      body: readBody(signed),
      signed: signed.value,
    };
  });
  if (!read.ok) return reject('METADATA_MALFORMED', repository, role, read.error);
  const { signed, ...rest } = read.value;
  requireDistinctKeyIds(context, role, rest.signatures);
  return { ...rest, role, bytes, document: parsed.value, signedText: profile.canonicalText(signed) };
}

/** @throws RejectedMetadata METADATA_EXPIRED when the date of a file has come (TUF 5.3.10, Uptane 5.4.4). */
export function requireUnexpired(context: VerificationContext, metadata: SignedMetadata<unknown>): void {
  if (context.trustedNowMilliseconds < metadata.expiresMilliseconds) return;
  const expired = formatUtcTime(metadata.expiresMilliseconds);
  const now = formatUtcTime(context.trustedNowMilliseconds);
  reject('METADATA_EXPIRED', context.repository, metadata.role, `expired ${expired}, it is ${now}`);
}

/** The digest of a file as the list above it counts it (aktualizr.md 4.2). */
export function listedDigest(
  context: VerificationContext,
  metadata: SignedMetadata<unknown>,
  algorithm: DigestAlgorithm,
): string {
  const text = context.profile.listedText(metadata.document, metadata.signedText, metadata.bytes);
  return context.cryptography.digest(algorithm, typeof text === 'string' ? new TextEncoder().encode(text) : text);
}

function readExpiry(expires: JsonReader): number {
  const milliseconds = parseUtcTime(expires.text(64));
  if (milliseconds === null) expires.refuse('is not a time of the form YYYY-MM-DDTHH:MM:SSZ');
  return milliseconds;
}

/** A key id given twice makes the file invalid (aktualizr.md 4.3). */
function requireDistinctKeyIds(
  context: VerificationContext,
  role: Role,
  signatures: readonly MetadataSignature[],
): void {
  if (new Set(signatures.map((signature) => signature.keyId)).size === signatures.length) return;
  reject('METADATA_SIGNATURE', context.repository, role, 'two signatures have one key id');
}

/** Is the first byte that isn't white space a brace? */
function looksLikeObject(bytes: Uint8Array): boolean {
  const first = bytes.find((byte) => byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09);
  return first === 0x7b;
}
