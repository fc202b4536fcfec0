import { cpSync, existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** What ships: the bundles of `npm run build`. */
const builtPrograms = resolve('dist');

/**
 * Copies the bundles to a folder without node_modules, once for each test file, and removes it after the last test:
 * what is tested is what ships. `node scripts/build.js` makes them first (`npm test` does).
 * @returns the path of the `main.js` of a program.
 */
export function copiedPrograms(): (name: string) => string {
  if (!existsSync(builtPrograms)) throw new Error('no bundles: run node scripts/build.js first');
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'sota-'));
  cpSync(builtPrograms, folder, { recursive: true, filter: (path) => !/\.new-\d+(\/|$)/.test(path) });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return (name) => {
    const path = join(folder, name, 'main.js');
    if (existsSync(path)) return path;
    throw new Error(`dist has no program ${name}: run node scripts/build.js first`);
  };
}
