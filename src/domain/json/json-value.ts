/**
 * JSON as it was signed: numbers keep the text they were written in, objects are maps, so that no name can reach a
 * prototype and no number is rounded before its signature was checked.
 */
export class JsonNumber {
  /** Exactly the characters of the document. */
  readonly rawText: string;

  constructor(rawText: string) {
    this.rawText = rawText;
  }
}

export type JsonObject = ReadonlyMap<string, JsonValue>;

export type JsonValue = null | boolean | string | JsonNumber | readonly JsonValue[] | JsonObject;

/** Deeper nesting is refused when reading and a bug when writing. */
export const maximumJsonDepth = 32;

/** Narrowing for an object; `instanceof Map` alone loses the member types. */
export function isJsonObject(value: JsonValue): value is JsonObject {
  return value instanceof Map;
}

/** Narrowing for an array; `Array.isArray` alone does not narrow a readonly one. */
export function isJsonArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
