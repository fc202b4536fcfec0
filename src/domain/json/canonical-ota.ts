/**
 * The canonical form of the `ota` profile, what aktualizr and the servers of its family sign (aktualizr.md 4.1):
 * names sorted by their UTF-8 bytes, no space, everything outside ASCII escaped as lower-case `\uxxxx`. Numbers are
 * printed with the text they came with, so that reading them never changes what was signed. The result is pure ASCII.
 */
import { isJsonArray, isJsonObject, JsonNumber, type JsonObject, type JsonValue } from './json-value.js';

/** The canonical text of a value. */
export function printCanonicalOta(value: JsonValue): string {
  if (typeof value === 'string') return printString(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (value instanceof JsonNumber) return value.rawText;
  if (isJsonArray(value)) return `[${value.map(printCanonicalOta).join(',')}]`;
  if (isJsonObject(value)) return printObject(value);
  throw new TypeError('not a JSON value: plain objects go through fromPlainValue');
}

/** The canonical text as bytes: what is signed and hashed. */
export function canonicalOtaBytes(value: JsonValue): Uint8Array {
  return new TextEncoder().encode(printCanonicalOta(value));
}

function printObject(object: JsonObject): string {
  let text = '';
  for (const name of sortedByUtf8([...object.keys()])) {
    const member = object.get(name);
    if (member === undefined) continue;
    text += `${text === '' ? '' : ','}${printString(name)}:${printCanonicalOta(member)}`;
  }
  return `{${text}}`;
}

const surrogate = /[\ud800-\udfff]/;

/** The order of UTF-8 bytes is that of code points; UTF-16 units, JavaScript's own order, differ above U+FFFF. */
function sortedByUtf8(names: string[]): string[] {
  // Servers write sorted names: then there is nothing to sort, unless a surrogate hides another order.
  if (names.every((name, index) => index === 0 || (names[index - 1] ?? '') < name)) {
    return names.some((name) => surrogate.test(name)) ? names.sort(compareCodePoints) : names;
  }
  return names.some((name) => surrogate.test(name)) ? names.sort(compareCodePoints) : names.sort();
}

function compareCodePoints(left: string, right: string): number {
  const shorter = Math.min(left.length, right.length);
  for (let index = 0; index < shorter; index += 1) {
    // Up to the first difference both are equal, so a difference in a low half has equal high halves before it.
    const difference = orderOfUnit(left.charCodeAt(index)) - orderOfUnit(right.charCodeAt(index));
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Moves surrogates, which stand for code points above all others, behind U+FFFF. */
function orderOfUnit(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

const plain = /^[ !#-[\]-\x7f]*$/;
const special = /["\\]|[^ -\x7f]/g;
const shortEscapes: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

function printString(text: string): string {
  if (plain.test(text)) return `"${text}"`;
  return `"${text.replace(special, escapeUnit)}"`;
}

function escapeUnit(unit: string): string {
  return shortEscapes.get(unit) ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
