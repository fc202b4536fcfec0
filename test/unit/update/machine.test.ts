import { effectOf, reduce, transitionTable } from '../../../src/domain/update/machine.js';
import { loopLimit } from '../../../src/domain/update/loop-guard.js';
import { printRecord } from '../../../src/domain/update/record-format.js';
import type { EventName, UpdateEvent } from '../../../src/domain/update/events.js';
import type { StateName, UpdateRecord } from '../../../src/domain/update/record.js';
import {
  attempt,
  binaryAttempt,
  error,
  events,
  newCommit,
  oldCommit,
  origin,
  otherCommit,
  records,
  seen,
  target,
} from '../../support/update/records.js';

const destinations = (state: StateName, event: EventName): readonly StateName[] | undefined =>
  (transitionTable[state] as Partial<Record<EventName, { to: readonly StateName[] }>>)[event]?.to;

const cases = records.flatMap((record) => events.map((event) => ({ record, event })));

describe('the transition table', () => {
  it('is tried in at least 400 generated cases', () => {
    expect(cases.length).toBeGreaterThanOrEqual(400);
  });

  it('leads only where it says, and to the very same record where an event means nothing', () => {
    for (const { record, event } of cases) {
      const next = reduce(record, event);
      const to = destinations(record.state, event.name);
      if (to === undefined) expect(next).toBe(record);
      else expect(to).toContain(next.state);
    }
  });

  it('takes every destination of every edge in some case', () => {
    const taken = new Set(
      cases.map(({ record, event }) => `${record.state} ${event.name} ${reduce(record, event).state}`),
    );
    const promised = Object.entries(transitionTable).flatMap(([state, edges]) =>
      Object.entries(edges as Record<string, { to: readonly StateName[] }>).flatMap(([event, { to }]) =>
        to.map((next) => `${state} ${event} ${next}`),
      ),
    );
    expect(promised.filter((edge) => !taken.has(edge))).toEqual([]);
  });

  it('gives every state that works an edge out of it that is no success', () => {
    const errorEvents = ['DownloadFailed', 'InstallationFailed', 'RebootFailed', 'ConfirmationFailed', 'UndoFailed'];
    const working = records.filter((record) => !['none', 'report'].includes(effectOf(record)));
    for (const { state } of working) {
      expect(errorEvents.some((name) => destinations(state, name as EventName) !== undefined)).toBe(true);
    }
  });

  it('answers a start in every state', () => {
    for (const { state } of records) expect(destinations(state, 'Booted')).toBeDefined();
  });

  it('keeps the record when a poll sees the same assignment again', () => {
    const event: UpdateEvent = { name: 'AssignmentSeen', assignment: seen, isRunning: false, nowMilliseconds: 9 };
    for (const record of records) {
      if (record.state === 'idle' || record.state === 'retrying') continue;
      expect(reduce(record, event)).toBe(record);
    }
  });
});

describe('an assignment', () => {
  const see = (assignment: typeof seen | null, record: UpdateRecord): UpdateRecord =>
    reduce(record, { name: 'AssignmentSeen', assignment, isRunning: false, nowMilliseconds: 9 });

  it('that is withdrawn ends a download and a wait for the reboot, but never cuts an installation', () => {
    const withdrawn = { state: 'undoing', outcome: { result: 'withdrawn' } };
    expect(see(null, { state: 'downloading', attempt })).toMatchObject(withdrawn);
    expect(see(null, { state: 'retrying', attempt })).toMatchObject(withdrawn);
    expect(see(null, { state: 'awaitingReboot', attempt, origin })).toMatchObject(withdrawn);
    expect(see(null, { state: 'rebooting', attempt, origin })).toMatchObject(withdrawn);
    expect(see(null, { state: 'installing', attempt, origin }).state).toBe('installing');
  });

  it('under another correlation id is another one', () => {
    expect(see({ ...seen, correlationId: 'x' }, { state: 'downloading', attempt })).toMatchObject({ state: 'undoing' });
  });

  it('whose content already runs is taken by name, without a download', () => {
    const next = reduce(
      { state: 'idle' },
      { name: 'AssignmentSeen', assignment: seen, isRunning: true, nowMilliseconds: 9 },
    );
    expect(next).toMatchObject({ state: 'reporting', outcome: { result: 'success' } });
  });
});

describe('a start', () => {
  const boot = (record: UpdateRecord, bootId: string, booted: string | null, first: string | null): UpdateRecord =>
    reduce(record, { name: 'Booted', facts: { bootId, bootedCommit: booted, firstCommit: first } });

  it('confirms nothing without a new boot id, whatever runs', () => {
    expect(boot({ state: 'awaitingReboot', attempt, origin }, 'boot-1', newCommit, newCommit).state).toBe(
      'awaitingReboot',
    );
    expect(boot({ state: 'rebooting', attempt, origin }, 'boot-1', newCommit, newCommit).state).toBe('awaitingReboot');
    expect(boot({ state: 'installing', attempt, origin }, 'boot-1', newCommit, newCommit).state).toBe('installing');
  });

  it('after a deploy that was cut: the new version boots, or not, or was tried and left', () => {
    const installing: UpdateRecord = { state: 'installing', attempt, origin };
    expect(boot(installing, 'boot-2', newCommit, newCommit).state).toBe('confirming');
    expect(boot(installing, 'boot-2', oldCommit, oldCommit).state).toBe('retrying');
    expect(boot(installing, 'boot-2', oldCommit, newCommit)).toMatchObject({
      state: 'undoing',
      outcome: { result: 'failure', error: { code: 'ROLLED_BACK' } },
    });
  });

  it('into any other version after an installation is a rollback', () => {
    for (const booted of [oldCommit, otherCommit, null]) {
      expect(boot({ state: 'rebooting', attempt, origin }, 'boot-2', booted, newCommit)).toMatchObject({
        state: 'undoing',
        outcome: { error: { code: 'ROLLED_BACK' } },
      });
    }
  });

  it('goes on placing a binary target, whose boot means nothing', () => {
    expect(boot({ state: 'installing', attempt: binaryAttempt, origin }, 'boot-2', null, null).state).toBe(
      'installing',
    );
  });

  it('into the version that was being undone lets it pass the gate, since it can not be removed', () => {
    const undoing: UpdateRecord = { state: 'undoing', attempt, outcome: { result: 'failure', error } };
    expect(boot(undoing, 'boot-3', newCommit, newCommit).state).toBe('confirming');
    expect(boot(undoing, 'boot-3', oldCommit, newCommit).state).toBe('undoing');
  });
});

describe('the loop guard', () => {
  it('ends an attempt that is installed and forgotten again and again', () => {
    let record: UpdateRecord = { state: 'downloading', attempt };
    const round: UpdateEvent[] = [
      { name: 'Downloaded' },
      { name: 'Cleared', origin },
      { name: 'Booted', facts: { bootId: 'boot-2', bootedCommit: oldCommit, firstCommit: oldCommit } },
      { name: 'AssignmentSeen', assignment: seen, isRunning: false, nowMilliseconds: 1 },
    ];
    let writes = 0;
    while (record.state !== 'undoing') {
      record = reduce(record, round[writes % round.length]!);
      writes += 1;
      expect(writes).toBeLessThanOrEqual(loopLimit + 1);
    }
    expect(record.outcome).toMatchObject({ result: 'failure', error: { code: 'LOOP_DETECTED' } });
  });

  it('does not count scheduled waits: a bad network of days is no loop', () => {
    let record: UpdateRecord = { state: 'downloading', attempt };
    for (let round = 0; round < 500; round += 1) {
      record = reduce(record, { name: 'DownloadFailed', error, isPermanent: false, isPastDeadline: false });
      record = reduce(record, { name: 'AssignmentSeen', assignment: seen, isRunning: false, nowMilliseconds: 1 });
    }
    expect(record).toMatchObject({ state: 'downloading', attempt: { failures: 500 } });
  });

  it('never ends a version that runs already', () => {
    let record: UpdateRecord = { state: 'confirming', attempt, origin };
    for (let start = 0; start < 2 * loopLimit; start += 1) {
      record = reduce(record, {
        name: 'Booted',
        facts: { bootId: `boot-${start}`, bootedCommit: newCommit, firstCommit: newCommit },
      });
    }
    expect(record.state).toBe('confirming');
  });
});

describe('a failure', () => {
  it('of this very target ends the attempt, one that may pass is tried again until the deadline', () => {
    const fail = (isPermanent: boolean, isPastDeadline: boolean): UpdateRecord =>
      reduce(
        { state: 'installing', attempt, origin },
        { name: 'InstallationFailed', error, isPermanent, isPastDeadline },
      );
    expect(fail(true, false)).toMatchObject({ state: 'undoing', outcome: { error: { code: 'PULL_FAILED' } } });
    expect(fail(false, false)).toMatchObject({ state: 'retrying', attempt: { failures: 1, lastError: error } });
    expect(fail(false, true)).toMatchObject({ state: 'undoing', outcome: { error: { code: 'ATTEMPT_DEADLINE' } } });
  });

  it('of the installation waits longer each time, though its download goes well each time', () => {
    const failure = { error, isPermanent: false, isPastDeadline: false };
    const poll = { assignment: seen, isRunning: false, nowMilliseconds: 1 };
    let record: UpdateRecord = { state: 'downloading', attempt };
    for (let round = 1; round <= 5; round += 1) {
      record = reduce(record, { name: 'Downloaded' });
      record = reduce(record, { name: 'Cleared', origin });
      record = reduce(record, { name: 'InstallationFailed', ...failure });
      expect(record).toMatchObject({ state: 'retrying', attempt: { failures: round } });
      record = reduce(record, { name: 'AssignmentSeen', ...poll });
    }
    record = reduce(reduce(record, { name: 'Downloaded' }), { name: 'Cleared', origin });
    record = reduce(record, { name: 'Installed', needsReboot: true, text: 'deployed' });
    // The reboot begins anew: it has failed at nothing yet.
    expect(record).toMatchObject({ state: 'awaitingReboot', attempt: { failures: 0, lastError: null } });
  });

  it('is kept with its target', () => {
    expect(target.name).toBe(attempt.target.name);
    expect(printRecord({ state: 'undoing', attempt, outcome: { result: 'failure', error } })).toContain('no luck');
  });
});
