'use strict';

/** Bundles a TypeScript module in memory and returns its exports: scripts read the very source they document. */
const path = require('node:path');
const { buildSync } = require('esbuild');

function loadTypeScript(file) {
  const { outputFiles } = buildSync({
    entryPoints: [file],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    logLevel: 'error',
  });
  const loaded = { exports: {} };
  const run = new Function('module', 'exports', 'require', outputFiles[0].text);
  run(loaded, loaded.exports, require('node:module').createRequire(path.resolve(file)));
  return loaded.exports;
}

module.exports = { loadTypeScript };
