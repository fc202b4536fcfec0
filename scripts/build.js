'use strict';

/**
 * Bundles each program with esbuild into dist/<program>/main.js, native addons copied beside it, so that the folder
 * runs anywhere without node_modules. A program is built again only when one of its inputs changed.
 */
const { spawnSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '..');
/** When the sources were last changed, milliseconds: a lower bound for what time it is (design rule 9). */
function sourceMilliseconds() {
  if (process.env.SOURCE_DATE_EPOCH) return Number(process.env.SOURCE_DATE_EPOCH) * 1000;
  const git = spawnSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' });
  return git.status === 0 && git.stdout.trim() !== '' ? Number(git.stdout) * 1000 : Date.now();
}

const stamps = path.join(root, '.setup', 'build');

/** Hash over the contents of files, in a fixed order; null when one is missing. */
function hashOf(files) {
  const hash = createHash('sha256').update(process.version);
  for (const file of [...files].sort()) {
    try {
      hash
        .update(file)
        .update('\0')
        .update(fs.readFileSync(path.join(root, file)));
    } catch (error) {
      if (error.code !== 'ENOENT') throw error;
      return null;
    }
  }
  return hash.digest('hex');
}

function isFresh(program) {
  try {
    const stamp = JSON.parse(fs.readFileSync(path.join(stamps, `${program.name}.json`), 'utf8'));
    return fs.existsSync(path.join(root, 'dist', program.name, 'main.js')) && hashOf(stamp.inputs) === stamp.hash;
  } catch (error) {
    if (error.code !== 'ENOENT' && !(error instanceof SyntaxError)) throw error;
    return false;
  }
}

async function build(program) {
  const folder = path.join('dist', program.name);
  const fresh = path.join(root, `${folder}.new-${process.pid}`);
  fs.rmSync(fresh, { recursive: true, force: true });
  const { version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
  const result = await require('esbuild').build({
    absWorkingDir: root,
    entryPoints: { main: program.entry },
    outdir: fresh,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    loader: { '.node': 'copy' },
    assetNames: '[name]',
    define: { SOTAD_VERSION: JSON.stringify(version), SOTAD_BUILD_MILLISECONDS: String(sourceMilliseconds()) },
    metafile: true,
    legalComments: 'eof',
    logLevel: 'warning',
  });
  fs.rmSync(path.join(root, folder), { recursive: true, force: true });
  fs.renameSync(fresh, path.join(root, folder));
  const inputs = [...Object.keys(result.metafile.inputs), 'package.json', 'scripts/build.js', 'scripts/programs.js'];
  fs.mkdirSync(stamps, { recursive: true });
  fs.writeFileSync(path.join(stamps, `${program.name}.json`), JSON.stringify({ inputs, hash: hashOf(inputs) }));
}

/** Builds what changed and returns the names of what was built. */
async function buildChanged() {
  const { programs } = require('./programs.js');
  const built = [];
  for (const program of programs) {
    if (!fs.existsSync(path.join(root, program.entry))) continue;
    if (isFresh(program)) continue;
    await build(program);
    built.push(program.name);
  }
  return built;
}

module.exports = { buildChanged };

if (require.main === module) {
  buildChanged().then(
    (built) => process.stderr.write(built.length === 0 ? 'build: nothing changed\n' : `build: ${built.join(', ')}\n`),
    (error) => {
      process.stderr.write(`build: ${error.message}\n`);
      process.exitCode = 1;
    },
  );
}
