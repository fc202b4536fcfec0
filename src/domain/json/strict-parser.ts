/**
 * The strict JSON reader (RFC 8259 and nothing more lenient). It refuses what other readers understand in two ways:
 * duplicate member names, invalid UTF-8, a byte order mark, lone surrogates, bytes after the document, names that are
 * not in normal form C (Uptane Standard 5.2), nesting over 32. Linear in the length of the document, never throws.
 */
import { failure, success, type Result } from '../result.js';
import { JsonNumber, maximumJsonDepth, type JsonObject, type JsonValue } from './json-value.js';

/** @returns the document, or in words what is wrong with it and at which character. */
export function parseStrictJson(bytes: Uint8Array): Result<JsonValue, string> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // The decoder has no other reason to throw.
    return failure('is not valid UTF-8');
  }
  try {
    return success(new Scanner(text).document());
  } catch (error) {
    if (error instanceof SyntaxRefusal) return failure(error.message);
    throw error;
  }
}

/** Never leaves this file. */
class SyntaxRefusal extends Error {}

const code = (character: string): number => character.charCodeAt(0);
const quote = code('"');
const backslash = code('\\');
const escapes = new Map([
  [quote, '"'],
  [backslash, '\\'],
  [code('/'), '/'],
  [code('b'), '\b'],
  [code('f'), '\f'],
  [code('n'), '\n'],
  [code('r'), '\r'],
  [code('t'), '\t'],
]);
const numberForm = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const hexadecimalForm = /[0-9a-fA-F]{4}/y;
const literals: readonly (readonly [string, JsonValue])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];

class Scanner {
  private position = 0;

  constructor(private readonly text: string) {}

  document(): JsonValue {
    if (this.text.startsWith('\ufeff')) this.refuse('byte order mark');
    const value = this.value(0);
    this.skipSpace();
    if (this.position < this.text.length) this.refuse('something follows the document');
    return value;
  }

  private refuse(reason: string): never {
    throw new SyntaxRefusal(`${reason} at character ${this.position}`);
  }

  private skipSpace(): void {
    for (;;) {
      const next = this.text.charCodeAt(this.position);
      if (next !== 0x20 && next !== 0x0a && next !== 0x0d && next !== 0x09) return;
      this.position += 1;
    }
  }

  private take(character: string): boolean {
    if (this.text[this.position] !== character) return false;
    this.position += 1;
    return true;
  }

  private expect(character: string): void {
    if (!this.take(character)) this.refuse(`"${character}" missing`);
  }

  private value(depth: number): JsonValue {
    this.skipSpace();
    const first = this.text[this.position];
    if (first === '{' || first === '[') {
      if (depth === maximumJsonDepth) this.refuse(`nesting over ${maximumJsonDepth}`);
      this.position += 1;
      return first === '{' ? this.object(depth + 1) : this.array(depth + 1);
    }
    if (first === '"') return this.string();
    for (const [word, value] of literals) {
      if (this.text.startsWith(word, this.position)) {
        this.position += word.length;
        return value;
      }
    }
    return this.number();
  }

  private object(depth: number): JsonObject {
    const members = new Map<string, JsonValue>();
    this.skipSpace();
    if (this.take('}')) return members;
    do {
      this.skipSpace();
      const name = this.string();
      if (members.has(name)) this.refuse('member name given twice');
      if (!isNormalFormC(name)) this.refuse('member name not in Unicode normal form C');
      this.skipSpace();
      this.expect(':');
      members.set(name, this.value(depth));
      this.skipSpace();
    } while (this.take(','));
    this.expect('}');
    return members;
  }

  private array(depth: number): readonly JsonValue[] {
    const elements: JsonValue[] = [];
    this.skipSpace();
    if (this.take(']')) return elements;
    do {
      elements.push(this.value(depth));
      this.skipSpace();
    } while (this.take(','));
    this.expect(']');
    return elements;
  }

  private number(): JsonNumber {
    numberForm.lastIndex = this.position;
    const found = numberForm.exec(this.text);
    if (found === null) this.refuse('no JSON value');
    this.position += found[0].length;
    return new JsonNumber(found[0]);
  }

  private string(): string {
    this.expect('"');
    let start = this.position;
    let done = '';
    for (;;) {
      const next = this.text.charCodeAt(this.position);
      if (next === quote) {
        done += this.text.slice(start, this.position);
        this.position += 1;
        return done;
      }
      if (Number.isNaN(next)) this.refuse('string without end');
      if (next < 0x20) this.refuse('control character in a string');
      if (next === backslash) {
        done += this.text.slice(start, this.position) + this.escape();
        start = this.position;
      } else {
        this.position += 1;
      }
    }
  }

  private escape(): string {
    this.position += 1;
    const kind = this.text.charCodeAt(this.position);
    this.position += 1;
    const simple = escapes.get(kind);
    if (simple !== undefined) return simple;
    if (kind !== code('u')) this.refuse('unknown escape');
    const unit = this.hexadecimalUnit();
    if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit);
    // A surrogate counts only as a whole pair, both halves escaped: the text itself is valid UTF-8 and holds none.
    if (unit > 0xdbff || !this.take('\\') || !this.take('u')) this.refuse('lone surrogate');
    const low = this.hexadecimalUnit();
    if (low < 0xdc00 || low > 0xdfff) this.refuse('lone surrogate');
    return String.fromCharCode(unit, low);
  }

  private hexadecimalUnit(): number {
    hexadecimalForm.lastIndex = this.position;
    const found = hexadecimalForm.exec(this.text);
    if (found === null) this.refuse('\\u without four hexadecimal digits');
    this.position += 4;
    return Number.parseInt(found[0], 16);
  }
}

/** Is the text in Unicode normal form C (Uptane Standard 5.2, RFC 5198)? */
export function isNormalFormC(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) > 0x7f) return text.normalize('NFC') === text;
  }
  return true;
}
