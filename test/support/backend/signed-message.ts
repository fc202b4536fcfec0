// For development only: what the signatures of a metadata file cover.
import { canonicalOtaBytes } from '../../../src/domain/json/canonical-ota.js';
import { isJsonObject } from '../../../src/domain/json/json-value.js';
import { parseStrictJson } from '../../../src/domain/json/strict-parser.js';

/** The canonical bytes of `signed`. */
export function signedMessage(bytes: Buffer): Buffer {
  const parsed = parseStrictJson(bytes);
  const signed = parsed.ok && isJsonObject(parsed.value) ? parsed.value.get('signed') : undefined;
  if (signed === undefined) {
    throw new Error('no signed document');
  }
  return Buffer.from(canonicalOtaBytes(signed));
}
