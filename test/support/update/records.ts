import type { BootFacts, UpdateEvent } from '../../../src/domain/update/events.js';
import type { Attempt, Origin, RecordedError, UpdateRecord, UpdateTarget } from '../../../src/domain/update/record.js';

/** Commits and targets for tests of the update machine. */
export const oldCommit = 'a'.repeat(64);
export const newCommit = 'b'.repeat(64);
export const otherCommit = 'c'.repeat(64);

export const target: UpdateTarget = {
  name: 'board-2',
  sha256: newCommit,
  sha512: null,
  lengthBytes: 0,
  format: 'OSTREE',
  uri: null,
};

export const attempt: Attempt = {
  target,
  correlationId: 'urn:here-ota:mtu:1',
  ecuSerial: 'primary-1',
  startedMilliseconds: 1_000,
  writesWithoutProgress: 0,
  failures: 0,
  lastError: null,
};

export const binaryAttempt: Attempt = { ...attempt, target: { ...target, format: 'BINARY', lengthBytes: 10 } };

export const origin: Origin = { commit: oldCommit, bootId: 'boot-1' };
export const error: RecordedError = { code: 'PULL_FAILED', message: 'no luck', causes: ['a cause'] };
export const seen = { target, correlationId: attempt.correlationId, ecuSerial: attempt.ecuSerial };

/** One record of every state. */
export const records: readonly UpdateRecord[] = [
  { state: 'idle' },
  { state: 'downloading', attempt },
  { state: 'retrying', attempt },
  { state: 'ready', attempt },
  { state: 'installing', attempt, origin },
  { state: 'installing', attempt: binaryAttempt, origin },
  { state: 'awaitingReboot', attempt, origin },
  { state: 'rebooting', attempt, origin },
  { state: 'confirming', attempt, origin },
  { state: 'undoing', attempt, outcome: { result: 'failure', error } },
  { state: 'reporting', attempt, outcome: { result: 'success', text: 'done' } },
];

const bootFacts: readonly BootFacts[] = ['boot-1', 'boot-2'].flatMap((bootId) =>
  [oldCommit, newCommit, otherCommit, null].flatMap((bootedCommit) =>
    [oldCommit, newCommit, null].map((firstCommit) => ({ bootId, bootedCommit, firstCommit })),
  ),
);

const yesAndNo = [true, false];

/** Every event in every variant that the table tells apart. */
export const events: readonly UpdateEvent[] = [
  ...yesAndNo.flatMap((isRunning): UpdateEvent[] =>
    [
      null,
      seen,
      { ...seen, correlationId: 'urn:here-ota:mtu:2' },
      { ...seen, target: { ...target, sha256: otherCommit } },
    ].map((assignment) => ({ name: 'AssignmentSeen', assignment, isRunning, nowMilliseconds: 5_000 })),
  ),
  { name: 'Downloaded' },
  ...yesAndNo.flatMap((isPermanent): UpdateEvent[] =>
    yesAndNo.flatMap((isPastDeadline): UpdateEvent[] => [
      { name: 'DownloadFailed', error, isPermanent, isPastDeadline },
      { name: 'InstallationFailed', error, isPermanent, isPastDeadline },
    ]),
  ),
  { name: 'Cleared', origin },
  { name: 'Installed', needsReboot: true, text: 'deployed' },
  { name: 'Installed', needsReboot: false, text: 'placed' },
  { name: 'RebootDue' },
  { name: 'RebootFailed', error },
  ...bootFacts.map((facts): UpdateEvent => ({ name: 'Booted', facts })),
  { name: 'Confirmed' },
  { name: 'ConfirmationFailed', error },
  { name: 'Undone' },
  { name: 'UndoFailed', error },
  { name: 'Reported' },
];
