// For development only: never part of what runs on a device.
import { canonicalOtaBytes } from '../../../domain/json/canonical-ota.js';
import { fromPlainValue } from '../../../domain/json/plain-value.js';

/** What JSON can say. */
export type PlainValue = string | number | boolean | null | readonly PlainValue[] | PlainObject;
export interface PlainObject {
  readonly [name: string]: PlainValue;
}

/** The canonical form that is signed and served (aktualizr.md 4.1). */
export function canonicalBytes(value: PlainObject): Buffer {
  return Buffer.from(canonicalOtaBytes(fromPlainValue(value)));
}
