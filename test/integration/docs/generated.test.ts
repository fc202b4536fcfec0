import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { placedKeys } from '../../../src/domain/configuration/schema.js';
import { errorCatalogue } from '../../../src/domain/errors/catalogue.js';
import { transitionTable } from '../../../src/domain/update/machine.js';

const root = join(__dirname, '..', '..', '..');
const read = (name: string) => readFileSync(join(root, name), 'utf8');

interface WriteGenerated {
  writeGenerated(texts: ReadonlyMap<string, string>, parameters: readonly string[]): number;
}

function run(...parameters: readonly string[]) {
  return spawnSync(process.execPath, ['scripts/generate-docs.js', ...parameters], { cwd: root, encoding: 'utf8' });
}

test('what is generated is what its source says', () => {
  const { status, stderr } = run('--check');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test('drift is told, and a wrong option', () => {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- a script without types
  const { writeGenerated } = require('../../../scripts/write-generated.js') as WriteGenerated;
  const folder = mkdtempSync(join(tmpdir(), 'sotad-docs-'));
  const file = join(folder, 'deep', 'a.md');
  const silent = [process.stderr, process.stdout].map((stream) => jest.spyOn(stream, 'write').mockReturnValue(true));
  try {
    expect(writeGenerated(new Map([[file, 'new']]), ['--check'])).toBe(1);
    expect(writeGenerated(new Map([[file, 'new']]), [])).toBe(0);
    expect(writeGenerated(new Map([[file, 'new']]), ['--check'])).toBe(0);
    writeFileSync(file, 'edited by hand');
    expect(writeGenerated(new Map([[file, 'new']]), ['--check'])).toBe(1);
    expect(readFileSync(file, 'utf8')).toBe('edited by hand');
    expect(writeGenerated(new Map(), ['--chekc'])).toBe(2);
  } finally {
    silent.forEach((spy) => spy.mockRestore());
    rmSync(folder, { recursive: true });
  }
});

test('every key, every code and every state has its place', () => {
  const configuration = read('docs/configuration.md');
  expect(placedKeys.filter(({ key }) => !configuration.includes(`| \`${key}\` |`))).toEqual([]);
  const errors = read('docs/errors.md');
  expect(Object.keys(errorCatalogue).filter((code) => !errors.includes(`| \`${code}\` |`))).toEqual([]);
  const diagram = read('docs/architecture.md').split('```mermaid')[1]?.split('```')[0] ?? '';
  expect(Object.keys(transitionTable).filter((state) => !diagram.includes(`  ${state} --> `))).toEqual([]);
});
