import { problemText } from '../configuration/problem.js';
import { attemptOf } from '../update/record.js';
import type { StatusDocument } from './status-document.js';
import type { StatusInputs } from './status-inputs.js';
import { whyNothingHappens } from './why.js';

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
