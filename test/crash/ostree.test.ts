import { join } from 'node:path';
import { boot, isRebootRequested } from '../../src/development/boot-loader/simulated-boot-loader.js';
import { osName } from '../../src/development/laboratory/laboratory.js';
import { countObjects, moments, type Moment } from '../support/kills/pull-and-deploy-points.js';
import { descendants, isAlive, signal, stopChildWhen } from '../support/kills/stopped-child.js';
import { UpdateStation, type Wanted } from '../support/kills/update-station.js';
import { copiedPrograms } from '../support/programs-folder.js';

/** Who dies by kill -9 at the moment, and what happens next. */
type Victim = 'ostree' | 'sotad alone' | 'everything, then the board boots';

const victims: readonly Victim[] = ['ostree', 'sotad alone', 'everything, then the board boots'];
const patienceSeconds = 30;
/** A moment may pass unseen on a busy machine; then it is tried with the next version. */
const mostTries = 5;

const program = copiedPrograms();
let station: UpdateStation;

beforeAll(async () => {
  station = await UpdateStation.open('ostree', program, 1);
});

afterAll(async () => {
  await station.close();
});

/** @returns the pid of ostree, stopped; null when the moment was missed. */
async function reach(moment: Moment, wanted: Wanted): Promise<number | null> {
  const { device } = station;
  const { sysroot } = device.folders;
  const work = { sysroot, osName, commit: wanted.sha256, objectsBefore: await countObjects(sysroot) };
  device.start();
  return stopChildWhen(device.pid ?? 0, moment.verb, () => moment.isReached(work), patienceSeconds);
}

async function kill(victim: Victim, child: number): Promise<void> {
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
async function whatBoots(): Promise<string> {
  const machineFolder = join(station.laboratory.options.folder, 'other-board');
  const booted = await boot({ sysroot: station.device.folders.sysroot, machineFolder, entry: 1 });
  return booted.ok ? booted.commit : booted.reason;
}

/** Lets the update end, and looks at everything that it leaves. */
async function converge(victim: Victim, wanted: Wanted): Promise<void> {
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

test.each(moments.flatMap((moment) => victims.map((victim) => ({ moment, victim }))))(
  'kill -9 of $victim when $moment.name',
  async ({ moment, victim }) => {
    const { device } = station;
    for (let tries = 1; tries <= mostTries; tries += 1) {
      const former = device.boots.at(-1)?.commit ?? '';
      device.log.length = 0;
      const wanted = await station.assignTree({ files: 60, sizeBytes: 600_000 });
      const child = await reach(moment, wanted);
      if (child !== null) {
        await kill(victim, child);
        expect([former, wanted.sha256]).toContain(await whatBoots());
      }
      await converge(victim, wanted);
      await device.powerOff();
      if (child === null) continue;
      const downloads = device.log.filter((line) => line.includes('-> downloading')).length;
      expect(downloads).toBeLessThanOrEqual(2);
      return;
    }
    throw new Error(`the moment was never seen in ${mostTries} updates: ${moment.name}`);
  },
);

test('kill -9 between the request for a reboot and the boot', async () => {
  const { device, laboratory } = station;
  device.log.length = 0;
  const wanted = await station.assignTree();
  const asked = (): number => device.log.filter((line) => line.includes('-> rebooting')).length;
  device.start();
  await laboratory.until('a reboot is asked for', patienceSeconds, () => isRebootRequested(device.folders.machine));
  await device.stop('SIGKILL');
  // The board takes its time to go down; the service manager is faster.
  device.start();
  await laboratory.until('it is asked for again', patienceSeconds, () => Promise.resolve(asked() === 2));
  expect(station.stateOf(await station.record(), wanted.correlationId)).toBe('inFlight');
  await converge('sotad alone', wanted);
  await device.powerOff();
  expect(device.log.filter((line) => line.includes('-> installing'))).toHaveLength(1);
});
