import { Patience } from '../../../src/agent/observed-http.js';
import { PollLoop, type PollOutcome } from '../../../src/agent/poll-loop.js';
import { Vitality } from '../../../src/agent/vitality.js';
import { SotaError } from '../../../src/domain/errors/sota-error.js';
import { FakeClock, settle } from '../../support/agent/fake-clock.js';
import { reply } from '../../support/agent/fake-http.js';
import { FixedRandom } from '../../support/agent/fixed-random.js';
import { KeepingLogger } from '../../support/keeping-logger.js';
import { attempt } from '../../support/update/records.js';

const interval = 300;
const second = 1000;

function makeLoop(poll: () => Promise<string> = () => Promise.resolve('ok')) {
  const clock = new FakeClock();
  const random = new FixedRandom(0.5);
  const patience = new Patience();
  const vitality = new Vitality(clock);
  const polls: number[] = [];
  const outcomes: PollOutcome[] = [];
  const loop = new PollLoop({
    poll: () => {
      polls.push(clock.monotonicMilliseconds() / second);
      return poll();
    },
    ...{ patience, clock, random, vitality, intervalSeconds: interval, jitterPercent: 10, firstPollMaximumSeconds: 60 },
    logger: new KeepingLogger(),
    onPolled: (outcome) => outcomes.push(outcome),
  });
  const end = new AbortController();
  const ended = loop.run(end.signal);
  return {
    ...{ clock, random, patience, vitality, polls, outcomes, loop },
    stop: async () => {
      end.abort();
      await ended;
    },
  };
}

const outage = (): Promise<string> => Promise.reject(new SotaError('NETWORK_UNREACHABLE', { message: 'gone' }));

describe('when polls happen', () => {
  test('the first one comes at random within the configured limit', async () => {
    const { clock, polls, stop } = makeLoop();
    await clock.advance(29 * second);
    expect(polls).toEqual([]);
    await clock.advance(2 * second);
    expect(polls).toEqual([30]);
    await stop();
  });

  test.each([
    [0, 270],
    [0.5, 300],
    [0.999_999, 330],
  ])('chance %d makes the interval %d s', async (fraction, expected) => {
    const { clock, random, polls, stop } = makeLoop();
    await clock.advance(31 * second);
    random.value = fraction;
    await clock.advance(300 * second);
    await clock.advance(400 * second);
    const [, second_ = 0, third = 0] = polls;
    expect(Math.round(third - second_)).toBe(expected);
    await stop();
  });

  test('failures back off, to four intervals at most, and never to nothing', async () => {
    const { clock, random, polls, stop } = makeLoop(outage);
    await clock.advance(31 * second);
    random.value = 0;
    const before = polls.length;
    await clock.advance(10 * second);
    // With no luck at all there still is a second between two tries.
    expect(polls.length - before).toBeLessThanOrEqual(10);
    random.value = 0.999_999;
    await clock.advance(100_000 * second);
    const gaps = polls.slice(-5).map((at, index, all) => (index === 0 ? 0 : at - (all[index - 1] ?? 0)));
    for (const gap of gaps.slice(1)) expect(gap).toBeCloseTo(4 * interval, 0);
    await stop();
  });

  test('after a success the regular interval counts again', async () => {
    let isDown = true;
    const { clock, polls, stop } = makeLoop(() => (isDown ? outage() : Promise.resolve('ok')));
    await clock.advance(600 * second);
    isDown = false;
    await clock.advance(1200 * second);
    const from = polls.length;
    await clock.advance(900 * second);
    expect(polls.length - from).toBe(3);
    await stop();
  });

  test('what a server asks for by Retry-After is waited for', async () => {
    const parts = makeLoop(() => {
      parts.patience.observe(reply(503, '', { 'retry-after': '100' }));
      return outage();
    });
    await parts.clock.advance(31 * second);
    await parts.clock.advance(98 * second);
    expect(parts.polls).toHaveLength(1);
    await parts.clock.advance(2 * second);
    expect(parts.polls).toHaveLength(2);
    await parts.stop();
  });

  test('an old Retry-After does not outlive its failure', async () => {
    let answers = 1;
    const parts = makeLoop(() => {
      if (answers > 0) parts.patience.observe(reply(503, '', { 'retry-after': '3600' }));
      answers -= 1;
      return outage();
    });
    await parts.clock.advance(3650 * second);
    const from = parts.polls.length;
    await parts.clock.advance(60 * second);
    expect(parts.polls.length - from).toBeGreaterThan(1);
    await parts.stop();
  });

  test('an attempt that waits for its retry does not hurry a server in trouble', async () => {
    const parts = makeLoop(() => {
      parts.patience.observe(reply(429, '', { 'retry-after': '200' }));
      return outage();
    });
    await parts.clock.advance(31 * second);
    parts.loop.scheduleRetry({ state: 'retrying', attempt: { ...attempt, failures: 1 } });
    await parts.clock.advance(150 * second);
    expect(parts.polls).toHaveLength(1);
    await parts.stop();
  });
});

describe('an attempt that failed', () => {
  test('gets a poll of its own when its backoff is over', async () => {
    const { clock, loop, polls, stop } = makeLoop();
    await clock.advance(31 * second);
    loop.scheduleRetry({ state: 'retrying', attempt: { ...attempt, failures: 1 } });
    expect(loop.isRetryDue()).toBe(false);
    await clock.advance(6 * second);
    expect(loop.isRetryDue()).toBe(true);
    expect(polls).toHaveLength(2);
    await stop();
  });

  test('is tried once when it was scheduled while a poll ran', async () => {
    let finish: (text: string) => void = () => undefined;
    const { clock, loop, polls, stop } = makeLoop(() => new Promise((resolve) => (finish = resolve)));
    await clock.advance(31 * second);
    loop.scheduleRetry({ state: 'retrying', attempt: { ...attempt, failures: 1 } });
    finish('ok');
    await clock.advance(6 * second);
    expect(polls).toHaveLength(2);
    finish('ok');
    await stop();
  });

  test('is tried at once when a person asks for it', async () => {
    const { clock, loop, polls, stop } = makeLoop();
    await clock.advance(31 * second);
    loop.scheduleRetry({ state: 'retrying', attempt: { ...attempt, failures: 9 } });
    await settle();
    expect(loop.isRetryDue()).toBe(false);
    const asked = loop.requestNow();
    expect(loop.isRetryDue()).toBe(true);
    await asked;
    expect(polls).toHaveLength(2);
    await stop();
  });

  test('of another state schedules nothing', async () => {
    const { loop, stop } = makeLoop();
    loop.scheduleRetry({ state: 'downloading', attempt: { ...attempt, failures: 3 } });
    expect(loop.retryMilliseconds).toBeNull();
    await stop();
  });
});

test('who asks gets the outcome of a poll that began after the question', async () => {
  const finishes: ((text: string) => void)[] = [];
  const { clock, loop, stop } = makeLoop(() => new Promise((resolve) => finishes.push(resolve)));
  await clock.advance(31 * second);
  const asked = loop.request();
  finishes[0]?.('early');
  await settle();
  finishes[1]?.('late');
  expect((await asked).text).toBe('late');
  await stop();
});

test('what a poll throws becomes its outcome, a bug too', async () => {
  const { clock, outcomes, loop, stop } = makeLoop(() => Promise.reject(new TypeError('oops')));
  await clock.advance(31 * second);
  expect(outcomes[0]?.error).toMatchObject({ code: 'INTERNAL', message: 'oops' });
  expect(loop.lastOutcome).toBe(outcomes[0]);
  await stop();
});

test('a poll whose server answers, however slowly, is alive; one that hears nothing is not', async () => {
  const { clock, vitality, loop, stop } = makeLoop(() => new Promise(() => undefined));
  await clock.advance(31 * second);
  for (let minute = 0; minute < 60; minute += 1) {
    await clock.advance(60 * second);
    loop.sign();
  }
  expect(vitality.stalled()).toEqual([]);
  await clock.advance(16 * 60 * second);
  expect(vitality.stalled()).toEqual(['poll']);
  void stop();
});
