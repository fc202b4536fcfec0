import { errorCatalogue, type ErrorCode, type ErrorKind } from './catalogue.js';
import { isSotaError } from './sota-error.js';

/** Exit codes of every program (design rule 6). */
export const exitCodes = {
  ok: 0,
  bug: 1,
  usage: 2,
  refused: 3,
  operator: 4,
  transient: 5,
  noDaemon: 6,
  found: 7,
  rebootPending: 77,
} as const;

/** What each exit code means, for help and documentation. */
export const exitCodeMeanings: ReadonlyMap<number, string> = new Map([
  [exitCodes.ok, 'done'],
  [exitCodes.bug, 'a bug of sotad'],
  [exitCodes.usage, 'wrong use of the command line'],
  [exitCodes.refused, 'refused by verification'],
  [exitCodes.operator, 'a person must act'],
  [exitCodes.transient, 'failed for a reason that may pass'],
  [exitCodes.noDaemon, 'the daemon is not running'],
  [exitCodes.found, 'something was found (doctor, keys --expiry)'],
  [exitCodes.rebootPending, 'a reboot is pending (by option)'],
]);

const byKind: Readonly<Record<ErrorKind, number>> = {
  security: exitCodes.refused,
  operator: exitCodes.operator,
  // This target can't work here whatever time brings: somebody must assign another one.
  permanent: exitCodes.operator,
  transient: exitCodes.transient,
};

const byCode: ReadonlyMap<ErrorCode, number> = new Map([
  ['DAEMON_NOT_RUNNING', exitCodes.noDaemon],
  ['INTERNAL', exitCodes.bug],
]);

/** The exit code of a catalogue entry. */
export function exitCodeOf(code: ErrorCode, kind: ErrorKind): number {
  return byCode.get(code) ?? byKind[kind];
}

/** The exit code for whatever was thrown: what is no SotaError is a bug of ours. */
export function exitCodeOfFailure(error: unknown): number {
  return isSotaError(error) ? exitCodeOf(error.code, error.kind) : exitCodes.bug;
}

/** The code and kind of that name; null when there is none. For names that come from outside. */
export function findCatalogueEntry(name: string): { readonly code: ErrorCode; readonly kind: ErrorKind } | null {
  if (!Object.hasOwn(errorCatalogue, name)) {
    return null;
  }
  const code = name as ErrorCode;
  return { code, kind: errorCatalogue[code].kind };
}
