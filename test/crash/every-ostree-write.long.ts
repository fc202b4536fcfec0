/**
 * kill -9 before and after each write of a whole OSTree update, on its good way and on the way back. Afterwards either
 * the service manager starts sotad again, or the board boots, as after a power cut.
 */
import { bootOrder } from '../support/laboratory/boot-order.js';
import { UpdateStation, type Point, type Wanted } from '../support/kills/update-station.js';
import { copiedPrograms } from '../support/programs-folder.js';

type Way = 'the new version stays' | 'the boot loader goes back';
type Next = 'sotad starts again' | 'the board boots';

const program = copiedPrograms();
/** One after the start, one after the reboot, one that tells the end. */
const mostPolls = 3;

interface Result {
  readonly state: 'succeeded' | 'failed';
  readonly reports: readonly string[];
  readonly polls: number;
  readonly downloads: number;
  /** The write at which it died; null where it did not. */
  readonly killedAt: string | null;
  /** Until the device was at rest; what a stop writes comes later. */
  readonly writes: readonly string[];
}

async function update(station: UpdateStation, way: Way, next: Next, point: Point): Promise<Result> {
  const { device } = station;
  const former = device.boots.at(-1)?.commit ?? '';
  station.setPoint(point);
  device.log.length = 0;
  const wanted = await station.assignTree();
  device.nextEntry = way === 'the new version stays' ? 1 : 2;
  device.start();
  device.supervise({ restart: false });
  const killedAt = point.at === 0 ? null : await station.untilKilled(point, wanted);
  const before = (await station.record()).manifestNumber;
  if (killedAt !== null) {
    if (next === 'the board boots') await cutPower(station, wanted);
    else device.start();
  }
  const closed = await station.untilClosed(wanted, 'any');
  await expectTruth(station, wanted, former);
  const after = await station.pollAgain();
  expect(await station.rest()).toEqual({ state: 'idle', reports: 0 });
  await expectTruth(station, wanted, former);
  const writes = station.writes();
  await device.powerOff();
  // Booted by hand or not, the board starts the next update from what boots first.
  device.nextEntry = 1;
  return {
    state: station.stateOf(after, wanted.correlationId) as Result['state'],
    reports: station.reportEffects(after, wanted.correlationId),
    polls: closed.manifestNumber - before,
    downloads: device.log.filter((line) => line.includes('-> downloading')).length,
    killedAt,
    writes,
  };
}

/** The boot loader goes back from the new version only: before that is deployed, the first entry boots. */
async function cutPower({ device }: UpdateStation, wanted: Wanted): Promise<void> {
  const isDeployed = (await bootOrder(device.folders.sysroot))[0] === wanted.sha256;
  const entry = device.nextEntry;
  if (!isDeployed) device.nextEntry = 1;
  await device.powerOn();
  if (!isDeployed) device.nextEntry = entry;
}

/** Success means that the new version runs and boots; failure that the former one does. */
async function expectTruth(station: UpdateStation, wanted: Wanted, former: string): Promise<void> {
  const record = await station.record();
  const state = station.stateOf(record, wanted.correlationId);
  const expected = state === 'succeeded' ? wanted.sha256 : former;
  expect(station.device.boots.at(-1)?.commit).toBe(expected);
  expect((await bootOrder(station.device.folders.sysroot))[0]).toBe(expected);
  expect(record.ecus[0]?.installed?.sha256).toBe(expected);
}

/** What the one report does at the backend; a second one only where the first was not noted. */
function expectedReports(state: Result['state'], isToldAgain: boolean): readonly (readonly string[])[] {
  if (state === 'failed') return [['failure: 1 closed as failed']];
  const told = 'success: 1 of 1 closed';
  return isToldAgain ? [[told], [told, 'success without a match: 0 cancelled']] : [[told]];
}

const ways: readonly Way[] = ['the new version stays', 'the boot loader goes back'];
const nexts: readonly Next[] = ['sotad starts again', 'the board boots'];

test.each(ways.flatMap((way) => nexts.map((next) => ({ way, next }))))(
  'kill -9 at each write when $way, then $next',
  async ({ way, next }) => {
    let station = await UpdateStation.open('ostree', program);
    try {
      const whole = await update(station, way, next, { at: 0, when: 'before' });
      expect(whole.state).toBe(way === 'the new version stays' ? 'succeeded' : 'failed');
      expect(expectedReports(whole.state, false)).toContainEqual(whole.reports);
      const { writes } = whole;
      const failures: string[] = [];
      let points = 0;
      for (const [index, write] of writes.entries()) {
        for (const when of ['before', 'after'] as const) {
          const where = `${when} write ${index + 1} of ${writes.length} (${write})`;
          try {
            const result = await update(station, way, next, { at: index + 1, when });
            const isToldAgain = when === 'before' && result.killedAt?.includes('history reported') === true;
            expect(expectedReports(result.state, isToldAgain)).toContainEqual(result.reports);
            // Only a board that booted the new version in between may keep it after all.
            if (way === 'the new version stays') expect(result.state).toBe('succeeded');
            else if (next === 'sotad starts again') expect(result.state).toBe('failed');
            expect(result.downloads).toBeLessThanOrEqual(2);
            expect(result.polls).toBeLessThanOrEqual(mostPolls);
            if (result.killedAt !== null) points += 1;
            process.stderr.write(`${where}: ${result.state}, ${result.polls} polls, ${result.downloads} downloads\n`);
          } catch (error) {
            failures.push(`${where}: ${String(error)}`);
            process.stderr.write(`${failures.at(-1) ?? ''}\n`);
            await station.close();
            station = await UpdateStation.open('ostree', program);
          }
        }
      }
      process.stderr.write(`${way}, then ${next}: ${points} points, ${failures.length} failures\n`);
      expect(failures).toEqual([]);
    } finally {
      await station.close();
    }
  },
);
