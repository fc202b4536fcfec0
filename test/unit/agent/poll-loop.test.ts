import { Patience } from '../../../src/agent/observed-http.js';
import { PollLoop } from '../../../src/agent/poll-loop.js';
import { Vitality } from '../../../src/agent/vitality.js';
import { SystemClock } from '../../../src/adapters/system/system-clock.js';
import { SystemRandom } from '../../../src/adapters/system/system-random.js';
import { KeepingLogger } from '../../support/keeping-logger.js';

/** A loop with an interval that no test lives to see the end of. */
function makeLoop(poll: (loop: PollLoop) => Promise<string>): PollLoop {
  const clock = new SystemClock();
  const loop: PollLoop = new PollLoop({
    poll: () => poll(loop),
    patience: new Patience(),
    intervalSeconds: 3600,
    jitterPercent: 0,
    firstPollMaximumSeconds: 0,
    clock,
    random: new SystemRandom(),
    logger: new KeepingLogger(),
    vitality: new Vitality(clock),
    onPolled: () => undefined,
  });
  return loop;
}

test('who asks for a poll while one runs gets the next, not that of the next interval', async () => {
  const end = new AbortController();
  let polls = 0;
  const loop = makeLoop(async (own) => {
    polls += 1;
    if (polls === 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      own.wakeSoon();
    } else {
      end.abort();
    }
    return 'polled';
  });
  const patience = setTimeout(() => end.abort(), 2000);
  await loop.run(end.signal);
  clearTimeout(patience);
  expect(polls).toBe(2);
});

test('a wake-up counts once', async () => {
  const end = new AbortController();
  let polls = 0;
  const loop = makeLoop((own) => {
    polls += 1;
    if (polls === 1) own.wakeSoon();
    return Promise.resolve('polled');
  });
  setTimeout(() => end.abort(), 300);
  await loop.run(end.signal);
  expect(polls).toBe(2);
});
