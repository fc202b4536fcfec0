/**
 * For the test of full disks, inside a mount namespace of its own: storage and sysroot of a device are small file
 * systems. Fills one after the other, lets the device meet it, makes space, and prints what was seen as JSON.
 */
import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RunningDevice, type Assigned, type Observation } from '../laboratory/running-device.js';

export interface SeenFullDisk {
  readonly code: string;
  readonly during: Observation;
  readonly after: Observation;
}

/** Ever smaller pieces, until not one byte more is taken. */
function fill(file: string): void {
  for (let size = 1_048_576; size >= 1; size = Math.floor(size / 2)) {
    try {
      for (;;) writeFileSync(file, Buffer.alloc(size), { flag: 'a' });
    } catch (error) {
      if (!(typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOSPC')) throw error;
    }
  }
}

/** Assigns a version while the disk is full already. */
async function startOnFullDisk(board: RunningDevice, folder: string): Promise<SeenFullDisk> {
  const version = await board.publish();
  fill(join(folder, 'filler'));
  return seeFullDisk(board, folder, await board.assign(version));
}

/** Fills the disk between pull and deploy: the update lock holds the update there. */
async function installOnFullDisk(board: RunningDevice, folder: string): Promise<SeenFullDisk> {
  const version = await board.publish();
  const lock = spawn('flock', ['--no-fork', join(board.device.folders.runtime, 'update.lock'), 'sleep', '600']);
  const assigned = await board.assign(version);
  await board.untilStatus('the update waits for the lock', ({ state, why }) => state === 'ready' && why.length > 0);
  fill(join(folder, 'filler'));
  lock.kill();
  return seeFullDisk(board, folder, assigned);
}

async function seeFullDisk(board: RunningDevice, folder: string, assigned: Assigned): Promise<SeenFullDisk> {
  const code = await board.untilError();
  const during = await board.observe(assigned);
  rmSync(join(folder, 'filler'));
  return { code, during, after: await board.untilUpdated(assigned) };
}

async function run(folder: string, programs: string): Promise<void> {
  const board = await RunningDevice.start({ folder, program: (name) => join(programs, name, 'main.js') });
  try {
    const { sysroot, storage } = board.device.folders;
    const seen = {
      pull: await startOnFullDisk(board, sysroot),
      deploy: await installOnFullDisk(board, sysroot),
      journal: await startOnFullDisk(board, storage),
      journalBeforeDeploy: await installOnFullDisk(board, storage),
    };
    process.stdout.write(JSON.stringify(seen));
  } finally {
    // The folder goes when the namespace and its file systems are gone.
    await board.laboratory.stop();
  }
}

const [, , folder = '', programs = ''] = process.argv;
run(folder, programs).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
