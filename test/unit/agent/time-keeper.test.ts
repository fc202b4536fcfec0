import { TimeKeeper } from '../../../src/agent/time-keeper.js';
import { FakeClock } from '../../support/agent/fake-clock.js';
import { FakePrivileged } from '../../support/agent/fake-privileged.js';

const day = 24 * 60 * 60 * 1000;
const build = Date.UTC(2027, 0, 1);

function board(parts: { readonly wall?: number; readonly floor?: number; readonly build?: number } = {}) {
  const clock = new FakeClock(parts.wall ?? build + 10 * day);
  const privileged = new FakePrivileged();
  const time = new TimeKeeper({
    ...{ clock, privileged, buildMilliseconds: parts.build ?? build, keptFloorMilliseconds: parts.floor ?? 0 },
  });
  return {
    ...{ clock, privileged, time },
    observe: (milliseconds: number) => time.observe(new Date(milliseconds).toUTCString()),
    kept: () => privileged.trusted.timeFloorMilliseconds,
  };
}

test.each([
  ['the system clock', { wall: build + day, floor: build }, build + day],
  ['the floor, when the clock is behind it', { wall: 0, floor: build + 3 * day }, build + 3 * day],
  ['the build, when both are behind it', { wall: 0, floor: 5 }, build],
])('expiry is judged by %s', (_, parts, expected) => {
  expect(board(parts).time.now()).toBe(expected);
});

test.each([
  [build + 3 * day - 1, true],
  [build + 2 * day, true],
  [build + 2 * day - 1, false],
  [0, false],
])('a clock that says %d is plausible above a floor: %p', (wall, isPlausible) => {
  const { time } = board({ wall, floor: build + 3 * day });
  const judge = (): void => time.requirePlausibleClock();
  if (isPlausible) expect(judge).not.toThrow();
  else expect(judge).toThrow('the clock says');
});

test('the floor follows the server, not the system clock', async () => {
  const { observe, kept } = board({ wall: build + 100 * day });
  await observe(build + 2 * day);
  expect(kept()).toBe(build + 2 * day);
});

test('not even the first server can carry it further than a day beyond what is known', async () => {
  const { observe, kept } = board({ wall: build + 10 * day });
  await observe(build + 10_000 * day);
  expect(kept()).toBe(build + 11 * day);
});

test('it moves a day a day at most', async () => {
  const { clock, observe, kept } = board({ floor: build });
  for (let hour = 0; hour < 72; hour += 1) {
    await observe(build + 500 * day);
    await clock.advance(60 * 60 * 1000);
  }
  expect(kept()).toBe(build + 3 * day);
});

test('it never goes back, and less than a day is not written', async () => {
  const { privileged, observe } = board({ floor: build + 5 * day });
  await observe(build);
  await observe(build + 5 * day + day / 2);
  expect(privileged.changes()).toEqual([]);
});

test.each([undefined, '', 'yesterday'])('the Date %p says nothing', async (text) => {
  const { privileged, time } = board();
  await time.observe(text);
  expect(privileged.changes()).toEqual([]);
});

test('a build from the future is dropped once a server says what time it is', async () => {
  const { time, observe } = board({ wall: build, build: build + 500 * day });
  expect(time.now()).toBe(build + 500 * day);
  await observe(build);
  expect(time.now()).toBeLessThanOrEqual(build + day);
});

test('how long something goes on is told by the server where one was heard, whatever the clock does', async () => {
  const { clock, time, observe } = board({ wall: build });
  expect(time.best()).toBe(build);
  await observe(build + 30 * day);
  await clock.advance(1_000);
  clock.wallStart += 400 * day;
  expect(time.best()).toBe(build + 30 * day + 1_000);
});
