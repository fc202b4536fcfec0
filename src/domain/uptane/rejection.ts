/** Why metadata are refused. Inside this folder a refusal travels as an exception, outside it is a verdict. */
import type { ErrorCode } from '../errors/catalogue.js';
import { failure, success, type Result } from '../result.js';
import type { RepositoryName } from './trusted-metadata.js';

/** The top-level roles of a repository (Uptane Standard 5.1). */
export type Role = 'root' | 'timestamp' | 'snapshot' | 'targets';

export interface Rejection {
  readonly code: ErrorCode;
  readonly repository: RepositoryName;
  readonly role: Role;
  /** One sentence for people; names from outside are escaped. */
  readonly reason: string;
}

/** Never leaves `src/domain/uptane`. */
export class RejectedMetadata extends Error {
  constructor(readonly rejection: Rejection) {
    super(rejection.reason);
  }
}

/** Ends a verification with a refusal. */
export function reject(code: ErrorCode, repository: RepositoryName, role: Role, reason: string): never {
  throw new RejectedMetadata({ code, repository, role, reason });
}

/** Runs a verification to its verdict. */
export function verdictOf<Value>(verify: () => Value): Result<Value, Rejection> {
  try {
    return success(verify());
  } catch (error) {
    if (error instanceof RejectedMetadata) return failure(error.rejection);
    throw error;
  }
}

/** A name from outside as it may stand in a message: quoted, escaped, cut. */
export function inQuotes(name: string): string {
  const cut = name.length > 120 ? `${name.slice(0, 120)}...` : name;
  return JSON.stringify(cut).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
