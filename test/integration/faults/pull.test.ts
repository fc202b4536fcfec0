import { RunningDevice, untouched, updated } from '../../support/laboratory/running-device.js';
import { copiedPrograms } from '../../support/programs-folder.js';

const program = copiedPrograms();
let board: RunningDevice;

beforeAll(async () => {
  board = await RunningDevice.start({ program });
});
afterAll(async () => board.close());

const contentObject = '^/treehub/objects/.*\\.filez$';

test.each([
  {
    name: 'a corrupt object',
    code: 'OBJECT_CORRUPT',
    match: { path: contentObject },
    action: { kind: 'wrongBytes', atByte: 60 },
  },
  { name: 'a missing object', code: 'OBJECT_MISSING', match: { path: contentObject }, action: { kind: 'missing' } },
  {
    name: 'a stalled pull',
    code: 'PULL_STALLED',
    match: { path: contentObject, nth: 2 },
    action: { kind: 'stall', atByte: 40 },
  },
])('$name: $code, nothing lost, and the update comes when it is over', async ({ code, match, action }) => {
  const version = await board.publish();
  const assigned = await board.during({ match, action }, async () => {
    const update = await board.assign(version);
    expect(await board.untilError()).toBe(code);
    expect(await board.observe(update)).toEqual(untouched);
    return update;
  });
  expect(await board.untilUpdated(assigned)).toEqual(updated);
  expect((await board.status()).lastError).toBeNull();
});

test('a server that goes away in the middle of a pull: NETWORK_UNREACHABLE, and it goes on when it is back', async () => {
  const assigned = await board.assign(await hold());
  await board.untilStatus('it downloads', ({ state }) => state === 'downloading');
  await board.backend.stop();
  expect(await board.untilError()).toBe('NETWORK_UNREACHABLE');
  await board.backend.start();
  expect(await board.observe(assigned)).toEqual(untouched);
  expect(await board.untilUpdated(assigned)).toEqual(updated);
});

test('withdrawn while it downloads: recorded, nothing reported, and the next assignment comes', async () => {
  const assigned = await board.assign(await hold());
  await board.untilStatus('it downloads', ({ state }) => state === 'downloading');
  await board.backend.cancel(board.uuid);
  await board.untilStatus('it is at rest', ({ state }) => state === 'idle');
  expect(await board.observe(assigned)).toEqual({ ...untouched, assignment: 'cancelled' });
  expect(await board.history()).toContainEqual(
    expect.objectContaining({ event: 'withdrawn', code: 'WITHDRAWN', correlationId: assigned.correlationId }),
  );
  await board.backend.clearFaults();
  expect(await board.untilUpdated(await board.assign(await board.publish()))).toEqual(updated);
});

/** A version whose pull takes long enough for something to happen in the middle. */
async function hold() {
  const version = await board.publish();
  await board.backend.addFault({ match: { path: contentObject }, action: { kind: 'throttle', bytesPerSecond: 50 } });
  return version;
}
