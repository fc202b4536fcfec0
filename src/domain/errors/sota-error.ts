import { errorCatalogue, type ErrorCode, type ErrorKind } from './catalogue.js';

/** What an error says beyond its code. */
export interface SotaErrorDetails {
  /** The reason in one sentence: it names the file, the field or the host concerned. */
  readonly message: string;
  /** The way out, if this case knows a better one than the catalogue. */
  readonly hint?: string;
  /** What lies behind. */
  readonly cause?: unknown;
}

/**
 * Every failure that the product expects, as data: nobody parses texts.
 * The kind decides what the agent does (design rule 4), the hint is what a person can do.
 */
export class SotaError extends Error {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly hint: string;

  constructor(code: ErrorCode, details: SotaErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'SotaError';
    this.code = code;
    this.kind = errorCatalogue[code].kind;
    this.hint = details.hint ?? errorCatalogue[code].hint;
  }
}

/** Is it one of ours? Checked by shape, since a bundle and a test may hold two copies of the class. */
export function isSotaError(value: unknown): value is SotaError {
  return (
    typeof value === 'object' &&
    value !== null &&
    'code' in value &&
    typeof value.code === 'string' &&
    Object.hasOwn(errorCatalogue, value.code) &&
    'kind' in value
  );
}

/** The chain of causes as lines `CODE: message`, outermost first; never stack traces, at most ten. */
export function causeChain(error: unknown): readonly string[] {
  const lines: string[] = [];
  let current: unknown = error;
  while (current !== undefined && current !== null && lines.length < 10) {
    const message =
      typeof current === 'object' && 'message' in current && typeof current.message === 'string'
        ? current.message
        : typeof current === 'string'
          ? current
          : 'unknown error';
    lines.push(isSotaError(current) ? `${current.code}: ${message}` : message);
    current = typeof current === 'object' && 'cause' in current ? current.cause : undefined;
  }
  return lines;
}
