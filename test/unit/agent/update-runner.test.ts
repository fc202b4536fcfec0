import { UpdateRunner, type Effect, type Effects, type UpdateRunnerParts } from '../../../src/agent/update-runner.js';
import { Vitality } from '../../../src/agent/vitality.js';
import { SotaError } from '../../../src/domain/errors/sota-error.js';
import type { UpdateEvent } from '../../../src/domain/update/events.js';
import { parseRecord, printRecord } from '../../../src/domain/update/record-format.js';
import type { UpdateRecord } from '../../../src/domain/update/record.js';
import { FakeClock, settle } from '../../support/agent/fake-clock.js';
import { FixedRandom } from '../../support/agent/fixed-random.js';
import { MemoryStateStore } from '../../support/agent/memory-state-store.js';
import { KeepingLogger } from '../../support/keeping-logger.js';
import { attempt, error, oldCommit, origin, seen } from '../../support/update/records.js';

const facts = { bootId: 'boot-1', bootedCommit: oldCommit, firstCommit: oldCommit };
const assignmentSeen = (assignment: typeof seen | null): UpdateEvent => ({
  name: 'AssignmentSeen',
  assignment,
  isRunning: false,
  nowMilliseconds: 1,
});
const nothing: Effect = () => Promise.resolve(null);
const diskFull = new SotaError('DISK_FULL', { message: 'full' });

/** The same limit for all. */
const everyEffect = (seconds: number): UpdateRunnerParts['stallLimitSeconds'] => ({
  download: seconds,
  awaitClearance: seconds,
  install: seconds,
  offerReboot: seconds,
  reboot: seconds,
  confirm: seconds,
  undo: seconds,
  report: seconds,
});

function board(effects: Partial<Effects> = {}, journal?: UpdateRecord | string) {
  const clock = new FakeClock();
  const state = new MemoryStateStore();
  const logger = new KeepingLogger();
  const vitality = new Vitality(clock);
  const changes: string[] = [];
  if (journal !== undefined) state.journal.write(typeof journal === 'string' ? journal : printRecord(journal));
  const none = { download: nothing, awaitClearance: nothing, install: nothing, offerReboot: nothing };
  const runner = new UpdateRunner({
    ...{ state, clock, logger, vitality, random: new FixedRandom(0.999_999) },
    effects: { ...none, reboot: nothing, confirm: nothing, undo: nothing, report: nothing, ...effects },
    backoff: { firstSeconds: 2, capSeconds: 60 },
    stallLimitSeconds: everyEffect(600),
    onChange: ({ state: name }) => changes.push(name),
  });
  const end = new AbortController();
  return {
    ...{ clock, state, logger, vitality, changes, runner, end },
    start: async () => {
      await runner.start(facts, end.signal);
      await settle();
    },
    states: () =>
      state.written.map((line) => {
        const record = parseRecord(line);
        return record.ok ? record.value.state : line;
      }),
  };
}

test('a record is durable before its effect runs', async () => {
  const seenInJournal: (string | null)[] = [];
  const { start, runner, state } = board({
    download: () => {
      seenInJournal.push(state.journal.load());
      return Promise.resolve({ event: { name: 'Downloaded' } });
    },
    awaitClearance: () => {
      seenInJournal.push(state.journal.load());
      return Promise.resolve(null);
    },
  });
  await start();
  runner.dispatch(assignmentSeen(seen));
  await settle();
  expect(seenInJournal.map((line) => (JSON.parse(line ?? '{}') as { state: string }).state)).toEqual([
    'downloading',
    'ready',
  ]);
});

test('a whole update for a file goes through all its states, each written once', async () => {
  const { start, runner, states } = board({
    download: () => Promise.resolve({ event: { name: 'Downloaded' } }),
    awaitClearance: () => Promise.resolve({ event: { name: 'Cleared', origin } }),
    install: () => Promise.resolve({ event: { name: 'Installed', needsReboot: false, text: '' } }),
    report: () => Promise.resolve({ event: { name: 'Reported' } }),
  });
  await start();
  runner.dispatch(assignmentSeen(seen));
  await settle();
  expect(states()).toEqual(['downloading', 'ready', 'installing', 'reporting', 'idle']);
  expect(runner.record.state).toBe('idle');
});

test('an event without meaning writes nothing', async () => {
  const { start, runner, states, changes } = board();
  await start();
  runner.dispatch({ name: 'Downloaded' });
  runner.dispatch(assignmentSeen(null));
  expect([states(), changes]).toEqual([[], []]);
});

test('what belongs to a result becomes durable with it, or not at all', async () => {
  let fails = true;
  const { clock, start, runner, state, states } = board({
    download: () =>
      Promise.resolve({
        event: { name: 'Downloaded' },
        alongside: () => {
          state.reports.add('event', 'downloaded');
          if (fails) throw diskFull;
        },
      }),
  });
  await start();
  runner.dispatch(assignmentSeen(seen));
  await settle();
  expect([runner.record.state, state.reports.count('event')]).toEqual(['downloading', 0]);
  fails = false;
  await clock.advance(3000);
  expect([runner.record.state, state.reports.count('event'), states().at(-1)]).toEqual(['ready', 1, 'ready']);
});

test('a journal that can not be written keeps the record, and tells who dispatched', async () => {
  const { start, runner, state } = board();
  await start();
  state.failure = diskFull;
  expect(() => runner.dispatch(assignmentSeen(seen))).toThrow('full');
  expect(runner.record.state).toBe('idle');
  state.failure = null;
  runner.dispatch(assignmentSeen(seen));
  expect(runner.record.state).toBe('downloading');
});

test('an effect that throws is tried again, ever more rarely, and nothing leaves the runner', async () => {
  const tries: number[] = [];
  const { clock, start, logger } = board(
    {
      report: () => {
        tries.push(clock.monotonicMilliseconds() / 1000);
        return Promise.reject(tries.length === 1 ? new TypeError('a bug') : diskFull);
      },
    },
    { state: 'reporting', attempt, outcome: { result: 'success', text: '' } },
  );
  await start();
  await clock.advance(400_000);
  const gaps = tries.slice(1).map((at, index) => Math.round(at - (tries[index] ?? 0)));
  expect(gaps.slice(0, 7)).toEqual([2, 4, 8, 16, 32, 60, 60]);
  expect(logger.lines.find(({ level }) => level === 'error')?.fields.code).toBe('INTERNAL');
});

test('an effect that was given up has ended before the next begins, and its result means nothing', async () => {
  const order: string[] = [];
  const { start, runner, states } = board({
    download: async (_, signal) => {
      order.push('download begins');
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      await settle();
      order.push('download ends');
      return { event: { name: 'Downloaded' } };
    },
    undo: () => {
      order.push('undo');
      return Promise.resolve(null);
    },
  });
  await start();
  runner.dispatch(assignmentSeen(seen));
  await settle();
  runner.dispatch(assignmentSeen(null));
  await settle();
  await settle();
  await settle();
  expect(order).toEqual(['download begins', 'download ends', 'undo']);
  expect(states()).toEqual(['downloading', 'undoing']);
});

test('an effect that throws because it was given up is no error', async () => {
  const { start, runner, logger, end } = board({
    download: async (_, signal) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      throw new SotaError('ABORTED', { message: 'given up' });
    },
  });
  await start();
  runner.dispatch(assignmentSeen(seen));
  await settle();
  end.abort();
  await runner.stop();
  expect(logger.lines.filter(({ level }) => level === 'error')).toEqual([]);
});

test('stop aborts, waits for the end and takes no event afterwards', async () => {
  let isOver = false;
  const { start, runner, states } = board({
    download: async (_, signal) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      await settle();
      isOver = true;
      return { event: { name: 'Downloaded' } };
    },
  });
  await start();
  runner.dispatch(assignmentSeen(seen));
  await settle();
  await runner.stop();
  expect(isOver).toBe(true);
  runner.dispatch(assignmentSeen(null));
  expect(states()).toEqual(['downloading']);
});

describe('a start', () => {
  test('runs the effect of the record that it finds', async () => {
    let undone = 0;
    const { start } = board(
      {
        undo: () => {
          undone += 1;
          return Promise.resolve(null);
        },
      },
      { state: 'undoing', attempt, outcome: { result: 'failure', error } },
    );
    await start();
    expect(undone).toBe(1);
  });

  test.each(['{', '{"format":1,"state":"levitating"}', '{"format":99,"state":"idle"}'])(
    'goes on without a journal that reads %s',
    async (line) => {
      const { start, runner, logger } = board({}, line);
      await start();
      expect(runner.record.state).toBe('idle');
      expect(logger.lines[0]).toMatchObject({ level: 'error', fields: { code: 'STATE_DAMAGED' } });
    },
  );

  test('waits for a state that can not be written yet', async () => {
    const { clock, runner, state, end, states } = board({}, { state: 'downloading', attempt });
    state.failure = diskFull;
    const started = runner.start(facts, end.signal);
    await clock.advance(12_000);
    state.failure = null;
    await clock.advance(6_000);
    await started;
    expect(states()).toEqual(['retrying']);
  });

  test('that is ended while it waits does not hang', async () => {
    const { clock, runner, state, end } = board({}, { state: 'downloading', attempt });
    state.failure = diskFull;
    const started = runner.start(facts, end.signal);
    await clock.advance(1_000);
    end.abort();
    await started;
    expect(runner.record.state).toBe('downloading');
  });
});

test.each(['confirming', 'awaitingReboot'] as const)('%s waits before it is tried again', async (state) => {
  const times: number[] = [];
  const effect: Effect = () => {
    times.push(clock.monotonicMilliseconds());
    return Promise.resolve(null);
  };
  const failedBefore = { ...attempt, failures: 3, lastError: error };
  const { clock, runner, end } = board(
    { confirm: effect, offerReboot: effect },
    { state, attempt: failedBefore, origin },
  );
  const bootedCommit = state === 'confirming' ? attempt.target.sha256 : oldCommit;
  await runner.start({ bootId: 'boot-1', bootedCommit, firstCommit: bootedCommit }, end.signal);
  await clock.advance(7_000);
  expect(times).toEqual([]);
  await clock.advance(2_000);
  expect(times).toHaveLength(1);
});

test('an effect that shows signs of life is no standstill, one that is silent for too long is', async () => {
  const { clock, start, runner, vitality } = board({ download: () => new Promise(() => undefined) });
  await start();
  runner.dispatch(assignmentSeen(seen));
  for (let minute = 0; minute < 30; minute += 1) {
    await clock.advance(60_000);
    runner.sign();
  }
  expect(vitality.stalled()).toEqual([]);
  await clock.advance(601_000);
  expect(vitality.stalled()).toEqual(['download']);
});

test('nothing under way is never a standstill', async () => {
  const { clock, start, vitality } = board();
  await start();
  await clock.advance(100_000_000);
  expect(vitality.stalled()).toEqual([]);
});
