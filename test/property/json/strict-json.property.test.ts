import fc from 'fast-check';
import { printCanonicalOta } from '../../../src/domain/json/canonical-ota.js';
import { isJsonArray, isJsonObject, JsonNumber, type JsonValue } from '../../../src/domain/json/json-value.js';
import { fromPlainValue } from '../../../src/domain/json/plain-value.js';
import { parseStrictJson } from '../../../src/domain/json/strict-parser.js';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
/** Encoding replaces lone surrogates. */
const wellFormed = (text: string): string => new TextDecoder().decode(encode(text));

/** What JSON.parse would have made of it. */
function toPlain(value: JsonValue): unknown {
  if (value instanceof JsonNumber) return Number(value.rawText);
  if (isJsonArray(value)) return value.map(toPlain);
  if (isJsonObject(value)) return Object.fromEntries([...value].map(([name, member]) => [name, toPlain(member)]));
  return value;
}

/** Text that is nearly JSON: pieces of it in any order. */
const jsonLike = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '"',
        '\\',
        ' ',
        '\\u',
        'd83d',
        'true',
        'null',
        '0',
        '-',
        '1e5',
        '.',
        '\u0000',
        '"a":',
        '{"b":',
      ),
      fc.string({ unit: 'binary', maxLength: 3 }),
    ),
    { maxLength: 30 },
  )
  .map((pieces) => pieces.join(''));

const wellFormedText = fc.string({ unit: 'grapheme', maxLength: 8 });
const signable = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    wellFormedText,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      wellFormedText.map((text) => text.normalize('NFC')),
      tie('value'),
      { maxKeys: 4 },
    ),
  ),
})).value;

describe('the strict parser', () => {
  test('never throws and agrees with JSON.parse on what it accepts', () => {
    fc.assert(
      fc.property(fc.oneof(jsonLike, fc.json(), fc.string()), (text) => {
        const result = parseStrictJson(encode(text));
        if (result.ok) expect(toPlain(result.value)).toEqual(JSON.parse(wellFormed(text)));
      }),
      { numRuns: 3_000 },
    );
  });

  test('never throws on arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(typeof parseStrictJson(bytes).ok).toBe('boolean');
      }),
      { numRuns: 3_000 },
    );
  });

  test('accepts what JSON.stringify writes of signable values', () => {
    fc.assert(
      fc.property(signable, (value) => {
        const result = parseStrictJson(encode(JSON.stringify(value)));
        expect(result.ok && printCanonicalOta(result.value)).toBe(printCanonicalOta(fromPlainValue(value)));
      }),
    );
  });
});

describe('the canonical form', () => {
  test('is ASCII, means the same and is its own canonical form', () => {
    fc.assert(
      fc.property(signable, (value) => {
        const printed = printCanonicalOta(fromPlainValue(value));
        expect(printed).toMatch(/^[ -\x7f]*$/);
        expect(JSON.parse(printed)).toEqual(JSON.parse(JSON.stringify(value)));
        const again = parseStrictJson(encode(printed));
        expect(again.ok && printCanonicalOta(again.value)).toBe(printed);
      }),
    );
  });

  test('has its names in the order of their UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ unit: 'binary', maxLength: 4 }), { maxLength: 12 }), (names) => {
        const distinct = [...new Set(names.map(wellFormed))];
        const printed = printCanonicalOta(new Map(distinct.map((name) => [`k${name}`, null])));
        const sorted = distinct
          .map((name) => `k${name}`)
          .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
        expect(Object.keys(JSON.parse(printed) as object)).toEqual(sorted);
      }),
    );
  });
});
