/**
 * The record as text and back. `format` names the version of the form; members that a newer sotad added are ignored,
 * a state or a format that is not known here is refused (design rule 15).
 */
import { errorCatalogue } from '../errors/catalogue.js';
import { failure, success, type Result } from '../result.js';
import type { Attempt, Origin, Outcome, RecordedError, UpdateRecord, UpdateTarget } from './record.js';

const format = 1;

/** One line of JSON. */
export function printRecord(record: UpdateRecord): string {
  return JSON.stringify({ format, ...record });
}

class MalformedRecord extends Error {}

type Members = Readonly<Record<string, unknown>>;

const malformed = (field: string, wanted: string): never => {
  throw new MalformedRecord(`${field} is not ${wanted}`);
};

function members(value: unknown, field: string): Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Members)
    : malformed(field, 'an object');
}

const text = (value: unknown, field: string): string => (typeof value === 'string' ? value : malformed(field, 'text'));

const textOrNull = (value: unknown, field: string): string | null => (value === null ? null : text(value, field));

const count = (value: unknown, field: string): number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : malformed(field, 'a whole number');

function hexadecimal(value: unknown, field: string, length: number): string {
  const digits = text(value, field);
  return new RegExp(`^[0-9a-f]{${length}}$`).test(digits) ? digits : malformed(field, `${length} hex digits`);
}

function readTarget(value: unknown): UpdateTarget {
  const target = members(value, 'attempt.target');
  const targetFormat = target['format'];
  return {
    name: text(target['name'], 'attempt.target.name'),
    sha256: hexadecimal(target['sha256'], 'attempt.target.sha256', 64),
    sha512: target['sha512'] === null ? null : hexadecimal(target['sha512'], 'attempt.target.sha512', 128),
    lengthBytes: count(target['lengthBytes'], 'attempt.target.lengthBytes'),
    format:
      targetFormat === 'OSTREE' || targetFormat === 'BINARY'
        ? targetFormat
        : malformed('attempt.target.format', 'OSTREE or BINARY'),
    uri: textOrNull(target['uri'], 'attempt.target.uri'),
  };
}

function readError(value: unknown, field: string): RecordedError {
  const error = members(value, field);
  const code = text(error['code'], `${field}.code`);
  const causes = error['causes'];
  return {
    // A code of a newer catalogue still is a failure; its name is kept in the message.
    code: Object.hasOwn(errorCatalogue, code) ? (code as RecordedError['code']) : 'INSTALLATION_FAILED',
    message: text(error['message'], `${field}.message`),
    causes: Array.isArray(causes) ? causes.map((cause) => text(cause, `${field}.causes`)) : malformed(field, 'a list'),
  };
}

function readAttempt(value: unknown): Attempt {
  const attempt = members(value, 'attempt');
  return {
    target: readTarget(attempt['target']),
    correlationId: textOrNull(attempt['correlationId'], 'attempt.correlationId'),
    ecuSerial: text(attempt['ecuSerial'], 'attempt.ecuSerial'),
    startedMilliseconds: count(attempt['startedMilliseconds'], 'attempt.startedMilliseconds'),
    writesWithoutProgress: count(attempt['writesWithoutProgress'], 'attempt.writesWithoutProgress'),
    failures: count(attempt['failures'], 'attempt.failures'),
    lastError: attempt['lastError'] === null ? null : readError(attempt['lastError'], 'attempt.lastError'),
  };
}

function readOrigin(value: unknown): Origin {
  const origin = members(value, 'origin');
  return {
    commit: origin['commit'] === null ? null : hexadecimal(origin['commit'], 'origin.commit', 64),
    bootId: text(origin['bootId'], 'origin.bootId'),
  };
}

function readOutcome(value: unknown): Outcome {
  const outcome = members(value, 'outcome');
  switch (outcome['result']) {
    case 'success':
    case 'withdrawn':
      return { result: outcome['result'], text: text(outcome['text'], 'outcome.text') };
    case 'failure':
      return { result: 'failure', error: readError(outcome['error'], 'outcome.error') };
    default:
      return malformed('outcome.result', 'success, failure or withdrawn');
  }
}

function readRecord(value: unknown): UpdateRecord {
  const record = members(value, 'record');
  if (record['format'] !== format) return malformed('format', `${format}`);
  const state = record['state'];
  switch (state) {
    case 'idle':
      return { state };
    case 'downloading':
    case 'retrying':
    case 'ready':
      return { state, attempt: readAttempt(record['attempt']) };
    case 'installing':
    case 'awaitingReboot':
    case 'rebooting':
    case 'confirming':
      return { state, attempt: readAttempt(record['attempt']), origin: readOrigin(record['origin']) };
    case 'undoing':
    case 'reporting':
      return { state, attempt: readAttempt(record['attempt']), outcome: readOutcome(record['outcome']) };
    default:
      return malformed('state', 'a state of this version');
  }
}

/** @returns the record, or what is wrong with the text and in which field. */
export function parseRecord(line: string): Result<UpdateRecord, string> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return failure(`no JSON: ${error.message}`);
    throw error;
  }
  try {
    return success(readRecord(value));
  } catch (error) {
    if (error instanceof MalformedRecord) return failure(error.message);
    throw error;
  }
}
