'use strict';

/**
 * Runs the demo in a user and mount namespace of its own, as root too, so that there is one way: nothing it does can
 * touch the machine, and no immutable bits are set (they need real root).
 */
const { spawnSync } = require('node:child_process');
const path = require('node:path');

const program = path.resolve(__dirname, '../dist/sotad-demo/main.js');

const trial = spawnSync('unshare', ['-rm', 'true'], { encoding: 'utf8' });
if (trial.status !== 0) {
  const reason = trial.error ? trial.error.message : trial.stderr.trim();
  process.stderr.write(
    `demo: this machine forbids user namespaces (unshare -rm): ${reason}\n` +
      'Allow them (sysctl kernel.unprivileged_userns_clone=1, or a container with that right) and run it again.\n',
  );
  process.exit(1);
}
const result = spawnSync('unshare', ['-rm', process.execPath, program, ...process.argv.slice(2)], { stdio: 'inherit' });
process.exit(result.status ?? 1);
