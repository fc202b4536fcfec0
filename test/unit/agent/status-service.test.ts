import { InstalledVersions } from '../../../src/agent/installed-versions.js';
import { ProgressBoard } from '../../../src/agent/progress.js';
import { StatusService, type StatusView } from '../../../src/agent/status-service.js';
import { SotaError } from '../../../src/domain/errors/sota-error.js';
import type { StatusDocument } from '../../../src/domain/status/status-document.js';
import { FakeClock } from '../../support/agent/fake-clock.js';
import { FakePrivileged, treeFacts } from '../../support/agent/fake-privileged.js';
import { MemoryStateStore } from '../../support/agent/memory-state-store.js';
import { KeepingLogger } from '../../support/keeping-logger.js';
import { attempt, error, newCommit, oldCommit, origin } from '../../support/update/records.js';

function board(changes: Partial<StatusView> = {}, rebootsItself = true) {
  const clock = new FakeClock(Date.UTC(2027, 0, 1));
  const state = new MemoryStateStore();
  const privileged = new FakePrivileged();
  const installed = new InstalledVersions(state);
  const published: { readonly document: StatusDocument; readonly keepCopy: boolean }[] = [];
  const lines: string[] = [];
  const knobs = { publishFailure: null as Error | null };
  let view: StatusView = {
    record: { state: 'idle' },
    trouble: null,
    board: new ProgressBoard(() => undefined),
    device: null,
    hardwareId: 'board',
    lastPoll: null,
    nextPollMilliseconds: null,
    backoffUntilMilliseconds: null,
    ...changes,
  };
  const status = new StatusService({
    ...{
      version: '1',
      packageManager: 'ostree',
      rebootsItself,
      configurationProblems: [],
      configurationDegraded: false,
    },
    ...{ privileged, installed, state, clock, logger: new KeepingLogger() },
    publisher: {
      publish: (document, { keepCopy }) => {
        if (knobs.publishFailure !== null) return Promise.reject(knobs.publishFailure);
        published.push({ document: JSON.parse(document) as StatusDocument, keepCopy });
        return Promise.resolve();
      },
    },
    notifier: {
      ready: () => Promise.resolve(),
      watchdog: () => Promise.resolve(),
      stopping: () => Promise.resolve(),
      status: (text) => {
        lines.push(text);
        return Promise.resolve();
      },
      watchdogIntervalSeconds: null,
    },
    view: () => view,
  });
  return {
    ...{ clock, state, privileged, installed, published, lines, knobs, status },
    show: (more: Partial<StatusView>) => (view = { ...view, ...more }),
    document: () => JSON.parse(status.text()) as StatusDocument,
  };
}

test('running, pending and rollback are facts, their names what is remembered', async () => {
  const { status, document, privileged, installed, show } = board();
  installed.remember({ name: 'board-1', sha256: oldCommit, length: 0 });
  privileged.facts = treeFacts(oldCommit, newCommit);
  show({ record: { state: 'awaitingReboot', attempt, origin } });
  await status.refresh();
  expect(document()).toMatchObject({
    state: 'awaitingReboot',
    running: { name: 'board-1', checksum: oldCommit },
    pending: { name: 'board-2', checksum: newCommit },
    correlationId: attempt.correlationId,
  });
});

test.each([
  [true, 'waiting for reboot'],
  [false, 'waiting for reboot: somebody must reboot this device'],
])('with force_install_completion = %p it says why nothing happens', async (rebootsItself, text) => {
  const { status, document } = board({ record: { state: 'awaitingReboot', attempt, origin } }, rebootsItself);
  await status.refresh();
  expect(document().why).toContain(text);
});

test('an unprovisioned device says why', async () => {
  const { status, document } = board({
    lastPoll: {
      atMilliseconds: 0,
      text: 'provision.provision_path is not set',
      error: { code: 'CREDENTIALS_MISSING', kind: 'operator', message: '', hint: '' },
    },
  });
  await status.refresh();
  expect(document().device).toMatchObject({ provisioned: false, reason: 'provision.provision_path is not set' });
  expect(document().why).toEqual(['unprovisioned: provision.provision_path is not set']);
});

test('the last contact is one that succeeded; a failure keeps it and shows its error', async () => {
  const { status, document } = board();
  await status.polled({ atMilliseconds: Date.UTC(2027, 0, 1, 1), text: 'nothing new', error: null });
  const failure = { code: 'NETWORK_TIMEOUT', kind: 'transient', message: 'slow', hint: 'wait' } as const;
  await status.polled({ atMilliseconds: Date.UTC(2027, 0, 1, 2), text: 'slow', error: failure });
  expect(document()).toMatchObject({
    lastSuccessfulContact: '2027-01-01T01:00:00Z',
    lastError: { code: 'NETWORK_TIMEOUT', time: '2027-01-01T02:00:00Z' },
  });
});

test('an idle poll writes nothing to the state, the end of the daemon does', async () => {
  const { status, state } = board();
  await status.polled({ atMilliseconds: Date.UTC(2027, 0, 1, 1), text: 'nothing new', error: null });
  expect(state.values.get('lastSuccessfulContact')).toBeNull();
  status.keepLastContact();
  expect(state.values.get('lastSuccessfulContact')).toBe('2027-01-01T01:00:00Z');
});

test('an attempt that waits for its retry shows its own error', async () => {
  const { status, document } = board({ record: { state: 'retrying', attempt: { ...attempt, lastError: error } } });
  await status.refresh();
  expect(document().lastError).toMatchObject({ code: 'PULL_FAILED', message: 'no luck' });
});

test('a copy in storage is kept when the state changed, not with each document', async () => {
  const { status, published, show } = board();
  await status.refresh();
  await status.refresh();
  show({ record: { state: 'downloading', attempt } });
  await status.refresh();
  expect(published.map(({ keepCopy }) => keepCopy)).toEqual([true, false, true]);
});

test('progress is told twice a second at most', async () => {
  const { status, published, clock } = board();
  for (let time = 0; time < 100; time += 1) {
    await status.progressed();
    await clock.advance(50);
  }
  expect(published).toHaveLength(10);
});

test('the service manager is told in one line', async () => {
  const { status, lines, show } = board({ record: { state: 'downloading', attempt } });
  const progress = new ProgressBoard(() => undefined);
  progress.show({ phase: 'downloading', objectsFetched: 3, objectsRequested: 12, bytes: 1_500_000 });
  show({ board: progress });
  await status.refresh();
  expect(lines.at(-1)).toBe('downloading: 25 % 3/12 objects 1.5 MB');
});

test('neither an unreadable sysroot nor a full disk disturbs anybody', async () => {
  const { status, document, privileged, knobs } = board();
  privileged.failures.set('treeFacts', new SotaError('SYSROOT_UNAVAILABLE', { message: 'gone' }));
  knobs.publishFailure = new SotaError('DISK_FULL', { message: 'full' });
  await status.refresh();
  await status.progressed();
  await status.polled({ atMilliseconds: 0, text: '', error: null });
  expect(document().running).toBeNull();
});

test('listeners hear of each document until they leave', async () => {
  const { status } = board();
  let heard = 0;
  const leave = status.subscribe(() => (heard += 1));
  await status.refresh();
  leave();
  await status.refresh();
  expect(heard).toBe(1);
});
