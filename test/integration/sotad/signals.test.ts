import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBareDevice, untilLine } from '../../support/programs/bare-device.js';
import { copiedPrograms } from '../../support/programs-folder.js';

const programs = copiedPrograms();
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sota-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('signals of users neither end the daemon nor open the debugger; SIGTERM ends it well', async () => {
  const device = startBareDevice(programs('sotad'), folder);
  const { process: child, exited } = device;
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  // Everything runs by the first poll, which fails for want of a credential.
  await untilLine(device, 'poll:');
  child.kill('SIGUSR1');
  child.kill('SIGUSR2');
  await untilLine(device, 'poll:');
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
  expect(errors).toBe('');
});
