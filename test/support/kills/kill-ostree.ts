import { join } from 'node:path';
import { boot } from '../../../src/development/boot-loader/simulated-boot-loader.js';
import { osName } from '../../../src/development/laboratory/laboratory.js';
import { countObjects, type Moment } from './pull-and-deploy-points.js';
import { descendants, isAlive, signal, stopChildWhen } from './stopped-child.js';
import type { UpdateStation, Wanted } from './update-station.js';

/** Who dies by kill -9 at the moment, and what happens next. */
export type Victim = 'ostree' | 'sotad alone' | 'everything, then the board boots';

const patienceSeconds = 30;

/** @returns the pid of ostree, stopped; null when the moment was missed. */
export async function reach(station: UpdateStation, moment: Moment, wanted: Wanted): Promise<number | null> {
  const { device } = station;
  const { sysroot } = device.folders;
  const work = { sysroot, osName, commit: wanted.sha256, objectsBefore: await countObjects(sysroot) };
  device.start();
  return stopChildWhen(device.pid ?? 0, moment.verb, () => moment.isReached(work), patienceSeconds);
}

export async function kill(station: UpdateStation, victim: Victim, child: number): Promise<void> {
  const { device } = station;
  const sotad = device.pid ?? 0;
  switch (victim) {
    case 'ostree':
      signal(child, 'SIGKILL');
      return;
    case 'sotad alone':
      // As slow as it can be, the ostree that was left must not meet that of the next sotad.
      await device.stop('SIGKILL');
      device.start();
      await station.laboratory.until('the former ostree is ended', patienceSeconds, () =>
        Promise.resolve(!isAlive(child)),
      );
      return;
    case 'everything, then the board boots': {
      const all = descendants(sotad);
      for (const pid of all) signal(pid, 'SIGKILL');
      await station.laboratory.until('everything is dead', patienceSeconds, () =>
        Promise.resolve(!device.isRunning && !all.some(isAlive)),
      );
    }
  }
}

/** What the boot loader would do now, on a board that nobody looks at. */
export async function whatBoots(station: UpdateStation): Promise<string> {
  const machineFolder = join(station.laboratory.options.folder, 'other-board');
  const booted = await boot({ sysroot: station.device.folders.sysroot, machineFolder, entry: 1 });
  return booted.ok ? booted.commit : booted.reason;
}

/** Lets the update end, and looks at everything that it leaves. */
export async function converge(station: UpdateStation, victim: Victim, wanted: Wanted): Promise<void> {
  const { device } = station;
  if (victim === 'everything, then the board boots') await device.powerOn();
  device.supervise({ restart: true });
  await station.untilClosed(wanted);
  expect(device.boots.at(-1)?.commit).toBe(wanted.sha256);
  const after = await station.pollAgain();
  expect(await station.rest()).toEqual({ state: 'idle', reports: 0 });
  expect(station.reportEffects(after, wanted.correlationId)).toEqual(['success: 1 of 1 closed']);
  expect(after.ecus[0]?.installed?.sha256).toBe(wanted.sha256);
}
