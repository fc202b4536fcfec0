import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { copiedPrograms } from '../../support/programs-folder.js';

const programs = copiedPrograms();
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sota-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A device without a server, which is all that a signal needs. */
function writeConfiguration(): string {
  const path = join(folder, 'sota.toml');
  writeFileSync(
    path,
    [
      '[pacman]',
      'type = "none"',
      `images_path = "${folder}/images"`,
      '[storage]',
      `path = "${folder}/var"`,
      '[paths]',
      `runtime = "${folder}/run"`,
      '[uptane]',
      'polling_sec = 1',
      'polling_first_max_sec = 0',
    ].join('\n'),
  );
  return path;
}

test('signals of users neither end the daemon nor open the debugger; SIGTERM ends it well', async () => {
  const child = spawn(process.execPath, [programs('sotad'), '--config', writeConfiguration()], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const lines = createInterface({ input: child.stdout });
  const aPoll = (): Promise<void> =>
    Promise.race([
      exited.then(() => undefined),
      new Promise<void>((resolve) => lines.on('line', (line) => line.includes('poll:') && resolve())),
    ]);
  // Everything runs by the first poll, which fails for want of a credential.
  await aPoll();
  child.kill('SIGUSR1');
  child.kill('SIGUSR2');
  await aPoll();
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
  expect(errors).toBe('');
});
