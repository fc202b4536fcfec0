'use strict';

/**
 * Runs a built program in a user and mount namespace of its own, as root too, so that there is one way: nothing it does
 * can touch the machine, and no immutable bits are set (they need real root).
 */
const { spawn, spawnSync } = require('node:child_process');
const path = require('node:path');

/** Ends this process where namespaces are forbidden. */
function requireNamespaces(title) {
  const trial = spawnSync('unshare', ['-rm', 'true'], { encoding: 'utf8' });
  if (trial.status === 0) return;
  const reason = trial.error ? trial.error.message : trial.stderr.trim();
  process.stderr.write(
    `${title}: this machine forbids user namespaces (unshare -rm): ${reason}\n` +
      'Allow them (sysctl user.max_user_namespaces and kernel.unprivileged_userns_clone above 0, or a container with ' +
      'that right) and run it again.\n',
  );
  process.exit(1);
}

/** Runs `dist/<program>/main.js` with the arguments of this process; its exit code becomes ours. */
function runInNamespace(title, program) {
  requireNamespaces(title);
  const main = path.resolve(__dirname, '../dist', program, 'main.js');
  const child = spawn('unshare', ['-rm', process.execPath, main, ...process.argv.slice(2)], { stdio: 'inherit' });
  // The program cleans up before it ends; a signal from the terminal reaches it anyway.
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.on('SIGINT', () => undefined);
  child.once('exit', (code) => {
    process.exitCode = code ?? 1;
  });
}

module.exports = { runInNamespace };
