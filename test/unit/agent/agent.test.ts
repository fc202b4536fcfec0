import { Agent, type AgentParts } from '../../../src/agent/agent.js';
import { Vitality } from '../../../src/agent/vitality.js';
import { SotaError } from '../../../src/domain/errors/sota-error.js';
import type { BootFacts } from '../../../src/domain/update/events.js';
import { FakeClock, settle } from '../../support/agent/fake-clock.js';
import { FakePrivileged, treeFacts } from '../../support/agent/fake-privileged.js';
import { KeepingLogger } from '../../support/keeping-logger.js';
import { newCommit, oldCommit } from '../../support/update/records.js';

function board(watchdogIntervalSeconds: number | null = null, packageManager: 'ostree' | 'none' = 'ostree') {
  const clock = new FakeClock();
  const order: string[] = [];
  const privileged = new FakePrivileged();
  const logger = new KeepingLogger();
  const vitality = new Vitality(clock);
  const started: BootFacts[] = [];
  const knobs = { load: (): Promise<void> => Promise.resolve(), finishPoll: (): void => undefined };
  const step = (name: string): Promise<void> => {
    order.push(name);
    return Promise.resolve();
  };
  const parts = {
    ...{ packageManager, privileged, logger, vitality, clock },
    notifier: {
      ready: () => step('READY'),
      stopping: () => step('STOPPING'),
      watchdog: () => step('WATCHDOG'),
      status: () => step('STATUS'),
      watchdogIntervalSeconds,
    },
    provisioning: { load: () => knobs.load(), close: () => order.push('close') },
    runner: {
      start: (facts: BootFacts) => {
        started.push(facts);
        return step('start');
      },
      stop: () => step('stop'),
    },
    pollLoop: {
      run: async (signal: AbortSignal) => {
        order.push('polls');
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        await new Promise<void>((resolve) => (knobs.finishPoll = resolve));
        order.push('last poll ends');
      },
    },
    status: { refresh: () => Promise.resolve(), keepLastContact: () => order.push('keep contact') },
  };
  const end = new AbortController();
  // Fakes with the methods that the agent calls.
  const running = () => new Agent(parts as unknown as AgentParts).run(end.signal);
  return { clock, order, privileged, logger, vitality, started, knobs, end, running };
}

test('it is ready before it polls, and stops what runs before the poll under way has ended', async () => {
  const { order, knobs, end, running, started } = board();
  const run = running();
  await settle();
  expect(order).toEqual(['READY', 'start', 'polls']);
  expect(started).toEqual([{ bootId: 'boot-1', bootedCommit: oldCommit, firstCommit: oldCommit }]);
  end.abort();
  await settle();
  expect(order.slice(3)).toEqual(['STOPPING', 'stop']);
  knobs.finishPoll();
  await run;
  expect(order.slice(5)).toEqual(['last poll ends', 'keep contact', 'close']);
});

test('the facts that decide are what is booted and what boots next', async () => {
  const { privileged, started, running } = board();
  privileged.facts = treeFacts(oldCommit, newCommit, 'boot-7');
  void running();
  await settle();
  expect(started).toEqual([{ bootId: 'boot-7', bootedCommit: oldCommit, firstCommit: newCommit }]);
});

test('a sysroot that can not be read yet is waited for, and fed meanwhile', async () => {
  const { clock, order, privileged, started, running } = board(10);
  privileged.failures.set('treeFacts', new SotaError('SYSROOT_UNAVAILABLE', { message: 'not mounted' }));
  void running();
  await clock.advance(60_000);
  expect(started).toEqual([]);
  expect(order.filter((name) => name === 'WATCHDOG').length).toBeGreaterThanOrEqual(6);
  privileged.failures.clear();
  await clock.advance(5_000);
  expect(started).toHaveLength(1);
});

test('a daemon that is ended while it waits for the sysroot ends', async () => {
  const { clock, order, privileged, end, knobs, running } = board();
  privileged.failures.set('treeFacts', new SotaError('SYSROOT_UNAVAILABLE', { message: 'not mounted' }));
  const run = running();
  await clock.advance(7_000);
  // It polls meanwhile: people and server are told what is wrong.
  expect(order).toEqual(['READY', 'polls']);
  end.abort();
  await settle();
  knobs.finishPoll();
  await run;
  expect(order).toEqual(['READY', 'polls', 'STOPPING', 'stop', 'last poll ends', 'keep contact', 'close']);
});

test('a damaged identity does not end the start', async () => {
  const { logger, started, knobs, running } = board();
  knobs.load = () => Promise.reject(new SotaError('IDENTITY_DAMAGED', { message: 'both copies' }));
  void running();
  await settle();
  expect(started).toHaveLength(1);
  expect(logger.lines).toMatchObject([{ level: 'error', fields: { code: 'IDENTITY_DAMAGED' } }]);
});

test('a device without OSTree asks nothing of a sysroot', async () => {
  const { privileged, started, running } = board(null, 'none');
  void running();
  await settle();
  expect(started).toEqual([{ bootId: '', bootedCommit: null, firstCommit: null }]);
  expect(privileged.calls).toEqual([]);
});

test('an idle daemon is fed at the interval, one that stands still is not, and who stands still is logged', async () => {
  const { clock, order, vitality, logger, running } = board(15);
  const fed = (): number => order.filter((name) => name === 'WATCHDOG').length;
  void running();
  await clock.advance(150_000);
  expect(fed()).toBe(11);
  const activity = vitality.begin('deploy', 60);
  await clock.advance(61_000);
  const before = fed();
  await clock.advance(45_000);
  expect(fed()).toBe(before);
  expect(logger.lines.at(-1)?.message).toContain('deploy');
  activity.sign();
  await clock.advance(45_000);
  expect(fed()).toBe(before + 3);
  activity.end();
});
