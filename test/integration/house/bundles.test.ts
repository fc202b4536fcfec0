import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildChanged } from '../../../scripts/build.js';
import { programs } from '../../../scripts/programs.js';

const root = join(__dirname, '../../..');

/** The source files that went into a bundle, as esbuild listed them. */
const inputsOf = (name: string): readonly string[] =>
  (JSON.parse(readFileSync(join(root, '.setup/build', `${name}.json`), 'utf8')) as { inputs: string[] }).inputs;

describe('what ships', () => {
  const device = programs.filter((program) => program.device);
  let folder: string;

  beforeAll(async () => {
    await buildChanged();
    folder = mkdtempSync(join(tmpdir(), 'sota-'));
    cpSync(join(root, 'dist'), folder, { recursive: true });
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(device)('$name holds nothing of development, publisher and tests', ({ name }) => {
    const inputs = inputsOf(name);
    expect(inputs).toContain(`src/programs/${name}/main.ts`);
    expect(inputs.filter((input) => /^(src\/(development|publisher)|test|bench)\//.test(input))).toEqual([]);
    expect(inputs.filter((input) => /node_modules\/(jest|fastify|esbuild|fast-check)\//.test(input))).toEqual([]);
  });

  it.each(device)('$name runs from a copied folder without node_modules', ({ name }) => {
    const result = spawnSync(process.execPath, [join(folder, name, 'main.js'), '--version'], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(result.stderr).toBe('');
    expect(result.status).toBe(0);
    expect(result.stdout).toMatch(/\d+\.\d+\.\d+/);
  });

  it('says how it is used when it is used wrongly, with exit code 2', () => {
    const result = spawnSync(process.execPath, [join(folder, 'sotad/main.js'), '--nonsense'], { encoding: 'utf8' });
    expect(result.status).toBe(2);
    expect(result.stderr).toContain('--nonsense');
  });

  it('names a missing configuration, with exit code 4', () => {
    const result = spawnSync(process.execPath, [join(folder, 'sotad/main.js'), '-c', '/nowhere.toml'], {
      encoding: 'utf8',
    });
    expect(result.status).toBe(4);
    expect(result.stderr).toContain('/nowhere.toml');
  });
});
