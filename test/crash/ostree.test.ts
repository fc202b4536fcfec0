import { isRebootRequested } from '../../src/development/boot-loader/simulated-boot-loader.js';
import { converge, kill, reach, whatBoots, type Victim } from '../support/kills/kill-ostree.js';
import { moments } from '../support/kills/pull-and-deploy-points.js';
import { UpdateStation } from '../support/kills/update-station.js';
import { copiedPrograms } from '../support/programs-folder.js';

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

test.each(moments.flatMap((moment) => victims.map((victim) => ({ moment, victim }))))(
  'kill -9 of $victim when $moment.name',
  async ({ moment, victim }) => {
    const { device } = station;
    for (let tries = 1; tries <= mostTries; tries += 1) {
      const former = device.boots.at(-1)?.commit ?? '';
      device.log.length = 0;
      const wanted = await station.assignTree({ files: 60, sizeBytes: 600_000 });
      const child = await reach(station, moment, wanted);
      if (child !== null) {
        await kill(station, victim, child);
        expect([former, wanted.sha256]).toContain(await whatBoots(station));
      }
      await converge(station, victim, wanted);
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
  await converge(station, 'sotad alone', wanted);
  await device.powerOff();
  expect(device.log.filter((line) => line.includes('-> installing'))).toHaveLength(1);
});
