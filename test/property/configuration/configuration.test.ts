import * as fc from 'fast-check';
import { readConfigurationText } from '../../../src/adapters/configuration/configuration-text.js';
import { readLenientLines } from '../../../src/adapters/configuration/lenient-lines.js';
import { resolveConfiguration } from '../../../src/domain/configuration/resolve-configuration.js';
import { placedKeys, sectionDefinitions } from '../../../src/domain/configuration/schema.js';

const facts = fc.record({ hostname: fc.string(), serverUrl: fc.option(fc.oneof(fc.webUrl(), fc.string())) });
const nearlyRight = fc.dictionary(
  fc.oneof(fc.constantFrom(...sectionDefinitions.keys()), fc.string(), fc.constant('__proto__')),
  fc.oneof(
    fc.dictionary(
      fc.oneof(fc.constantFrom(...placedKeys.map(({ key }) => key)), fc.string(), fc.constant('__proto__')),
      fc.anything({ withBigInt: true, withDate: true }),
    ),
    fc.anything(),
  ),
);

/** Whatever came in, each field has the type that the schema promises. */
function expectTyped(resolved: ReturnType<typeof resolveConfiguration>): void {
  for (const { name, definition } of placedKeys) {
    const value = resolved.values.get(name);
    if (value === null) {
      expect(definition.default).toBeNull();
    } else if (definition.type === 'boolean') {
      expect(typeof value).toBe('boolean');
    } else if (definition.type === 'integer') {
      expect(Number.isInteger(value)).toBe(true);
      expect(value).toBeGreaterThanOrEqual(definition.minimum);
      expect(value).toBeLessThanOrEqual(definition.maximum);
    } else if (definition.type === 'choice') {
      expect(definition.choices).toContain(value);
    } else {
      expect(typeof value).toBe('string');
    }
  }
}

test('merging never throws and the result is typed, whatever the layers hold', () => {
  fc.assert(
    fc.property(
      fc.array(nearlyRight, { maxLength: 3 }),
      fc.dictionary(fc.string(), fc.string()),
      facts,
      fc.option(fc.dictionary(fc.constantFrom(...placedKeys.map(({ name }) => name)), fc.jsonValue())),
      (contents, commandLine, surroundings, kept) => {
        const layers = contents.map((content, index) => ({ source: `${index}.toml`, content }));
        const fallback = kept === null ? null : { format: 1 as const, values: kept as Record<string, null> };
        const resolved = resolveConfiguration({ layers, commandLine, fallback }, surroundings);
        expectTyped(resolved);
        const unsafe = resolved.problems.some(({ safety }) => safety);
        expect(resolved.degraded && !unsafe).toBe(false);
        if (unsafe && fallback === null) {
          expect(resolved.degraded).toBe(true);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('a wrong value of a safety key never ends in its default silently', () => {
  const safety = placedKeys.filter(({ definition }) => definition.safety === true);
  fc.assert(
    fc.property(
      fc.constantFrom(...safety),
      fc.oneof(fc.array(fc.integer()), fc.dictionary(fc.string(), fc.string())),
      (placed, raw) => {
        const layers = [{ source: 'a.toml', content: { [placed.section]: { [placed.key]: raw } } }];
        expect(resolveConfiguration({ layers }, { hostname: 'h', serverUrl: null }).degraded).toBe(true);
      },
    ),
  );
});

const line = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(...sectionDefinitions.keys()).map((name) => `[${name}]`),
  fc
    .tuple(fc.constantFrom(...placedKeys.map(({ key }) => key)), fc.string())
    .map(([key, value]) => `${key} = ${value}`),
  fc.constantFrom('"""', "'''", '[[x]]', 'a.b = 1', 'x = 1979-05-27', 'y = 9999999999999999999', '\\', '{', '}', '='),
);

test('any text is read to typed values without an exception', () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
      const text = lines.join('\n');
      const { layer, problems } = readConfigurationText('a.toml', text);
      expectTyped(
        resolveConfiguration({ layers: [layer], readingProblems: problems }, { hostname: 'h', serverUrl: null }),
      );
    }),
    { numRuns: 500 },
  );
});

test('TOML and the line form agree on simple files', () => {
  const value = fc.oneof(fc.integer(), fc.boolean(), fc.stringMatching(/^[a-zA-Z0-9/:._ -]*$/));
  const content = fc.dictionary(
    fc.stringMatching(/^[a-z_]{1,8}$/),
    fc.dictionary(fc.stringMatching(/^[a-z_]{1,8}$/), value, { minKeys: 1 }),
  );
  fc.assert(
    fc.property(content, (sections) => {
      const text = Object.entries(sections)
        .map(([section, keys]) => {
          const pairs = Object.entries(keys).map(([key, one]) => `${key} = ${JSON.stringify(one)}`);
          return `[${section}]\n${pairs.join('\n')}`;
        })
        .join('\n');
      const toml = readConfigurationText('a.toml', text);
      expect(toml.problems).toEqual([]);
      const texts = Object.entries(sections).map(([section, keys]) => [
        section,
        Object.fromEntries(Object.entries(keys).map(([key, one]) => [key, String(one)])),
      ]);
      expect(readLenientLines(text).content).toEqual(Object.fromEntries(texts));
    }),
  );
});
