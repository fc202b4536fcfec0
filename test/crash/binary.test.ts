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

interface Result {
  readonly polls: number;
  /** What the reports did at the backend. */
  readonly reports: readonly string[];
  /** The write at which it died; null where it did not. */
  readonly killedAt: string | null;
}

/** One whole update by a sotad that dies at the point and is started again. */
async function update(point: Point): Promise<Result> {
  const { device } = station;
  station.setPoint(point);
  const wanted = await station.assignFile();
  device.start();
  const killedAt = point.at === 0 ? null : await station.untilKilled(point, wanted);
  const before = (await station.record()).manifestNumber;
  if (killedAt !== null) device.start();
  const closed = await station.untilClosed(wanted);
  const placed = await readFile(join(device.folders.images, wanted.sha256.toUpperCase()));
  expect(placed.equals(wanted.content ?? Buffer.alloc(0))).toBe(true);

  const after = await station.pollAgain();
  expect(await station.rest()).toEqual({ state: 'idle', reports: 0 });
  expect(after.ecus[0]?.installed?.sha256).toBe(wanted.sha256);
  expect(station.stateOf(after, wanted.correlationId)).toBe('succeeded');
  await device.stop();
  return {
    polls: closed.manifestNumber - before,
    reports: station.reportEffects(after, wanted.correlationId),
    killedAt,
  };
}

test('a file is placed and reported once, wherever kill -9 meets a write of the state', async () => {
  const told = 'success: 1 of 1 closed';
  expect((await update({ at: 0, when: 'before' })).reports).toEqual([told]);
  const writes = station.writes();
  expect(writes.filter((name) => name.includes('journal '))).toHaveLength(5);

  const failures: string[] = [];
  const killed = { before: new Set<string>(), after: new Set<string>() };
  for (const [index, write] of writes.entries()) {
    for (const when of ['before', 'after'] as const) {
      const where = `${when} write ${index + 1} (${write})`;
      try {
        const { polls, reports, killedAt } = await update({ at: index + 1, when });
        // The server has the report, but the device did not note that: only then it is told again, to no effect.
        const isToldAgain = when === 'before' && killedAt?.includes('history reported') === true;
        expect(reports).toEqual(isToldAgain ? [told, 'success without a match: 0 cancelled'] : [told]);
        if (polls > 2) failures.push(`${where}: ${polls} polls`);
        if (killedAt !== null) killed[when].add(killedAt);
      } catch (error) {
        failures.push(`${where}: ${String(error)}`);
        await station.device.stop('SIGKILL');
      }
    }
  }
  expect(failures).toEqual([]);
  for (const when of ['before', 'after'] as const) {
    expect([...killed[when]]).toEqual(expect.arrayContaining(writes.filter((name) => name.includes('journal '))));
  }
}, 240_000);
