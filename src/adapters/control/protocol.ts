import { errorCatalogue, type ErrorCode } from '../../domain/errors/catalogue.js';
import { SotaError, isSotaError } from '../../domain/errors/sota-error.js';
import { validateControlError } from '../schema/validators.js';

/** The forms that server and client agree on. All bodies are JSON; version 1 is in the path. */
export const routes = {
  status: '/v1/status',
  history: '/v1/history',
  watch: '/v1/watch',
  check: '/v1/check',
  update: '/v1/update',
} as const;

/** A request's body: none of today's requests needs one. */
export const maximumRequestBytes = 65_536;

/** A reply's body: a history of 1 000 entries. */
export const maximumReplyBytes = 16_777_216;

export const maximumHistory = 1_000;

/** An error on the wire. */
export interface ErrorBody {
  readonly error: { readonly code: string; readonly message: string; readonly hint: string };
}

/** What the daemon tells about an error of its own; a bug's text stays in its log. */
export function errorBody(error: unknown): ErrorBody {
  return isSotaError(error)
    ? { error: { code: error.code, message: error.message, hint: error.hint } }
    : { error: { code: 'INTERNAL', message: 'the daemon failed: see its log', hint: '' } };
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCatalogue, code);
}

/** The error that a reply carries, as it was thrown in the daemon where its code is known here. */
export function errorOf(status: number, body: string): SotaError {
  const reply = validateControlError(parsedOrNull(body));
  if (!reply.ok) return new SotaError('CONTROL_REFUSED', { message: `the daemon replied with status ${status}` });
  const { code, message, hint } = reply.value.error;
  return new SotaError(isErrorCode(code) ? code : 'CONTROL_REFUSED', { message, ...(hint === '' ? {} : { hint }) });
}

function parsedOrNull(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
