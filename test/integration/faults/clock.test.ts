import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RunningDevice, untouched, updated } from '../../support/laboratory/running-device.js';
import { copiedPrograms } from '../../support/programs-folder.js';

const program = copiedPrograms();
let board: RunningDevice;
/** libfaketime reads it at each look at the clock. */
let clockFile: string;

beforeAll(async () => {
  board = await RunningDevice.start({ program });
  clockFile = join(board.laboratory.options.folder, 'clock');
});
afterAll(async () => board.close());

/** The library that `faketime` puts before a program; without `faketime` itself, which would stand between us and it. */
function fakeTimeLibrary(): string {
  const environment = execFileSync('faketime', ['1970-01-01 00:01:00', 'env'], { encoding: 'utf8' });
  return /^LD_PRELOAD=(.+)$/m.exec(environment)?.[1] ?? '';
}

/** From the next start on the whole device lives by the clock file; its monotonic clock is left alone. */
function liveByClockFile(): void {
  const prefix = [
    'env',
    `LD_PRELOAD=${fakeTimeLibrary()}`,
    `FAKETIME_TIMESTAMP_FILE=${clockFile}`,
    'FAKETIME_NO_CACHE=1',
    'FAKETIME_DONT_FAKE_MONOTONIC=1',
  ];
  board.device.parts = { ...board.device.parts, prefix };
}

async function requestCount(): Promise<number> {
  return ((await board.backend.call('GET', '/requests?after=0')) as readonly unknown[]).length;
}

test('a clock in 1970: CLOCK_SUSPECT and no request, until the clock is set under the running daemon', async () => {
  const version = await board.publish();
  await writeFile(clockFile, '@1970-01-01 00:01:00\n');
  liveByClockFile();
  await board.restart();
  expect(await board.untilError()).toBe('CLOCK_SUSPECT');
  const requests = await requestCount();
  const assigned = await board.assign(version);
  const status = await board.untilStatus('it polled again', ({ lastPoll }) => lastPoll !== null);
  expect(status.time).toMatch(/^1970-01-01T/);
  expect(status.lastPoll?.code).toBe('CLOCK_SUSPECT');
  expect(await requestCount()).toBe(requests);
  expect(await board.observe(assigned)).toEqual({ ...untouched, assignment: 'assigned' });

  const { pid } = board.device;
  await writeFile(clockFile, '+0\n');
  await board.untilStatus('polls succeed', ({ lastPoll }) => lastPoll?.outcome === 'ok');
  expect(board.device.pid).toBe(pid);
  expect(await board.untilUpdated(assigned)).toEqual(updated);
});
