import { errorCatalogue, type ErrorCode } from '../../domain/errors/catalogue.js';
import { SotaError, isSotaError } from '../../domain/errors/sota-error.js';

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

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorCatalogue, code);
}

/** The error that a reply carries, as it was thrown in the daemon where its code is known here. */
export function errorOf(status: number, body: string): SotaError {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    parsed = null;
  }
  const error = typeof parsed === 'object' && parsed !== null && 'error' in parsed ? parsed.error : null;
  const fields = typeof error === 'object' && error !== null ? (error as Record<string, unknown>) : {};
  const message =
    typeof fields['message'] === 'string' ? fields['message'] : `the daemon replied with status ${status}`;
  const hint = typeof fields['hint'] === 'string' && fields['hint'] !== '' ? { hint: fields['hint'] } : {};
  const code = isErrorCode(fields['code']) ? fields['code'] : 'CONTROL_REFUSED';
  return new SotaError(code, { message, ...hint });
}
