import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UpdateStation, type Point } from '../support/kills/update-station.js';
import { copiedPrograms } from '../support/programs-folder.js';

const program = copiedPrograms();
let station: UpdateStation;

beforeAll(async () => {
  station = await UpdateStation.open('none', program);
});

afterAll(async () => {
  await station.close();
});

/** One whole update by a sotad that dies at the point and is started again. */
async function update(point: Point): Promise<{ readonly polls: number; readonly reports: readonly string[] }> {
  const { device } = station;
  station.setPoint(point);
  const wanted = await station.assignFile();
  let before = (await station.record()).manifestNumber;
  device.start();
  if (point.at > 0) {
    await station.untilKilled(point);
    before = (await station.record()).manifestNumber;
    device.start();
  }
  const closed = await station.untilClosed(wanted);
  const placed = await readFile(join(device.folders.images, wanted.sha256.toUpperCase()));
  expect(placed.equals(wanted.content ?? Buffer.alloc(0))).toBe(true);

  const after = await station.pollAgain();
  expect(await station.rest()).toEqual({ state: 'idle', reports: 0 });
  expect(after.ecus[0]?.installed?.sha256).toBe(wanted.sha256);
  expect(station.stateOf(after, wanted.correlationId)).toBe('succeeded');
  await device.stop();
  return { polls: closed.manifestNumber - before, reports: station.reportEffects(after, wanted.correlationId) };
}

test('a file is placed and reported once, wherever kill -9 meets a write of the state', async () => {
  const told = 'success: 1 of 1 closed';
  expect(await update({ at: 0, when: 'before' })).toEqual({ polls: expect.any(Number) as number, reports: [told] });
  const writes = station.writes();
  expect(writes.filter((name) => name.includes('journal '))).toHaveLength(5);

  const failures: string[] = [];
  for (const [index, write] of writes.entries()) {
    for (const when of ['before', 'after'] as const) {
      const where = `${when} write ${index + 1} (${write})`;
      // The server has the report, but the device did not note that: only then it is told again, to no effect.
      const isToldAgain = when === 'before' && write.includes('history reported');
      try {
        const { polls, reports } = await update({ at: index + 1, when });
        expect(reports).toEqual(isToldAgain ? [told, 'success without a match: 0 cancelled'] : [told]);
        if (polls > 2) failures.push(`${where}: ${polls} polls`);
      } catch (error) {
        failures.push(`${where}: ${String(error)}`);
        await station.device.stop('SIGKILL');
      }
    }
  }
  expect(failures).toEqual([]);
}, 240_000);
