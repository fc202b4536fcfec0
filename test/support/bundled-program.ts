import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';

/**
 * Bundles a TypeScript file with esbuild as the product's build does (native addons beside it), for tests that need
 * another process.
 * @param entry path from the repository's root. @returns the path of the JavaScript file.
 */
export function bundleProgram(entry: string, folder: string): string {
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, 'program.js');
  buildSync({
    entryPoints: [resolve(entry)],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    loader: { '.node': 'copy' },
    logLevel: 'warning',
  });
  return outfile;
}
