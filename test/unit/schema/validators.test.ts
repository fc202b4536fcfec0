import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import * as fc from 'fast-check';
import { shapes } from '../../../src/adapters/schema/shapes.js';
import { validateConfigurationFile } from '../../../src/adapters/schema/validate-configuration-file.js';
import * as validators from '../../../src/adapters/schema/validators.js';
import { resolveConfiguration } from '../../../src/domain/configuration/resolve-configuration.js';
import { placedKeys } from '../../../src/domain/configuration/schema.js';
import { buildStatus } from '../../../src/domain/status/build-status.js';
import { atRest } from '../../support/status-inputs.js';

const root = join(__dirname, '..', '..', '..');

test('the compiled validators are those of the shapes', () => {
  execFileSync(process.execPath, [join(root, 'scripts/generate-validators.js'), '--check'], { cwd: root });
});

test('every shape has its compiled validator and its wrapper, and none is left over', () => {
  const files = readdirSync(join(root, 'src/adapters/schema/generated')).filter((name) => name.endsWith('.js'));
  const names = Object.keys(shapes).map(
    (name) => `${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.js`,
  );
  expect(files.sort()).toEqual(names.sort());
  const wrappers = [...Object.keys(validators), 'validateConfigurationFile'].map((name) =>
    name.slice('validate'.length).toLowerCase(),
  );
  expect(wrappers.sort()).toEqual(
    Object.keys(shapes)
      .map((name) => name.toLowerCase())
      .sort(),
  );
});

describe('refusals name the field', () => {
  const document = buildStatus(atRest);

  test.each([
    ['device.provisioned', { ...document, device: { ...document.device, provisioned: 'yes' } }, 'must be boolean'],
    ['version', { ...document, version: 2 }, 'must be equal to constant'],
    ['queue.events', { ...document, queue: { ...document.queue, events: -1 } }, 'must be >= 0'],
    ['why.1', { ...document, why: ['a', 1] }, 'must be string'],
    ['', { ...document, state: undefined, running: undefined }, 'must be string'],
    ['', [], 'must be object'],
    ['', null, 'must be object'],
  ])('%s', (field, value, reason) => {
    const result = validators.validateStatusDocument(value === null ? null : JSON.parse(JSON.stringify(value)));
    expect(result).toMatchObject({ ok: false, error: field === '' ? { field } : { field, reason } });
  });

  test('members of a newer version are no reason to refuse', () => {
    expect(validators.validateStatusDocument({ ...document, weather: 'fine' }).ok).toBe(true);
  });
});

test('the compiled validators judge as ajv does', () => {
  const ajv = new Ajv({ allowUnionTypes: true });
  const compiled = ajv.compile(shapes.historyReply.schema);
  const entry = fc.record(
    {
      time: fc.string(),
      event: fc.string(),
      correlationId: fc.option(fc.string()),
      target: fc.anything(),
      code: fc.option(fc.string()),
      text: fc.string(),
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(fc.oneof(fc.array(entry), fc.anything()), (value) => {
      expect(validators.validateHistoryReply(value).ok).toBe(compiled(value));
    }),
  );
});

test('what the schema for editors takes, the daemon takes without a mistake', () => {
  const setting = fc
    .constantFrom(...placedKeys)
    .chain((placed) =>
      fc
        .oneof(
          fc.boolean(),
          fc.integer({ min: 0, max: 400 }),
          fc.constantFrom('', 'ab', 'https://a/b', 'none', 'file', 'auto'),
          fc.string(),
        )
        .map((value) => ({ placed, value })),
    );
  let taken = 0;
  fc.assert(
    fc.property(setting, ({ placed, value }) => {
      const content = { [placed.section]: { [placed.key]: value } };
      if (validateConfigurationFile(content).ok) {
        taken += 1;
        const { problems } = resolveConfiguration(
          { layers: [{ source: 'a', content }] },
          { hostname: 'h', serverUrl: null },
        );
        expect(problems.filter(({ severity }) => severity === 'mistake')).toEqual([]);
      }
    }),
    { numRuns: 2000 },
  );
  expect(taken).toBeGreaterThan(200);
});
