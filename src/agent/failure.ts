import type { ErrorCode, ErrorKind } from '../domain/errors/catalogue.js';
import { causeChain, isSotaError, SotaError } from '../domain/errors/sota-error.js';
import type { RecordedError } from '../domain/update/record.js';

/** An error as one of ours: what we did not expect is INTERNAL, a bug, and never ends the daemon. */
export function asSotaError(error: unknown): SotaError {
  if (isSotaError(error)) return error;
  const [text = 'unknown error'] = causeChain(error);
  return new SotaError('INTERNAL', { message: text, cause: error });
}

/** An error as the journal keeps it. */
export function recordedError(error: unknown): RecordedError {
  const known = asSotaError(error);
  return { code: known.code, message: known.message, causes: causeChain(known).slice(1) };
}

/** Does it count against the target (design rule 4)? */
export function isPermanent(error: unknown): boolean {
  return asSotaError(error).kind === 'permanent';
}

/** What the status and the log show of an error. */
export interface ShownError {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly message: string;
  readonly hint: string;
}

/** For the status document. */
export function shownError(error: unknown): ShownError {
  const { code, kind, message, hint } = asSotaError(error);
  return { code, kind, message, hint };
}
