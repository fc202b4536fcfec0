'use strict';

/**
 * Everything between a fresh Debian machine and a running command: checks Node, installs missing system packages,
 * `npm ci` when the lockfile changed, builds what changed. Needs nothing but Node; writes to stderr only.
 */
const { spawnSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '..');
const say = (text) => process.stderr.write(`setup: ${text}\n`);

class SetupError extends Error {}

/** Debian packages and why each is needed. */
const systemPackages = {
  'build-essential': 'compiles the native addons',
  python3: 'node-gyp, and the notify socket of the tests',
  'libcurl4-openssl-dev': 'node-libcurl',
  ostree: 'the product drives it',
  'util-linux': 'flock, unshare',
  e2fsprogs: 'chattr: deployments are immutable',
  faketime: 'tests with a wrong clock',
  strace: 'tests that kill ostree at a system call',
  openssl: 'tests with foreign PKCS#12 files',
  systemd: 'systemd-notify',
};

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new SetupError(
    `Node ${process.versions.node} is too old, 20.19 or newer is needed (20 and 22 are tested). ` +
      "Debian 12's own nodejs is 18: take one from https://nodejs.org/en/download or nodesource, and put it first on PATH.",
  );
}

function isInstalled(name) {
  const result = spawnSync('dpkg-query', ['-W', '-f=${db:Status-Status}', name], { encoding: 'utf8' });
  return result.status === 0 && result.stdout.startsWith('installed');
}

function run(file, args, options = {}) {
  // stdout of the child goes to our stderr: the caller's stdout belongs to the program that follows.
  const result = spawnSync(file, args, { cwd: root, stdio: ['ignore', 2, 2], ...options });
  if (result.error) throw new SetupError(`${file}: ${result.error.message}`);
  if (result.status !== 0)
    throw new SetupError(`${file} ${args.join(' ')} ended with ${result.status ?? result.signal}`);
}

function installSystemPackages() {
  if (spawnSync('dpkg-query', ['--version']).error) {
    say(`this is no Debian: make sure that these are installed: ${Object.keys(systemPackages).join(' ')}`);
    return;
  }
  const missing = Object.keys(systemPackages).filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  const command = ['apt-get', 'install', '-y', '--no-install-recommends', ...missing];
  const isRoot = process.getuid() === 0;
  if (!isRoot && spawnSync('sudo', ['-n', 'true']).status !== 0) {
    throw new SetupError(
      `system packages are missing; run this once:\n  sudo apt-get update && sudo ${command.join(' ')}`,
    );
  }
  say(`installing ${missing.join(' ')}`);
  const before = isRoot
    ? ['env', 'DEBIAN_FRONTEND=noninteractive']
    : ['sudo', '-n', 'env', 'DEBIAN_FRONTEND=noninteractive'];
  const [file, ...args] = before;
  run(file, [...args, 'apt-get', 'update', '-qq']);
  run(file, [...args, ...command]);
}

/** The folder that holds Node's headers: node-gyp would download them otherwise. */
function nodeHeaders() {
  if (process.env.npm_config_nodedir) return process.env.npm_config_nodedir;
  const candidate = path.dirname(path.dirname(fs.realpathSync(process.execPath)));
  if (fs.existsSync(path.join(candidate, 'include/node/node_version.h'))) return candidate;
  say(`no headers beside ${process.execPath}: node-gyp will try to download them`);
  return undefined;
}

function installNodePackages() {
  const lock = fs.readFileSync(path.join(root, 'package-lock.json'));
  const wanted = createHash('sha256').update(lock).update(process.version).digest('hex');
  const stamp = path.join(root, 'node_modules', '.sotad-lock');
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === wanted) return;
  say('npm ci (compiles native addons, 1 to 2 minutes)');
  const headers = nodeHeaders();
  const environment = { ...process.env, npm_config_build_from_source: 'true' };
  // Inside `npm run`, npm hands its own settings down; a nested npm must not take this run's prefix or lifecycle.
  for (const name of Object.keys(environment)) {
    if (/^npm_(package|lifecycle|config_(local_)?prefix)/.test(name)) delete environment[name];
  }
  if (headers) environment.npm_config_nodedir = headers;
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { env: environment });
  fs.writeFileSync(stamp, wanted);
}

async function main() {
  checkNode();
  if (!process.argv.includes('--build-only')) installSystemPackages();
  installNodePackages();
  const built = await require('./build.js').buildChanged();
  if (built.length > 0) say(`built ${built.join(', ')}`);
}

main().catch((error) => {
  say(error instanceof SetupError ? error.message : error.stack);
  process.exitCode = 1;
});
