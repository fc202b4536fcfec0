import type { ConfigurationProblem } from '../configuration/problem.js';
import { problemText } from '../configuration/problem.js';
import { attemptOf, type UpdateRecord } from '../update/record.js';
import type { StatusDocument, StatusVersion } from './status-document.js';
import { whyNothingHappens } from './why.js';

/** All that the status is made from. Moments are ISO 8601 texts in UTC, such as 2025-01-31T08:00:00Z. */
export interface StatusInputs {
  readonly now: string;
  readonly sotadVersion: string;
  readonly bootId: string;
  readonly device: {
    readonly id: string | null;
    readonly ecuSerial: string | null;
    readonly hardwareId: string | null;
    readonly provisioned: boolean;
    /** Why it is not provisioned. */
    readonly reason: string | null;
  };
  readonly running: StatusVersion | null;
  /** What boots next, when that is not what runs; null where nothing is deployed. */
  readonly pending: StatusVersion | null;
  readonly rollback: StatusVersion | null;
  readonly record: UpdateRecord;
  readonly progress: {
    readonly phase: string;
    readonly objectsFetched?: number;
    readonly objectsRequested?: number;
    readonly bytes?: number;
    readonly totalBytes?: number;
  } | null;
  /** Who holds a lock or inhibits the reboot, in words. */
  readonly obstacle: string | null;
  /** Does the agent reboot by itself (uptane.force_install_completion)? */
  readonly rebootsItself: boolean;
  readonly lastPoll: {
    readonly time: string;
    /** Code of the error; null when the poll succeeded. */
    readonly code: string | null;
    readonly text: string;
  } | null;
  readonly nextPoll: string | null;
  /** Until when it waits after failures; null when it doesn't. */
  readonly backoffUntil: string | null;
  readonly lastSuccessfulContact: string | null;
  readonly lastError: {
    readonly time: string;
    readonly code: string;
    readonly message: string;
    readonly hint: string;
  } | null;
  readonly holds: readonly {
    readonly targetName: string;
    readonly sha256: string;
    readonly correlationId: string | null;
    readonly reason: string;
  }[];
  readonly queue: { readonly installationReports: number; readonly events: number; readonly deviceData: number };
  readonly configurationProblems: readonly ConfigurationProblem[];
  readonly configurationDegraded: boolean;
}

/** More than this is cut: the document must stay readable and below the caps of its schema. */
const maximumProblems = 64;

/** The status document of this moment. Pure. */
export function buildStatus(inputs: StatusInputs): StatusDocument {
  return {
    version: 1,
    time: inputs.now,
    sotad: { version: inputs.sotadVersion, bootId: inputs.bootId },
    device: inputs.device,
    running: inputs.running,
    pending: inputs.pending,
    rollback: inputs.rollback,
    state: inputs.record.state,
    correlationId: attemptOf(inputs.record)?.correlationId ?? null,
    progress: inputs.progress === null ? null : buildProgress(inputs.progress),
    why: whyNothingHappens(inputs).map(cut),
    lastPoll: buildLastPoll(inputs),
    nextPoll: inputs.nextPoll,
    lastSuccessfulContact: inputs.lastSuccessfulContact,
    lastError: buildLastError(inputs),
    holds: inputs.holds.map(({ targetName, sha256, correlationId, reason }) => ({
      targetName,
      checksum: sha256,
      correlationId,
      reason: cut(reason),
    })),
    queue: inputs.queue,
    configuration: {
      degraded: inputs.configurationDegraded,
      problems: inputs.configurationProblems.slice(0, maximumProblems).map((problem) => cut(problemText(problem))),
    },
  };
}

function buildLastPoll({ lastPoll }: StatusInputs): StatusDocument['lastPoll'] {
  return lastPoll === null
    ? null
    : {
        time: lastPoll.time,
        outcome: lastPoll.code === null ? 'ok' : 'failed',
        code: lastPoll.code,
        text: cut(lastPoll.text),
      };
}

function buildLastError({ lastError }: StatusInputs): StatusDocument['lastError'] {
  return lastError === null ? null : { ...lastError, message: cut(lastError.message), hint: cut(lastError.hint) };
}

function buildProgress(progress: NonNullable<StatusInputs['progress']>): StatusDocument['progress'] {
  const { objectsFetched = null, objectsRequested = null, bytes = null, totalBytes = null } = progress;
  return {
    phase: progress.phase,
    objectsFetched,
    objectsRequested,
    bytes,
    totalBytes,
    percent: percentOf(bytes, totalBytes) ?? percentOf(objectsFetched, objectsRequested),
  };
}

function percentOf(part: number | null, whole: number | null): number | null {
  return part === null || whole === null || whole <= 0
    ? null
    : Math.floor(Math.min(1, Math.max(0, part / whole)) * 100);
}

/** Texts of the outside world have no length that one can rely on. */
function cut(text: string): string {
  return text.length > 4096 ? `${text.slice(0, 4095)}…` : text;
}
