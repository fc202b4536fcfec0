// For development only: never part of what runs on a device.
import type { JsonValue } from '../../../domain/json/json-value.js';
import { isJsonArray, isJsonObject, JsonNumber } from '../../../domain/json/json-value.js';
import { readJson, type JsonReader } from '../../../domain/json/json-reader.js';
import { parseStrictJson } from '../../../domain/json/strict-parser.js';
import { BackendError } from '../backend-error.js';

/** Strict JSON of a request, or an answer 400. */
export function parseBody(body: Buffer): JsonValue {
  const parsed = parseStrictJson(body);
  if (!parsed.ok) {
    throw new BackendError(400, 'invalid_json', `the body ${parsed.error}`);
  }
  return parsed.value;
}

/** A typed value of a request, or an answer 400 that names the member. */
export function readBody<Value>(value: JsonValue, read: (reader: JsonReader) => Value): Value {
  const result = readJson(value, read);
  if (!result.ok) {
    throw new BackendError(400, 'invalid_entity', `the body: ${result.error}`);
  }
  return result.value;
}

/** For storing and showing: ordinary values, in which numbers may lose digits. */
export function toPlain(value: JsonValue): unknown {
  if (value instanceof JsonNumber) {
    return Number(value.rawText);
  }
  if (isJsonArray(value)) {
    return value.map(toPlain);
  }
  return isJsonObject(value) ? Object.fromEntries([...value].map(([name, member]) => [name, toPlain(member)])) : value;
}
