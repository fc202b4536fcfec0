import { makeEffects } from '../../../src/agent/effects/effects.js';
import { EventRecorder } from '../../../src/agent/event-recorder.js';
import { parseInstallationRecord } from '../../../src/agent/installation-record.js';
import { InstalledVersions } from '../../../src/agent/installed-versions.js';
import { ProgressBoard } from '../../../src/agent/progress.js';
import type { UpdateSettings } from '../../../src/agent/update-context.js';
import { SotaError } from '../../../src/domain/errors/sota-error.js';
import type { UpdateRecord } from '../../../src/domain/update/record.js';
import type { PrivilegedActions } from '../../../src/ports/privileged-actions.js';
import { FakeClock, settle } from '../../support/agent/fake-clock.js';
import { FakeHttp } from '../../support/agent/fake-http.js';
import { emptyTrust, FakePrivileged, treeFacts } from '../../support/agent/fake-privileged.js';
import { FixedRandom } from '../../support/agent/fixed-random.js';
import { MemoryStateStore } from '../../support/agent/memory-state-store.js';
import { KeepingLogger } from '../../support/keeping-logger.js';
import {
  attempt,
  binaryAttempt,
  error,
  newCommit,
  oldCommit,
  origin,
  otherCommit,
} from '../../support/update/records.js';

const usual: UpdateSettings = {
  packageManager: 'ostree',
  repositoryUrl: 'https://server/repo',
  forceInstallCompletion: true,
  attemptDeadlineMilliseconds: 1_000_000,
  isDegraded: false,
};

/** One failure of each kind that is no verdict on the target, and one that is. */
const passing = [
  new SotaError('NETWORK_TIMEOUT', { message: 'slow' }),
  new SotaError('REPOSITORIES_DISAGREE', { message: 'security' }),
  new SotaError('SYSROOT_UNAVAILABLE', { message: 'operator' }),
  new TypeError('a bug'),
];
const lasting = new SotaError('INSTALLATION_FAILED', { message: 'never' });

function board(settings: Partial<UpdateSettings> = {}) {
  const clock = new FakeClock(0);
  const state = new MemoryStateStore();
  const privileged = new FakePrivileged();
  const http = new FakeHttp();
  const installed = new InstalledVersions(state);
  const images: string[] = [];
  const knobs = { has: false, imageFailure: null as Error | null, now: 1_500 };
  let woken = 0;
  const step = (text: string): Promise<void> => {
    images.push(text);
    return knobs.imageFailure === null ? Promise.resolve() : Promise.reject(knobs.imageFailure);
  };
  const random = new FixedRandom();
  const progress = new ProgressBoard(() => undefined);
  const effects = makeEffects({
    settings: { ...usual, ...settings },
    ...{ privileged, state, installed, progress, clock, random, logger: new KeepingLogger() },
    images: {
      partPath: (sha256) => `/images/${sha256}.part`,
      place: (sha256, keep) => step(`place ${sha256.slice(0, 1)} keep ${keep.map((one) => one.slice(0, 1)).join('')}`),
      has: () => Promise.resolve(knobs.has),
      discardPart: () => step('discardPart'),
      requireSpace: (bytes, resumed) => step(`requireSpace ${bytes} ${resumed?.slice(0, 1) ?? ''}`),
    },
    http: () => http,
    events: new EventRecorder({ state, clock, random }),
    notifier: {
      ready: () => Promise.resolve(),
      status: () => Promise.resolve(),
      watchdog: () => Promise.resolve(),
      stopping: () => step('stopping'),
      watchdogIntervalSeconds: null,
    },
    recentLog: { tail: (correlationId, bytes) => `log of ${correlationId ?? ''} (${bytes})` },
    now: () => knobs.now,
    wakePoll: () => (woken += 1),
  });
  const end = new AbortController();
  return {
    ...{ clock, state, privileged, http, installed, images, knobs, progress, end },
    woken: () => woken,
    events: () =>
      state.reports
        .list('event', 99)
        .map(({ body }) => (JSON.parse(body) as { eventType: { id: string } }).eventType.id),
    run: (name: keyof typeof effects, record: UpdateRecord) => effects[name](record, end.signal),
  };
}

type Effect = Parameters<ReturnType<typeof board>['run']>[0];

const recordOf: Readonly<Record<Effect, UpdateRecord>> = {
  download: { state: 'downloading', attempt },
  awaitClearance: { state: 'ready', attempt },
  install: { state: 'installing', attempt, origin },
  offerReboot: { state: 'awaitingReboot', attempt, origin },
  reboot: { state: 'rebooting', attempt, origin },
  confirm: { state: 'confirming', attempt, origin },
  undo: { state: 'undoing', attempt, outcome: { result: 'failure', error } },
  report: { state: 'reporting', attempt, outcome: { result: 'success', text: 'done' } },
};
const allEffects = Object.keys(recordOf) as Effect[];

test.each(allEffects)('%s does nothing for the record of another state', async (name) => {
  const { run, privileged, images } = board();
  expect(await run(name, { state: 'idle' })).toBeNull();
  expect([privileged.calls, images]).toEqual([[], []]);
});

/** Where each effect can fail, and what becomes of it. */
const faults: readonly (readonly [Effect, keyof PrivilegedActions, string])[] = [
  ['download', 'pull', 'DownloadFailed'],
  ['awaitClearance', 'treeFacts', 'InstallationFailed'],
  ['awaitClearance', 'rebootObstacle', 'InstallationFailed'],
  ['install', 'armBootloader', 'InstallationFailed'],
  ['install', 'deploy', 'InstallationFailed'],
  ['install', 'verifyBootConfiguration', 'InstallationFailed'],
  ['reboot', 'reboot', 'RebootFailed'],
  ['confirm', 'treeFacts', 'ConfirmationFailed'],
  ['confirm', 'commitTrust', 'ConfirmationFailed'],
  ['confirm', 'disarmBootloader', 'ConfirmationFailed'],
  ['confirm', 'release', 'ConfirmationFailed'],
  ['undo', 'undeploy', 'UndoFailed'],
  ['undo', 'disarmBootloader', 'UndoFailed'],
  ['undo', 'release', 'UndoFailed'],
];

describe.each(faults)('%s, when %s fails', (name, verb, event) => {
  test.each(passing)('by %s: it is tried again', async (failure) => {
    const { run, privileged, progress } = board();
    if (name === 'confirm') privileged.facts = treeFacts(newCommit);
    privileged.failures.set(verb, failure);
    const result = await run(name, recordOf[name]);
    expect(result?.event).toMatchObject({ name: event, error: { message: failure.message } });
    if (event === 'DownloadFailed' || event === 'InstallationFailed') {
      expect(result?.event).toMatchObject({ isPermanent: false, isPastDeadline: false });
    }
    expect(progress.progress).toBeNull();
  });
});

test.each(faults.filter(([, , event]) => event === 'DownloadFailed' || event === 'InstallationFailed'))(
  '%s, when %s says that the target never works here: a verdict',
  async (name, verb) => {
    const { run, privileged } = board();
    privileged.failures.set(verb, lasting);
    expect((await run(name, recordOf[name]))?.event).toMatchObject({ isPermanent: true });
  },
);

test('a deploy that ostree refuses is a verdict at the second time, not at the first', async () => {
  const { run, privileged } = board();
  privileged.failures.set('deploy', new SotaError('DEPLOY_FAILED', { message: 'who knows why' }));
  const first = await run('install', recordOf.install);
  expect(first?.event).toMatchObject({ name: 'InstallationFailed', isPermanent: false });
  const lastError = { code: 'DEPLOY_FAILED' as const, message: 'who knows why', causes: [] };
  const again: UpdateRecord = { state: 'installing', attempt: { ...attempt, lastError }, origin };
  expect((await run('install', again))?.event).toMatchObject({ isPermanent: true });
});

test.each(['offerReboot', 'report'] as const)(
  'what %s throws is left to the runner, which tries again',
  async (name) => {
    const { run, privileged } = board();
    privileged.failures.set(name === 'report' ? 'trustedState' : 'rebootObstacle', lasting);
    const failedOutcome: UpdateRecord = { state: 'reporting', attempt, outcome: { result: 'failure', error } };
    await expect(run(name, name === 'report' ? failedOutcome : recordOf[name])).rejects.toBe(lasting);
  },
);

test('after its deadline a failure that passes is told to have come too late', async () => {
  const { run, privileged, knobs } = board();
  privileged.failures.set('pull', new SotaError('NETWORK_TIMEOUT', { message: 'slow' }));
  knobs.now = attempt.startedMilliseconds + usual.attemptDeadlineMilliseconds + 1;
  expect((await run('download', recordOf.download))?.event).toMatchObject({ isPermanent: false, isPastDeadline: true });
});

describe('download', () => {
  test('pulls the commit, shows its progress, and may be repeated', async () => {
    const { run, privileged, progress } = board();
    privileged.onPull = ({ onProgress }) => {
      onProgress?.({ objectsFetched: 3, objectsRequested: 9, bytes: 100 });
      expect(progress.progress).toMatchObject({ phase: 'downloading', objectsFetched: 3, bytes: 100 });
      return Promise.resolve();
    };
    expect((await run('download', recordOf.download))?.event).toEqual({ name: 'Downloaded' });
    expect((await run('download', recordOf.download))?.event).toEqual({ name: 'Downloaded' });
    expect(privileged.changes()).toEqual(['pull new', 'pull new']);
  });

  test('that was given up says nothing', async () => {
    const { run, privileged, end } = board();
    privileged.onPull = () => {
      end.abort();
      return Promise.reject(new SotaError('ABORTED', { message: 'given up' }));
    };
    expect(await run('download', recordOf.download)).toBeNull();
  });

  test.each([
    ['none', attempt],
    ['ostree', binaryAttempt],
  ] as const)(
    'of a kind that pacman.type = %s can not install is a verdict, and nothing is fetched',
    async (type, own) => {
      const { run, privileged, http } = board({ packageManager: type });
      const result = await run('download', { state: 'downloading', attempt: own });
      expect(result?.event).toMatchObject({ isPermanent: true, error: { code: 'TARGET_FORMAT' } });
      expect([privileged.changes(), http.downloads]).toEqual([[], []]);
    },
  );

  test('fetches a file from the image repository, needing only the space that is missing', async () => {
    const { run, http, images } = board({ packageManager: 'none' });
    await run('download', { state: 'downloading', attempt: binaryAttempt });
    expect(images).toEqual(['requireSpace 10 b']);
    expect(http.downloads).toMatchObject([
      {
        url: 'https://server/repo/targets/board-2',
        credentialUrl: 'https://server/repo',
        partPath: `/images/${newCommit}.part`,
        expectedBytes: 10,
        expectedHashes: { sha256: newCommit },
      },
    ]);
  });

  test("fetches from a target's own place, without showing the certificate to a foreign host", async () => {
    const { run, http } = board({ packageManager: 'none' });
    const elsewhere = { ...binaryAttempt, target: { ...binaryAttempt.target, uri: 'https://elsewhere/file' } };
    await run('download', { state: 'downloading', attempt: elsewhere });
    expect(http.downloads).toMatchObject([{ url: 'https://elsewhere/file', credentialUrl: 'https://server/repo' }]);
  });

  test('fetches nothing that is in its place already', async () => {
    const { run, http, knobs } = board({ packageManager: 'none' });
    knobs.has = true;
    expect((await run('download', { state: 'downloading', attempt: binaryAttempt }))?.event.name).toBe('Downloaded');
    expect(http.downloads).toEqual([]);
  });

  test('tells of its begin at once, of its end together with the next record', async () => {
    const { run, events } = board();
    const result = await run('download', recordOf.download);
    expect(events()).toEqual(['EcuDownloadStarted']);
    result?.alongside?.();
    expect(events()).toEqual(['EcuDownloadStarted', 'EcuDownloadCompleted']);
  });
});

describe('clearance', () => {
  test('is given with what runs now as the origin', async () => {
    const { run } = board();
    expect((await run('awaitClearance', recordOf.awaitClearance))?.event).toEqual({ name: 'Cleared', origin });
  });

  test('waits while somebody holds the lock, and shows who', async () => {
    const { run, privileged, progress, clock } = board();
    privileged.obstacle = 'the lock is held';
    const waiting = run('awaitClearance', recordOf.awaitClearance);
    await clock.advance(10_000);
    expect(progress.obstacle).toBe('the lock is held');
    privileged.obstacle = null;
    await clock.advance(2_000);
    expect((await waiting)?.event.name).toBe('Cleared');
    expect(progress.obstacle).toBeNull();
  });

  test('is never given while the running version is unconfirmed', async () => {
    const { run, privileged, progress, clock, end } = board();
    privileged.trusted = { ...emptyTrust, lastConfirmedCommit: otherCommit };
    const waiting = run('awaitClearance', recordOf.awaitClearance);
    await clock.advance(60_000);
    expect(progress.obstacle).toContain('not confirmed');
    end.abort();
    expect(await waiting).toBeNull();
  });

  test('of a device without OSTree asks nothing of a sysroot', async () => {
    const { run, privileged } = board({ packageManager: 'none' });
    const result = await run('awaitClearance', { state: 'ready', attempt: binaryAttempt });
    expect(result?.event).toEqual({ name: 'Cleared', origin: { commit: null, bootId: '' } });
    expect(privileged.calls).toEqual(['rebootObstacle']);
  });
});

describe('installation', () => {
  test('arms, deploys, verifies, in this order, and may be repeated', async () => {
    const { run, privileged } = board();
    const steps = ['armBootloader', 'deploy new', 'verifyBootConfiguration new'];
    expect((await run('install', recordOf.install))?.event).toMatchObject({ name: 'Installed', needsReboot: true });
    await run('install', recordOf.install);
    expect(privileged.changes()).toEqual([...steps, ...steps]);
  });

  test('nothing is deployed where the boot loader can not be armed', async () => {
    const { run, privileged } = board();
    privileged.failures.set('armBootloader', lasting);
    await run('install', recordOf.install);
    expect(privileged.changes()).toEqual(['armBootloader']);
  });

  test('places a file beside the one before, without a reboot', async () => {
    const { run, images, installed } = board({ packageManager: 'none' });
    for (const sha256 of [otherCommit, oldCommit]) installed.remember({ name: sha256, sha256, length: 1 });
    const result = await run('install', { state: 'installing', attempt: binaryAttempt, origin });
    expect(result?.event).toMatchObject({ name: 'Installed', needsReboot: false });
    expect(images).toEqual(['place b keep a']);
  });

  test('a degraded configuration installs nothing, and keeps the assignment', async () => {
    const { run, privileged } = board({ isDegraded: true });
    const result = await run('install', recordOf.install);
    expect(result?.event).toMatchObject({ name: 'InstallationFailed', isPermanent: false });
    expect(privileged.changes()).toEqual([]);
  });
});

describe('reboot', () => {
  test('is somebody else’s business unless the configuration says so', async () => {
    const { run, privileged } = board({ forceInstallCompletion: false });
    expect(await run('offerReboot', recordOf.offerReboot)).toBeNull();
    expect(privileged.calls).toEqual([]);
  });

  test('waits for who inhibits it', async () => {
    const { run, privileged, clock } = board();
    privileged.obstacle = 'somebody works here';
    const waiting = run('offerReboot', recordOf.offerReboot);
    await clock.advance(30_000);
    privileged.obstacle = null;
    await clock.advance(2_000);
    expect((await waiting)?.event).toEqual({ name: 'RebootDue' });
  });

  test('that does not come is a failure after a while, and no stop was announced', async () => {
    const { run, clock, images } = board();
    const rebooting = run('reboot', recordOf.reboot);
    await clock.advance(11 * 60_000);
    expect((await rebooting)?.event).toMatchObject({ name: 'RebootFailed', error: { code: 'REBOOT_FAILED' } });
    expect(images).toEqual([]);
  });

  test('that comes ends the daemon without a word', async () => {
    const { run, end } = board();
    const rebooting = run('reboot', recordOf.reboot);
    await settle();
    end.abort();
    expect(await rebooting).toBeNull();
  });
});

describe('confirmation', () => {
  test('is on record before the boot loader is disarmed, and may be repeated', async () => {
    const { run, privileged } = board();
    privileged.facts = treeFacts(newCommit);
    const steps = ['commitTrust lastConfirmedCommit', 'disarmBootloader', 'release new'];
    expect((await run('confirm', recordOf.confirm))?.event).toEqual({ name: 'Confirmed' });
    await run('confirm', recordOf.confirm);
    expect(privileged.changes()).toEqual([...steps, ...steps]);
  });

  test.each([
    ['another version runs', treeFacts(oldCommit, newCommit)],
    ['another version boots next', treeFacts(newCommit, oldCommit)],
    ['nothing runs from the sysroot', treeFacts(null, newCommit)],
  ])('is refused when %s', async (_, facts) => {
    const { run, privileged } = board();
    privileged.facts = facts;
    expect((await run('confirm', recordOf.confirm))?.event).toMatchObject({ name: 'ConfirmationFailed' });
    expect(privileged.changes()).toEqual([]);
  });
});

describe('undoing', () => {
  test('removes the deployment before anything else, and may be repeated', async () => {
    const { run, privileged } = board();
    const steps = ['undeploy new', 'disarmBootloader', 'release new'];
    expect((await run('undo', recordOf.undo))?.event).toEqual({ name: 'Undone' });
    await run('undo', recordOf.undo);
    expect(privileged.changes()).toEqual([...steps, ...steps]);
  });

  test('of a file drops its part', async () => {
    const { run, images, privileged } = board({ packageManager: 'none' });
    await run('undo', { state: 'undoing', attempt: binaryAttempt, outcome: { result: 'withdrawn', text: '' } });
    expect([images, privileged.changes()]).toEqual([['discardPart'], []]);
  });
});

describe('the end of an attempt', () => {
  async function reported(record: UpdateRecord) {
    const parts = board();
    const result = await parts.run('report', record);
    expect(result?.event).toEqual({ name: 'Reported' });
    parts.state.transaction(() => result?.alongside?.());
    const [queued] = parts.state.reports.list('installation', 1);
    return { ...parts, report: queued === undefined ? null : parseInstallationRecord(queued.body) };
  }

  test('in success: name, history, event, report and a poll', async () => {
    const { report, installed, state, events, woken, privileged } = await reported(recordOf.report);
    expect(report).toMatchObject({ correlationId: attempt.correlationId, success: true, code: 'OK' });
    expect(report?.rawReport).toBe(`OK: done\nlog of ${attempt.correlationId ?? ''} (8192)`);
    expect(installed.current(newCommit).name).toBe('board-2');
    expect(state.history.list(1)).toMatchObject([{ event: 'success', target: 'board-2', code: null }]);
    expect([events(), woken(), privileged.changes()]).toEqual([['EcuInstallationCompleted'], 1, []]);
  });

  test('in failure: a hold, with code and causes in the report, and no new name', async () => {
    const outcome = { result: 'failure', error: { ...error, code: 'ROLLED_BACK' } } as const;
    const { report, installed, state, privileged } = await reported({ state: 'reporting', attempt, outcome });
    expect(report).toMatchObject({ success: false, code: 'ROLLED_BACK' });
    expect(report?.rawReport).toContain('ROLLED_BACK: no luck\na cause\nlog of');
    expect(installed.isKnown(newCommit)).toBe(false);
    expect(state.history.list(1)).toMatchObject([{ event: 'failure', code: 'ROLLED_BACK' }]);
    expect(privileged.trusted.holds).toMatchObject([{ sha256: newCommit, correlationId: attempt.correlationId }]);
  });

  test('a hold is written once, however often its effect runs', async () => {
    const { run, privileged } = await reported({ state: 'reporting', attempt, outcome: { result: 'failure', error } });
    await run('report', { state: 'reporting', attempt, outcome: { result: 'failure', error } });
    expect(privileged.changes()).toEqual(['commitTrust holds']);
  });

  test('when withdrawn: history alone', async () => {
    const outcome = { result: 'withdrawn', text: 'taken back' } as const;
    const { report, state, events, privileged } = await reported({ state: 'reporting', attempt, outcome });
    expect(state.history.list(1)).toMatchObject([{ event: 'withdrawn', code: 'WITHDRAWN' }]);
    expect([report, events(), privileged.changes()]).toEqual([null, [], []]);
  });

  test.each(['success', 'failure'] as const)('in %s without a correlation id no report ever', async (result) => {
    const anonymous = { ...attempt, correlationId: null };
    const outcome = result === 'success' ? ({ result, text: 'done' } as const) : ({ result, error } as const);
    const { report, events } = await reported({ state: 'reporting', attempt: anonymous, outcome });
    expect(report).toBeNull();
    expect(events()).toEqual(['EcuInstallationCompleted']);
  });

  test('a text that no server could read is made fit to be signed', async () => {
    const message = `half \ud800 and e\u0301 and ${'x'.repeat(100_000)}`;
    const outcome = { result: 'failure', error: { ...error, message } } as const;
    const { report } = await reported({ state: 'reporting', attempt, outcome });
    expect(report?.description.startsWith('half \ufffd and \u00e9 and xxx')).toBe(true);
    expect(report?.description.length).toBeLessThan(40_000);
  });
});
