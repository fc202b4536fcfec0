import { PollCycle, type PollCycleParts } from '../../../src/agent/poll-cycle.js';
import { InstalledVersions } from '../../../src/agent/installed-versions.js';
import { SotaError } from '../../../src/domain/errors/sota-error.js';
import type { UpdateEvent } from '../../../src/domain/update/events.js';
import type { UpdateRecord } from '../../../src/domain/update/record.js';
import type { Assignment } from '../../../src/domain/uptane/assignment.js';
import { emptyTrust, FakePrivileged, treeFacts } from '../../support/agent/fake-privileged.js';
import { MemoryStateStore } from '../../support/agent/memory-state-store.js';
import { KeepingLogger } from '../../support/keeping-logger.js';
import { attempt, newCommit, oldCommit, origin, otherCommit, target } from '../../support/update/records.js';

const { correlationId, ecuSerial } = attempt;

/** The director assigns board-2 to the primary. */
const assigned: Assignment = {
  correlationId,
  version: 2,
  targets: [
    {
      name: target.name,
      length: target.lengthBytes,
      hashes: { sha256: target.sha256 },
      ecus: [{ serial: ecuSerial, hardwareId: 'board' }],
      uri: null,
      format: null,
      customText: null,
    },
  ],
};
const nothing: Assignment = { correlationId: null, version: 3, targets: [] };

/** What the image repository says of board-2. */
const imageTarget = {
  name: target.name,
  length: target.lengthBytes,
  hashes: { sha256: target.sha256, sha512: null },
  hardwareIds: ['board'],
  uri: null,
  format: 'OSTREE',
  customText: null,
};

function board(record: UpdateRecord = { state: 'idle' }) {
  const order: string[] = [];
  const attacks: string[] = [];
  const dispatched: UpdateEvent[] = [];
  const privileged = new FakePrivileged();
  const logger = new KeepingLogger();
  const installed = new InstalledVersions(new MemoryStateStore());
  const knobs = {
    director: (): Promise<Assignment> => Promise.resolve(assigned),
    image: () => Promise.resolve(new Map([[target.name, imageTarget]])),
    manifest: (): Promise<void> => Promise.resolve(),
    provision: (): Promise<unknown> => Promise.resolve({ deviceId: 'd', ecuSerial, hardwareId: 'board' }),
    clock: (): void => undefined,
    isRetryDue: true,
    isDegraded: false,
  };
  const parts = (): unknown => ({
    ...{ packageManager: 'ostree', privileged, installed, logger },
    isRetryDue: () => knobs.isRetryDue,
    isDegraded: knobs.isDegraded,
    provisioning: { provision: () => knobs.provision(), device: null },
    session: {
      director: () => {
        order.push('director');
        return knobs.director();
      },
      image: () => {
        order.push('image');
        return knobs.image();
      },
    },
    reporter: {
      send: (_device: unknown, _running: unknown, known: Assignment | null, detected: string) => {
        order.push(known === null ? 'manifest without assignment' : 'manifest');
        attacks.push(detected);
        return knobs.manifest();
      },
    },
    eventSender: {
      flush: () => {
        order.push('events');
        return Promise.resolve();
      },
    },
    deviceData: {
      send: () => {
        order.push('device data');
        return Promise.resolve();
      },
    },
    runner: {
      record,
      dispatch: (event: UpdateEvent) => {
        order.push('decision');
        dispatched.push(event);
      },
    },
    images: { has: () => Promise.resolve(false) },
    time: { requirePlausibleClock: () => knobs.clock(), best: () => 1_000 },
  });
  let cycle: PollCycle | null = null;
  return {
    ...{ order, attacks, dispatched, privileged, logger, installed, knobs },
    // Fakes with the few methods that the cycle calls.
    poll: () => (cycle ??= new PollCycle(parts() as PollCycleParts)).run(),
  };
}

const seen = { target: { ...target, uri: null }, correlationId, ecuSerial };

test('first the update, then what servers of this family may hang at', async () => {
  const { order, poll } = board();
  expect(await poll()).toBe('board-2 is assigned');
  expect(order).toEqual(['director', 'manifest', 'image', 'decision', 'events', 'device data']);
});

test('an implausible clock or a missing credential keeps the device off the network', async () => {
  const { order, knobs, poll } = board();
  knobs.provision = () => Promise.reject(new SotaError('CREDENTIALS_MISSING', { message: 'none' }));
  await expect(poll()).rejects.toMatchObject({ code: 'CREDENTIALS_MISSING' });
  knobs.clock = () => {
    throw new SotaError('CLOCK_SUSPECT', { message: '1970' });
  };
  await expect(poll()).rejects.toMatchObject({ code: 'CLOCK_SUSPECT' });
  expect(order).toEqual([]);
});

test('a director out of reach ends the poll at once', async () => {
  const { order, knobs, poll } = board();
  knobs.director = () => Promise.reject(new SotaError('NETWORK_TIMEOUT', { message: 'slow' }));
  await expect(poll()).rejects.toMatchObject({ code: 'NETWORK_TIMEOUT' });
  expect(order).toEqual(['director']);
});

test('a server that takes no manifest still updates the device, and the poll counts as failed', async () => {
  const { dispatched, knobs, poll } = board();
  knobs.manifest = () => Promise.reject(new SotaError('REPORT_REFUSED', { message: 'no' }));
  await expect(poll()).rejects.toMatchObject({ code: 'REPORT_REFUSED' });
  expect(dispatched).toMatchObject([{ assignment: seen }]);
});

describe('attacks_detected', () => {
  test.each(['METADATA_SIGNATURE', 'METADATA_ROLLBACK', 'METADATA_EXPIRED', 'HTTP_RESPONSE_TOO_LARGE'] as const)(
    'tells of %s in the same poll, whose manifest carries no report',
    async (code) => {
      const { order, attacks, dispatched, knobs, poll } = board();
      knobs.director = () => Promise.reject(new SotaError(code, { message: 'director repository: bad' }));
      await expect(poll()).rejects.toMatchObject({ code });
      expect(order).toEqual(['director', 'manifest without assignment', 'events', 'device data']);
      expect(attacks).toEqual([`${code}: director repository: bad`]);
      expect(dispatched).toEqual([]);
    },
  );

  test.each(['NETWORK_STALLED', 'TLS_SERVER_REFUSED'] as const)(
    '%s is told of with the next manifest that goes out, once',
    async (code) => {
      const { attacks, knobs, poll } = board();
      const good = knobs.director;
      knobs.director = () => Promise.reject(new SotaError(code, { message: 'a strange server' }));
      await expect(poll()).rejects.toMatchObject({ code });
      knobs.director = good;
      await poll();
      await poll();
      expect(attacks).toEqual([`${code}: a strange server`, '']);
    },
  );

  test('a file that can not be fetched is no attack', async () => {
    const { attacks, knobs, poll } = board();
    knobs.director = () => Promise.reject(new SotaError('METADATA_UNAVAILABLE', { message: '404' }));
    await expect(poll()).rejects.toMatchObject({ code: 'METADATA_UNAVAILABLE' });
    expect(attacks).toEqual(['']);
  });

  test('repositories that disagree are told of with the next manifest that goes out, once', async () => {
    const { attacks, dispatched, knobs, poll } = board();
    const good = knobs.image;
    knobs.image = () => Promise.resolve(new Map([[target.name, { ...imageTarget, length: 7 }]]));
    await expect(poll()).rejects.toMatchObject({ code: 'REPOSITORIES_DISAGREE' });
    expect(dispatched).toEqual([]);
    knobs.image = good;
    knobs.manifest = () => Promise.reject(new SotaError('HTTP_STATUS', { message: '503' }));
    await expect(poll()).rejects.toMatchObject({ code: 'HTTP_STATUS' });
    knobs.manifest = () => Promise.resolve();
    await poll();
    await poll();
    expect(attacks.map((text) => text.split(':')[0])).toEqual([
      '',
      'REPOSITORIES_DISAGREE',
      'REPOSITORIES_DISAGREE',
      '',
    ]);
  });

  test('an assignment for a foreign ECU is told of too', async () => {
    const { attacks, knobs, poll } = board();
    const [own] = assigned.targets;
    if (own === undefined) throw new Error('no target');
    const foreign = { ...own, ecus: [{ serial: 'somebody', hardwareId: 'board' }] };
    knobs.director = () => Promise.resolve({ ...assigned, targets: [foreign] });
    await expect(poll()).rejects.toMatchObject({ code: 'ASSIGNMENT_FOREIGN' });
    await expect(poll()).rejects.toMatchObject({ code: 'ASSIGNMENT_FOREIGN' });
    expect(attacks[1]).toContain('ASSIGNMENT_FOREIGN');
  });

  test('its text has a limit', async () => {
    const { attacks, knobs, poll } = board();
    knobs.director = () => Promise.reject(new SotaError('METADATA_MALFORMED', { message: 'x'.repeat(100_000) }));
    await expect(poll()).rejects.toThrow();
    expect(attacks[0]?.length).toBe(1000);
  });
});

describe('what the machine is told', () => {
  test('of nothing assigned', async () => {
    const { dispatched, knobs, poll } = board();
    knobs.director = () => Promise.resolve(nothing);
    expect(await poll()).toBe('nothing new');
    expect(dispatched).toMatchObject([{ assignment: null }]);
  });

  test('of a target whose commit runs under another name: it is running', async () => {
    const { dispatched, privileged, poll } = board();
    privileged.facts = treeFacts(newCommit);
    privileged.trusted = { ...emptyTrust, lastConfirmedCommit: newCommit };
    await poll();
    expect(dispatched).toMatchObject([{ assignment: seen, isRunning: true }]);
  });

  test('of a target on hold: nothing, and neither repository is troubled', async () => {
    const { order, dispatched, privileged, poll } = board();
    const hold = { targetName: target.name, sha256: target.sha256, correlationId, reason: 'rolled back' };
    privileged.trusted = { ...emptyTrust, holds: [hold] };
    expect(await poll()).toContain('on hold');
    expect(dispatched).toMatchObject([{ assignment: null }]);
    expect(order).not.toContain('image');
  });

  test('a new correlation id lifts a hold, a new metadata version alone does not', async () => {
    const { dispatched, privileged, knobs, poll } = board();
    const hold = { targetName: target.name, sha256: target.sha256, correlationId, reason: 'rolled back' };
    privileged.trusted = { ...emptyTrust, holds: [hold] };
    knobs.director = () => Promise.resolve({ ...assigned, version: 99 });
    await poll();
    knobs.director = () => Promise.resolve({ ...assigned, correlationId: 'urn:here-ota:mtu:2' });
    await poll();
    expect(dispatched).toMatchObject([{ assignment: null }, { assignment: { correlationId: 'urn:here-ota:mtu:2' } }]);
  });

  test.each(['downloading', 'ready'] as const)('while %s the same assignment is only the director', async (state) => {
    const { order, dispatched, poll } = board({ state, attempt });
    await poll();
    expect(dispatched).toMatchObject([{ assignment: seen }]);
    expect(order).not.toContain('image');
  });

  test('another assignment, or an empty list, withdraws', async () => {
    const { dispatched, knobs, poll } = board({ state: 'awaitingReboot', attempt, origin });
    knobs.director = () => Promise.resolve({ ...assigned, correlationId: 'urn:here-ota:mtu:2' });
    await poll();
    knobs.director = () => Promise.resolve(nothing);
    await poll();
    expect(dispatched).toMatchObject([{ assignment: null }, { assignment: null }]);
  });

  test('an attempt that waits for its retry is left alone until then, and verified anew at it', async () => {
    const { order, dispatched, knobs, poll } = board({ state: 'retrying', attempt });
    knobs.isRetryDue = false;
    expect(await poll()).toContain('later');
    expect(dispatched).toEqual([]);
    knobs.isRetryDue = true;
    await poll();
    expect(order).toContain('image');
    expect(dispatched).toMatchObject([{ assignment: seen }]);
  });

  test.each([
    ['a new assignment', { state: 'idle' }],
    ['a retry', { state: 'retrying', attempt }],
  ] as const)('a degraded configuration starts no %s', async (_, record) => {
    const { dispatched, knobs, poll } = board(record);
    knobs.isDegraded = true;
    await poll();
    expect(dispatched).toEqual([]);
  });
});

describe('a version that runs without being on record', () => {
  test('the first one is confirmed when it reached its server', async () => {
    const { privileged, poll } = board();
    privileged.trusted = { ...emptyTrust, lastConfirmedCommit: null };
    await poll();
    expect(privileged.trusted).toMatchObject({ lastConfirmedCommit: oldCommit, holds: [] });
    expect(privileged.changes()).toEqual(['commitTrust lastConfirmedCommit', 'disarmBootloader']);
  });

  test('a confirmed one costs no write', async () => {
    const { privileged, poll } = board();
    await poll();
    expect(privileged.changes()).toEqual([]);
  });

  test('brought back by hand: the version that was left is put on hold, not installed again', async () => {
    const { privileged, dispatched, poll } = board();
    privileged.trusted = { ...emptyTrust, lastConfirmedCommit: newCommit };
    await poll();
    expect(privileged.trusted.holds).toMatchObject([{ targetName: target.name, sha256: newCommit, correlationId }]);
    expect(privileged.trusted.lastConfirmedCommit).toBe(oldCommit);
    expect(dispatched).toMatchObject([{ assignment: null }]);
  });

  test.each(['downloading', 'retrying', 'ready'] as const)('is confirmed while %s too', async (state) => {
    const { privileged, poll } = board({ state, attempt });
    privileged.trusted = { ...emptyTrust, lastConfirmedCommit: otherCommit };
    await poll();
    expect(privileged.trusted.lastConfirmedCommit).toBe(oldCommit);
  });

  test.each(['installing', 'awaitingReboot', 'rebooting', 'confirming'] as const)(
    'is not confirmed while %s: an open intention counts as pending',
    async (state) => {
      const { privileged, poll } = board({ state, attempt, origin });
      privileged.trusted = { ...emptyTrust, lastConfirmedCommit: otherCommit };
      await poll();
      expect(privileged.trusted.lastConfirmedCommit).toBe(otherCommit);
    },
  );
});
