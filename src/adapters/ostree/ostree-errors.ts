import type { ErrorCode } from '../../domain/errors/catalogue.js';
import { SotaError } from '../../domain/errors/sota-error.js';
import type { ProcessOutcome } from '../../ports/processes.js';

/**
 * What ostree's texts mean (measured with 2022.7; the locale of children is always C). The first pattern that fits
 * counts, so causes of this machine come before those of the server.
 */
interface Meaning {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
}

const everywhere: readonly Meaning[] = [
  { pattern: /No space left on device|min-free-space-\w+ .*would be exceeded|Disk quota exceeded/, code: 'DISK_FULL' },
  { pattern: /Read-only file system/, code: 'SYSROOT_UNAVAILABLE' },
  { pattern: /Locking repo (shared|exclusive) failed/, code: 'UPDATE_LOCKED' },
];

const pulling: readonly Meaning[] = [
  ...everywhere,
  { pattern: /Server returned HTTP 404/, code: 'OBJECT_MISSING' },
  { pattern: /Server returned HTTP \d+/, code: 'HTTP_STATUS' },
  { pattern: /\[(6|7|16|18|35|52|55|56|92)\] /, code: 'NETWORK_UNREACHABLE' },
  { pattern: /\[28\] /, code: 'NETWORK_TIMEOUT' },
  { pattern: /\[(51|60|83|90|91)\] /, code: 'TLS_SERVER_REFUSED' },
  { pattern: /\[(58|77)\] /, code: 'TLS_CLIENT_REFUSED' },
  {
    pattern: /Corrupted \w+ object|checksum expected=|Parsing [0-9a-f]{64}\.|Invalid compressed data|Not a \w+ object/,
    code: 'OBJECT_CORRUPT',
  },
  // A content object that breaks off while it is unpacked; faults of our own disk have other texts.
  { pattern: /Writing content object: (?!.*Input\/output error)/, code: 'OBJECT_CORRUPT' },
];

const deploying: readonly Meaning[] = [
  ...everywhere,
  {
    pattern: /No such (metadata|file) object|Couldn't find file object|Refspec .* not found|is partial/,
    code: 'OBJECT_MISSING',
  },
  { pattern: /uEnv\.txt/, code: 'BOOT_CONFIGURATION_UNAVAILABLE' },
  { pattern: /Input\/output error/, code: 'SYSROOT_UNAVAILABLE' },
  // A machine that is short of something now; the target may well be good.
  { pattern: /Cannot allocate memory|Too many open files|Resource temporarily unavailable/, code: 'PROCESS_FAILED' },
];

/** The line that ostree ends with, or the end of what it wrote. */
export function ostreeErrorText(outcome: ProcessOutcome): string {
  const lines = outcome.standardError.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('OT: '));
  const error = lines
    .filter((line) => line.startsWith('error: '))
    .at(-1)
    ?.slice('error: '.length);
  return (error ?? lines.at(-1) ?? outcome.standardOutput.trim().split('\n').at(-1) ?? '').trim().slice(0, 1000);
}

function codeOf(text: string, meanings: readonly Meaning[], otherwise: ErrorCode): ErrorCode {
  return meanings.find((meaning) => meaning.pattern.test(text))?.code ?? otherwise;
}

function endInWords(outcome: ProcessOutcome): string {
  if (outcome.endedBy === 'timeout') return 'took too long and was ended';
  return outcome.exitCode === null ? `was killed by ${outcome.signal ?? 'a signal'}` : 'failed';
}

/**
 * @param inFlight objects that were on their way when it failed, since ostree's text names none for a status.
 * @returns why a pull didn't exit with 0.
 */
export function pullError(
  commit: string,
  outcome: ProcessOutcome,
  stallTimeoutSeconds: number,
  inFlight: readonly string[],
): SotaError {
  if (outcome.endedBy === 'abort') return new SotaError('ABORTED', { message: `pull of ${commit} was cancelled` });
  if (outcome.endedBy === 'stall') {
    return new SotaError('PULL_STALLED', {
      message: `pull of ${commit}: not one byte for ${stallTimeoutSeconds} s, ostree was ended`,
    });
  }
  if (outcome.endedBy === 'timeout' || outcome.exitCode === null) {
    return new SotaError('PULL_FAILED', { message: `pull of ${commit}: ostree ${endInWords(outcome)}` });
  }
  const text = ostreeErrorText(outcome);
  const code = codeOf(text, pulling, 'PULL_FAILED');
  const objects = code === 'OBJECT_MISSING' && inFlight.length > 0 ? ` (on its way: ${inFlight.join(', ')})` : '';
  return new SotaError(code, { message: `pull of ${commit}: ${text}${objects}` });
}

/** @returns why a command that changes the sysroot didn't exit with 0; a killed one says nothing against the target. */
export function administrationError(
  what: string,
  { outcome, gaveUpOnLock }: { readonly outcome: ProcessOutcome; readonly gaveUpOnLock: boolean },
): SotaError {
  if (gaveUpOnLock) {
    return new SotaError('UPDATE_LOCKED', {
      message: `${what}: another ostree process holds the lock of the sysroot`,
      hint: 'Wait for the other ostree command or end it.',
    });
  }
  if (outcome.endedBy !== 'itself' || outcome.exitCode === null) {
    return new SotaError('PROCESS_FAILED', { message: `${what}: ostree ${endInWords(outcome)}` });
  }
  const text = ostreeErrorText(outcome);
  return new SotaError(codeOf(text, deploying, 'DEPLOY_FAILED'), { message: `${what}: ${text}` });
}
