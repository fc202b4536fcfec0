import { readJson, type JsonReader } from '../../../src/domain/json/json-reader.js';
import { parseStrictJson } from '../../../src/domain/json/strict-parser.js';

const read = (text: string, reading: (reader: JsonReader) => unknown): unknown => {
  const document = parseStrictJson(new TextEncoder().encode(text));
  if (!document.ok) throw new Error(document.error);
  const result = readJson(document.value, reading);
  return result.ok ? result.value : `refused: ${result.error}`;
};

describe('JsonReader', () => {
  test('reads members, elements, text, booleans', () => {
    const text = '{"a":{"b":["x",true]},"c":null}';
    expect(read(text, (reader) => reader.member('a').member('b').elements()[0]!.text())).toBe('x');
    expect(read(text, (reader) => reader.member('a').member('b').elements()[1]!.boolean())).toBe(true);
    expect(read(text, (reader) => reader.optional('c'))).toBeNull();
    expect(read(text, (reader) => reader.optional('d'))).toBeNull();
    expect(read(text, (reader) => reader.members().map(([name]) => name))).toEqual(['a', 'c']);
  });

  test('names the path of what it refuses', () => {
    const text = '{"a":{"b":["x",1]},"bad\\u001b[31m":{}}';
    expect(read(text, (reader) => reader.member('a').member('b').elements()[1]!.text())).toBe(
      'refused: a.b.1 is not a string',
    );
    expect(read(text, (reader) => reader.member('a').member('z'))).toBe('refused: a lacks z');
    expect(read(text, (reader) => reader.member('bad\u001b[31m').text())).toBe(
      'refused: "bad\\u001b[31m" is not a string',
    );
    expect(read('[]', (reader) => reader.member('a'))).toBe('refused: the document is not an object');
    expect(read('{}', (reader) => reader.elements())).toBe('refused: the document is not an array');
    expect(read('[1,2]', (reader) => reader.elements(1))).toContain('more than 1');
    expect(read('{"a":1,"b":1}', (reader) => reader.members(1))).toContain('more than 1');
    expect(read('"abc"', (reader) => reader.text(2))).toContain('longer');
    expect(read('"e\u0301"', (reader) => reader.text())).toContain('normal form');
  });

  test.each(['-1', '-0', '1.0', '1.5', '1e2', '1E2', '1e400', '9007199254740993', '"1"', 'null', '11', '0', 'true'])(
    'refuses %s as an integer from 1 to 10',
    (text) => {
      expect(read(text, (reader) => reader.integer(1, 10))).toContain('refused');
    },
  );

  test('takes integers within bounds', () => {
    expect(read('9007199254740991', (reader) => reader.integer(0, Number.MAX_SAFE_INTEGER))).toBe(
      Number.MAX_SAFE_INTEGER,
    );
    expect(read('0', (reader) => reader.integer(0, 1))).toBe(0);
  });
});
