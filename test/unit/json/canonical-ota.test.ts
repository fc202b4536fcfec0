import { createHash } from 'node:crypto';
import { printCanonicalOta } from '../../../src/domain/json/canonical-ota.js';
import { JsonNumber } from '../../../src/domain/json/json-value.js';
import { fromPlainValue } from '../../../src/domain/json/plain-value.js';
import { parseStrictJson } from '../../../src/domain/json/strict-parser.js';

const canonical = (text: string): string => {
  const result = parseStrictJson(new TextEncoder().encode(text));
  if (!result.ok) throw new Error(result.error);
  return printCanonicalOta(result.value);
};

describe('printCanonicalOta', () => {
  test('sorts names and leaves spaces out', () => {
    expect(canonical(' { "b" : [ 1 , { "d":null , "c":true } ] , "a" : "x" } ')).toBe(
      '{"a":"x","b":[1,{"c":true,"d":null}]}',
    );
  });

  test('escapes as jsoncpp does: the measured name of uptane-generator', () => {
    expect(canonical('"tö€😀"')).toBe('"t\\u00f6\\u20ac\\ud83d\\ude00"');
    expect(canonical('"\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\\u007f"')).toBe(
      '"\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\u007f"',
    );
  });

  test('sorts names by UTF-8 bytes, not by UTF-16 units', () => {
    const names = ['\u{1f600}', '\ue000', '\uffff', 'a', 'aa', '\u{10000}b', '\u{10000}', ''];
    const expected = [...names].sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
    const printed = printCanonicalOta(fromPlainValue(Object.fromEntries(names.map((name) => [name, 1]))));
    expect(Object.keys(JSON.parse(printed) as object)).toEqual(expected);
    expect([...names].sort()).not.toEqual(expected);
  });

  test('is not deceived by names that come in the order of UTF-16 units', () => {
    expect(canonical('{"\u{10000}":1,"\ue000":2}')).toBe('{"\\ue000":2,"\\ud800\\udc00":1}');
  });

  test('prints numbers with the text they came with', () => {
    expect(canonical('[9007199254740993,1.0,1E2,-0]')).toBe('[9007199254740993,1.0,1E2,-0]');
  });

  test('gives the key id of aktualizr for a PEM text', () => {
    const pem = '-----BEGIN PUBLIC KEY-----\nMII\n-----END PUBLIC KEY-----';
    expect(printCanonicalOta(pem)).toBe('"-----BEGIN PUBLIC KEY-----\\nMII\\n-----END PUBLIC KEY-----"');
    expect(createHash('sha256').update(printCanonicalOta(pem)).digest('hex')).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('fromPlainValue', () => {
  test('drops undefined members and keeps JSON values', () => {
    const value = fromPlainValue({ a: undefined, b: [1, 'x', null, true], c: new Map([['d', new JsonNumber('1.0')]]) });
    expect(printCanonicalOta(value)).toBe('{"b":[1,"x",null,true],"c":{"d":1.0}}');
  });

  test('keeps a member called __proto__ as data', () => {
    expect(printCanonicalOta(fromPlainValue(JSON.parse('{"__proto__":{"a":1}}')))).toBe('{"__proto__":{"a":1}}');
  });

  const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);

  test.each([
    ['an unsafe integer', 2 ** 53],
    ['a fraction', 1.5],
    ['NaN', NaN],
    ['infinity', Infinity],
    ['a bigint', 1n],
    ['undefined', undefined],
    ['undefined in an array', [undefined]],
    ['a function', () => 1],
    ['a class instance', new Date(0)],
    ['bytes', new Uint8Array(1)],
    ['a lone surrogate', '\ud800'],
    ['a lone surrogate in a name', { '\udc00x': 1 }],
    ['nesting over 32', nested(33)],
  ])('throws for %s', (_name, value) => {
    expect(() => fromPlainValue(value)).toThrow(TypeError);
  });
});
