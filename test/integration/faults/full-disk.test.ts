import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { bundleProgram } from '../../support/bundled-program.js';
import { untouched, updated } from '../../support/laboratory/running-device.js';
import { copiedPrograms } from '../../support/programs-folder.js';

const program = copiedPrograms();
const base = mkdtempSync(join(realpathSync(tmpdir()), 'sota-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** Two small file systems for a device, then the program in their sight. */
const script = `
  set -e
  mount -t tmpfs -o size=24m,mode=0755 none "$1/d/sysroot"
  mount -t tmpfs -o size=8m,mode=0700 none "$1/d/var"
  exec "$2" "$3" "$1" "$4"
`;

test('a full sysroot and a full storage: DISK_FULL, nothing lost, and the update comes when there is space', async () => {
  const scenario = bundleProgram('test/support/programs/full-disk.ts', join(base, 'scenario'));
  const folder = join(base, 'l');
  mkdirSync(join(folder, 'd/sysroot'), { recursive: true });
  mkdirSync(join(folder, 'd/var'), { recursive: true });
  const programs = dirname(dirname(program('sotad')));
  const words = ['-rm', 'sh', '-c', script, 'sh', folder, process.execPath, scenario, programs];
  const child = spawn('unshare', words, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close');
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  expect(errors).toBe('');
  const seen = { code: 'DISK_FULL', during: untouched, after: updated };
  expect(JSON.parse(output)).toEqual({ pull: seen, deploy: seen, journal: seen, journalBeforeDeploy: seen });
}, 120_000);
