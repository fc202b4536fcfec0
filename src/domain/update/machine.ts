/**
 * The one table of the update: every (state, event) that means something, its success edge beside its error edge.
 * Each state has one effect (`effectOf`), which runs only after the state is durable and may run twice.
 * The diagram in docs/architecture.md and the test matrix are made from `transitionTable`.
 * It must not: touch the world, read a clock, or know how an effect is done.
 */
import type { EventName, EventOf, SeenAssignment, UpdateEvent } from './events.js';
import { isLooping, loopOutcome } from './loop-guard.js';
import {
  recoverAwaitingReboot,
  recoverBeforeInstalling,
  recoverConfirming,
  recoverInstalling,
  recoverUndoing,
} from './recovery.js';
import { idleRecord, type Attempt, type RecordedError, type StateName, type UpdateRecord } from './record.js';

type RecordOf<State extends StateName> = Extract<UpdateRecord, { state: State }>;

/** One edge of the table; `to` lists where it can lead. */
export interface Edge<State extends StateName, Name extends EventName> {
  readonly to: readonly StateName[];
  readonly reduce: (record: RecordOf<State>, event: EventOf<Name>) => UpdateRecord;
}

type TransitionTable = {
  readonly [State in StateName]: { readonly [Name in EventName]?: Edge<State, Name> };
};

/** What the agent does in a state; nothing where it waits for a poll, a person or a reboot. */
export type EffectName =
  'none' | 'download' | 'awaitClearance' | 'install' | 'offerReboot' | 'reboot' | 'confirm' | 'undo' | 'report';

const effects: Readonly<Record<StateName, EffectName>> = {
  idle: 'none',
  downloading: 'download',
  retrying: 'none',
  ready: 'awaitClearance',
  installing: 'install',
  awaitingReboot: 'offerReboot',
  rebooting: 'reboot',
  confirming: 'confirm',
  undoing: 'undo',
  reporting: 'report',
};

/** The effect of a state. */
export function effectOf(record: UpdateRecord): EffectName {
  return effects[record.state];
}

function begin(assignment: SeenAssignment, nowMilliseconds: number): Attempt {
  return {
    target: assignment.target,
    correlationId: assignment.correlationId,
    ecuSerial: assignment.ecuSerial,
    startedMilliseconds: nowMilliseconds,
    writesWithoutProgress: 0,
    failures: 0,
    lastError: null,
  };
}

/** Is the assignment still the one that the attempt serves? */
export function isSameAssignment(attempt: Attempt, assignment: SeenAssignment | null): boolean {
  return (
    assignment?.correlationId === attempt.correlationId &&
    assignment.target.name === attempt.target.name &&
    assignment.target.sha256 === attempt.target.sha256 &&
    assignment.target.lengthBytes === attempt.target.lengthBytes
  );
}

const withdrawn = (attempt: Attempt): UpdateRecord => ({
  state: 'undoing',
  attempt,
  outcome: { result: 'withdrawn', text: `the director no longer assigns ${attempt.target.name}` },
});

const failed = (attempt: Attempt, error: RecordedError): UpdateRecord => ({
  state: 'undoing',
  attempt,
  outcome: { result: 'failure', error },
});

/** A failure that is tried again: a scheduled wait, so the loop guard starts anew. */
const triedAgain = (attempt: Attempt, error: RecordedError): Attempt => ({
  ...attempt,
  failures: attempt.failures + 1,
  writesWithoutProgress: 0,
  lastError: error,
});

const pastDeadline = (attempt: Attempt, error: RecordedError): UpdateRecord =>
  failed(attempt, {
    code: 'ATTEMPT_DEADLINE',
    message: `${attempt.target.name} could not be installed within its deadline; last: ${error.message}`,
    causes: [`${error.code}: ${error.message}`, ...error.causes],
  });

function afterFailure(
  attempt: Attempt,
  event: EventOf<'DownloadFailed'> | EventOf<'InstallationFailed'>,
): UpdateRecord {
  if (event.isPermanent) return failed(attempt, event.error);
  if (event.isPastDeadline) return pastDeadline(attempt, event.error);
  return { state: 'retrying', attempt: triedAgain(attempt, event.error) };
}

/** Drops the attempt when the director wants something else; keeps the state otherwise. */
function keepOrWithdraw(
  record: RecordOf<'downloading' | 'ready' | 'awaitingReboot' | 'rebooting'>,
  event: EventOf<'AssignmentSeen'>,
): UpdateRecord {
  return isSameAssignment(record.attempt, event.assignment) ? record : withdrawn(record.attempt);
}

type BeforeReboot = RecordOf<'awaitingReboot' | 'rebooting'>;

const rebootLater = ({ attempt, origin }: BeforeReboot, { error }: EventOf<'RebootFailed'>): UpdateRecord => ({
  state: 'awaitingReboot',
  attempt: triedAgain(attempt, error),
  origin,
});

const afterReboot = ({ attempt, origin }: BeforeReboot, { facts }: EventOf<'Booted'>): UpdateRecord =>
  recoverAwaitingReboot(attempt, origin, facts);

export const transitionTable: TransitionTable = {
  idle: {
    AssignmentSeen: {
      to: ['idle', 'downloading', 'reporting'],
      reduce: (record, { assignment, isRunning, nowMilliseconds }) => {
        if (assignment === null) return record;
        const attempt = begin(assignment, nowMilliseconds);
        return isRunning
          ? { state: 'reporting', attempt, outcome: { result: 'success', text: 'already running under another name' } }
          : { state: 'downloading', attempt };
      },
    },
    Booted: { to: ['idle'], reduce: (record) => record },
  },
  downloading: {
    Downloaded: {
      to: ['ready'],
      // The failures stay: what fails after each good download must wait longer each time.
      reduce: ({ attempt }) => ({ state: 'ready', attempt: { ...attempt, lastError: null } }),
    },
    DownloadFailed: { to: ['retrying', 'undoing'], reduce: ({ attempt }, event) => afterFailure(attempt, event) },
    AssignmentSeen: { to: ['downloading', 'undoing'], reduce: keepOrWithdraw },
    Booted: {
      to: ['retrying', 'confirming'],
      reduce: ({ attempt }, { facts }) => recoverBeforeInstalling(attempt, facts) ?? { state: 'retrying', attempt },
    },
  },
  retrying: {
    AssignmentSeen: {
      to: ['downloading', 'undoing'],
      reduce: ({ attempt }, { assignment }) =>
        assignment !== null && isSameAssignment(attempt, assignment)
          ? // What was verified anew counts: its place may have been mended.
            { state: 'downloading', attempt: { ...attempt, target: assignment.target } }
          : withdrawn(attempt),
    },
    Booted: {
      to: ['retrying', 'confirming'],
      reduce: (record, { facts }) => recoverBeforeInstalling(record.attempt, facts) ?? record,
    },
  },
  ready: {
    Cleared: { to: ['installing'], reduce: ({ attempt }, { origin }) => ({ state: 'installing', attempt, origin }) },
    InstallationFailed: { to: ['retrying', 'undoing'], reduce: ({ attempt }, event) => afterFailure(attempt, event) },
    AssignmentSeen: { to: ['ready', 'undoing'], reduce: keepOrWithdraw },
    Booted: {
      to: ['retrying', 'confirming'],
      reduce: ({ attempt }, { facts }) => recoverBeforeInstalling(attempt, facts) ?? { state: 'retrying', attempt },
    },
  },
  installing: {
    Installed: {
      to: ['awaitingReboot', 'reporting'],
      reduce: ({ attempt, origin }, { needsReboot, text }) =>
        needsReboot
          ? { state: 'awaitingReboot', attempt: { ...attempt, failures: 0, lastError: null }, origin }
          : { state: 'reporting', attempt, outcome: { result: 'success', text } },
    },
    InstallationFailed: { to: ['retrying', 'undoing'], reduce: ({ attempt }, event) => afterFailure(attempt, event) },
    Booted: {
      to: ['installing', 'confirming', 'undoing', 'retrying'],
      reduce: ({ attempt, origin }, { facts }) => recoverInstalling(attempt, origin, facts),
    },
  },
  awaitingReboot: {
    RebootDue: { to: ['rebooting'], reduce: ({ attempt, origin }) => ({ state: 'rebooting', attempt, origin }) },
    RebootFailed: { to: ['awaitingReboot'], reduce: rebootLater },
    AssignmentSeen: { to: ['awaitingReboot', 'undoing'], reduce: keepOrWithdraw },
    Booted: { to: ['awaitingReboot', 'confirming', 'undoing'], reduce: afterReboot },
  },
  rebooting: {
    RebootFailed: { to: ['awaitingReboot'], reduce: rebootLater },
    // The command may have done nothing yet; a reboot in the middle of the undoing has its own way back.
    AssignmentSeen: { to: ['rebooting', 'undoing'], reduce: keepOrWithdraw },
    Booted: { to: ['awaitingReboot', 'confirming', 'undoing'], reduce: afterReboot },
  },
  confirming: {
    Confirmed: {
      to: ['reporting'],
      reduce: ({ attempt }) => ({
        state: 'reporting',
        attempt,
        outcome: { result: 'success', text: 'booted, checked and confirmed' },
      }),
    },
    ConfirmationFailed: {
      to: ['confirming'],
      reduce: ({ attempt, origin }, { error }) => ({
        state: 'confirming',
        attempt: triedAgain(attempt, error),
        origin,
      }),
    },
    Booted: {
      to: ['confirming', 'undoing'],
      reduce: ({ attempt, origin }, { facts }) => recoverConfirming(attempt, origin, facts),
    },
  },
  undoing: {
    Undone: { to: ['reporting'], reduce: ({ attempt, outcome }) => ({ state: 'reporting', attempt, outcome }) },
    UndoFailed: {
      to: ['undoing'],
      reduce: ({ attempt, outcome }, { error }) => ({
        state: 'undoing',
        attempt: triedAgain(attempt, error),
        outcome,
      }),
    },
    Booted: {
      to: ['undoing', 'confirming'],
      reduce: ({ attempt, outcome }, { facts }) => recoverUndoing(attempt, outcome, facts),
    },
  },
  reporting: {
    Reported: { to: ['idle'], reduce: () => idleRecord },
    Booted: { to: ['reporting'], reduce: (record) => record },
  },
};

/**
 * The next record. The very same object comes back when nothing changes, and when the event means nothing in this
 * state (a late result of an effect that was given up); then nothing is written.
 */
export function reduce(record: UpdateRecord, event: UpdateEvent): UpdateRecord {
  const edges = transitionTable[record.state] as Partial<Record<EventName, Edge<StateName, EventName>>>;
  const edge = edges[event.name];
  if (edge === undefined) return record;
  const next = edge.reduce(record, event);
  if (next === record || next.state === 'idle') return next;
  const counted = {
    ...next,
    attempt: { ...next.attempt, writesWithoutProgress: next.attempt.writesWithoutProgress + 1 },
  };
  return isLooping(counted)
    ? { state: 'undoing', attempt: counted.attempt, outcome: loopOutcome(counted.attempt, counted.state) }
    : counted;
}
