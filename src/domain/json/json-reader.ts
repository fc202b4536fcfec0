/**
 * Typed reading of a JSON value. A reader knows where it stands in the document, so that each refusal names the path.
 * Refusals travel as an exception inside of `readJson` only; outside they are a Result.
 */
import { failure, success, type Result } from '../result.js';
import { isJsonArray, isJsonObject, JsonNumber, type JsonValue } from './json-value.js';
import { isNormalFormC } from './strict-parser.js';

class ShapeRefusal extends Error {}

/**
 * Reads a typed value out of a document.
 * @returns what `read` returns, or the first refusal: `<path> <what is wrong>`.
 */
export function readJson<Value>(value: JsonValue, read: (reader: JsonReader) => Value): Result<Value, string> {
  try {
    return success(read(new JsonReader(value, null, '')));
  } catch (error) {
    if (error instanceof ShapeRefusal) return failure(error.message);
    throw error;
  }
}

const shortestInteger = /^(?:0|[1-9][0-9]{0,15})$/;

export class JsonReader {
  constructor(
    readonly value: JsonValue,
    private readonly parent: JsonReader | null,
    private readonly name: string,
  ) {}

  /** Ends the reading. */
  refuse(reason: string): never {
    throw new ShapeRefusal(`${this.path()} ${reason}`);
  }

  /** A member that must be there. */
  member(name: string): JsonReader {
    const value = this.object().get(name);
    if (value === undefined) this.refuse(`lacks ${quoted(name)}`);
    return new JsonReader(value, this, name);
  }

  /** A member that may be absent or null. */
  optional(name: string): JsonReader | null {
    const value = this.object().get(name);
    return value === undefined || value === null ? null : new JsonReader(value, this, name);
  }

  /** All members with their names, at most so many. */
  members(maximum = Number.MAX_SAFE_INTEGER): readonly (readonly [string, JsonReader])[] {
    const object = this.object();
    if (object.size > maximum) this.refuse(`has more than ${maximum} members`);
    return [...object].map(([name, value]) => [name, new JsonReader(value, this, name)]);
  }

  /** All elements, at most so many. */
  elements(maximum = Number.MAX_SAFE_INTEGER): readonly JsonReader[] {
    if (!isJsonArray(this.value)) this.refuse('is not an array');
    if (this.value.length > maximum) this.refuse(`has more than ${maximum} elements`);
    return this.value.map((value, index) => new JsonReader(value, this, String(index)));
  }

  /** Text in Unicode normal form C (Uptane Standard 5.2), at most so many characters. */
  text(maximumLength = 4096): string {
    if (typeof this.value !== 'string') this.refuse('is not a string');
    if (this.value.length > maximumLength) this.refuse(`is longer than ${maximumLength} characters`);
    if (!isNormalFormC(this.value)) this.refuse('is not in Unicode normal form C');
    return this.value;
  }

  /** An integer in its shortest form, which no reader can take for another number; within the bounds. */
  integer(minimum: number, maximum: number): number {
    if (!(this.value instanceof JsonNumber)) this.refuse('is not a number');
    if (!shortestInteger.test(this.value.rawText)) this.refuse('is not an integer in its shortest form');
    const number = Number(this.value.rawText);
    if (!Number.isSafeInteger(number) || number < minimum || number > maximum) {
      this.refuse(`is not between ${minimum} and ${maximum}`);
    }
    return number;
  }

  boolean(): boolean {
    if (typeof this.value !== 'boolean') this.refuse('is not true or false');
    return this.value;
  }

  private object(): ReadonlyMap<string, JsonValue> {
    if (!isJsonObject(this.value)) this.refuse('is not an object');
    return this.value;
  }

  private path(): string {
    if (this.parent === null) return 'the document';
    const before = this.parent.parent === null ? '' : `${this.parent.path()}.`;
    return before + quoted(this.name);
  }
}

/** Names come from outside: anything unusual is escaped and cut before it gets into a message. */
function quoted(name: string): string {
  if (/^[A-Za-z0-9_.-]{1,80}$/.test(name)) return name;
  const cut = name.length > 80 ? `${name.slice(0, 80)}...` : name;
  return JSON.stringify(cut).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
