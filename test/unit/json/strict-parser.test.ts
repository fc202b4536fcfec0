import { JsonNumber } from '../../../src/domain/json/json-value.js';
import { parseStrictJson } from '../../../src/domain/json/strict-parser.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const parsed = (text: string): unknown => {
  const result = parseStrictJson(bytes(text));
  if (!result.ok) throw new Error(result.error);
  return result.value;
};
const refusal = (document: string | Uint8Array): string => {
  const result = parseStrictJson(typeof document === 'string' ? bytes(document) : document);
  return result.ok ? 'accepted' : result.error;
};

describe('parseStrictJson', () => {
  test('keeps the text of numbers', () => {
    for (const text of ['0', '-0', '9007199254740993', '1.0', '1E2', '1e400', '-12.5e-3']) {
      expect(parsed(text)).toEqual(new JsonNumber(text));
    }
  });

  test('reads objects into maps in which no name is special', () => {
    const value = parsed('{"__proto__":1,"constructor":{"prototype":true},"a":[null,"x"]}');
    expect(value).toEqual(
      new Map<string, unknown>([
        ['__proto__', new JsonNumber('1')],
        ['constructor', new Map([['prototype', true]])],
        ['a', [null, 'x']],
      ]),
    );
    expect(({} as Record<string, unknown>)['prototype']).toBeUndefined();
  });

  test('reads every escape and surrogate pairs', () => {
    expect(parsed('"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00😀"')).toBe('"\\/\b\f\n\r\té😀😀');
  });

  test.each([
    ['empty input', '', 'no JSON value'],
    ['duplicate names', '{"version":1,"version":2}', 'twice'],
    ['a duplicate name by escape', '{"a":1,"\\u0061":2}', 'twice'],
    ['bytes after the document', '{} x', 'follows'],
    ['a second document', '{}{}', 'follows'],
    ['a NUL byte after the document', '{}\0', 'follows'],
    ['comments', '{/* */}', '"""'],
    ['a trailing comma in an object', '{"a":1,}', '"""'],
    ['a trailing comma in an array', '[1,]', 'no JSON value'],
    ['single quotes', "{'a':1}", '"""'],
    ['a plus sign', '+1', 'no JSON value'],
    ['a leading zero', '[01]', '"]"'],
    ['a bare point', '[1.]', '"]"'],
    ['NaN', 'NaN', 'no JSON value'],
    ['Infinity', '-Infinity', 'no JSON value'],
    ['a lone high surrogate', '"\\ud800"', 'surrogate'],
    ['a lone low surrogate', '"\\ude00"', 'surrogate'],
    ['a high surrogate before another character', '"\\ud800\\u0041"', 'surrogate'],
    ['a raw newline in a string', '"a\nb"', 'control character'],
    ['an unknown escape', '"\\x41"', 'escape'],
    ['a short escape', '"\\u12"', 'four'],
    ['an open string', '"abc', 'without end'],
    ['an open array', '[1', '"]"'],
    ['a name not in normal form C', '{"e\u0301":1}', 'normal form'],
    ['a non-breaking space as white space', '\u00a0{}', 'no JSON value'],
    ['HTML', '<html></html>', 'no JSON value'],
  ])('refuses %s', (_name, document, reason) => {
    expect(refusal(document)).toContain(reason);
  });

  test('refuses a byte order mark and invalid UTF-8', () => {
    expect(refusal(Uint8Array.of(0xef, 0xbb, 0xbf, 0x7b, 0x7d))).toContain('byte order mark');
    for (const sequence of [
      [0xff, 0xfe],
      [0xc0, 0xaf],
      [0xed, 0xa0, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0xe2, 0x82],
    ]) {
      expect(refusal(Uint8Array.of(0x22, ...sequence, 0x22))).toBe('is not valid UTF-8');
    }
  });

  test('takes nesting of 32 and refuses 33 and millions', () => {
    expect(refusal('['.repeat(32) + ']'.repeat(32))).toBe('accepted');
    expect(refusal('['.repeat(33) + ']'.repeat(33))).toContain('nesting');
    expect(refusal('['.repeat(2_500_000))).toContain('nesting');
    expect(refusal('{"a":'.repeat(100_000))).toContain('nesting');
  });

  test('is linear in the length of hostile strings', () => {
    const start = process.hrtime.bigint();
    expect(refusal(`"${'\\n'.repeat(2_000_000)}"`)).toBe('accepted');
    expect(refusal(`[${'"a",'.repeat(1_000_000)}"a"]`)).toBe('accepted');
    expect(Number(process.hrtime.bigint() - start) / 1e6).toBeLessThan(5_000);
  });
});
