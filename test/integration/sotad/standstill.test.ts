import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StatusDocument } from '../../../src/domain/status/status-document.js';
import { startBareDevice, untilLine } from '../../support/programs/bare-device.js';
import { copiedPrograms } from '../../support/programs-folder.js';

const programs = copiedPrograms();
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sota-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Starts the daemon on what lies there, and returns the status that it leaves while it stands still. */
async function statusOfStandstill(): Promise<StatusDocument> {
  rmSync(join(folder, 'run/status.json'), { force: true });
  const device = startBareDevice(programs('sotad'), folder);
  await untilLine(device, 'standing still');
  let text = '';
  while (text === '' && device.process.exitCode === null) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    try {
      text = readFileSync(join(folder, 'run/status.json'), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  device.process.kill('SIGTERM');
  expect(await device.exited).toEqual([0, null]);
  return JSON.parse(text) as StatusDocument;
}

test('a trust folder without one whole generation stops the daemon, not its process, and the status says why', async () => {
  for (const name of ['generation-7', 'generation-8']) {
    const generation = join(folder, 'var/trust', name);
    mkdirSync(generation, { recursive: true, mode: 0o700 });
    writeFileSync(join(generation, 'state.json'), 'rubbish');
  }
  const status = await statusOfStandstill();
  expect(status.lastError?.code).toBe('STATE_DAMAGED');
  expect(status.why.join(' ')).toContain('stands still');
});

test('a folder in the place of the state is no end of the daemon either', async () => {
  mkdirSync(join(folder, 'var/state-1.db'), { recursive: true, mode: 0o700 });
  const status = await statusOfStandstill();
  expect(status.lastError?.message).toContain('state-1.db');
});
