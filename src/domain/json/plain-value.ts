/** From objects that the product builds itself to the JSON that it signs. */
import { JsonNumber, maximumJsonDepth, type JsonValue } from './json-value.js';

/**
 * Members that are undefined are left out; JSON values (maps, numbers with their text) inside are taken as they are.
 * @throws TypeError for what can't be signed the same way everywhere: numbers that aren't safe integers, text with
 * lone surrogates, functions, class instances, nesting over 32. That is a bug of the caller.
 */
export function fromPlainValue(value: unknown): JsonValue {
  return convert(value, 0);
}

function convert(value: unknown, depth: number): JsonValue {
  if (value === null || typeof value === 'boolean' || value instanceof JsonNumber) return value;
  if (typeof value === 'string') return wellFormed(value);
  if (typeof value === 'number') return integer(value);
  if (typeof value !== 'object') throw new TypeError(`${typeof value} has no JSON form`);
  if (depth === maximumJsonDepth) throw new TypeError(`nesting over ${maximumJsonDepth}`);
  if (Array.isArray(value)) return value.map((element) => convert(element, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
  if (!(value instanceof Map) && !isPlain) throw new TypeError('a class instance has no JSON form');
  const members = new Map<string, JsonValue>();
  for (const [name, member] of value instanceof Map ? (value as Map<unknown, unknown>) : Object.entries(value)) {
    if (typeof name !== 'string') throw new TypeError('the names of a JSON object are strings');
    if (member !== undefined) members.set(wellFormed(name), convert(member, depth + 1));
  }
  return members;
}

function integer(value: number): JsonNumber {
  if (!Number.isSafeInteger(value)) throw new TypeError(`${value} is not a safe integer`);
  return new JsonNumber(String(value));
}

const loneSurrogate = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

function wellFormed(text: string): string {
  if (loneSurrogate.test(text)) throw new TypeError('text with a lone surrogate has no UTF-8 form');
  return text;
}
