import { SotaError } from '../../domain/errors/sota-error.js';
import type { Hold } from '../../domain/policy/holds.js';
import type { FirstUse } from '../../ports/trust.js';

/** A file of a generation, as `state.json` lists it. */
export interface ListedFile {
  readonly sha256: string;
  readonly length: number;
}

/**
 * `state.json` of a generation. The format is additive for ever: an older program keeps members and files that it
 * doesn't know (`unknownMembers`, and every listed file), so that a rollback loses nothing (design rules 15, 16).
 */
export interface GenerationState {
  readonly timeFloorMilliseconds: number;
  readonly holds: readonly Hold[];
  readonly lastConfirmedCommit: string | null;
  readonly firstUse: FirstUse | null;
  /** Report counters up to this one may have been used. */
  readonly reservedReportCounter: number;
  /** Of the newest state file that was in use (design rule 15). */
  readonly stateEpoch: number;
  readonly files: ReadonlyMap<string, ListedFile>;
  readonly unknownMembers: Readonly<Record<string, unknown>>;
}

export const emptyGenerationState: GenerationState = {
  timeFloorMilliseconds: 0,
  holds: [],
  lastConfirmedCommit: null,
  firstUse: null,
  reservedReportCounter: 0,
  stateEpoch: 0,
  files: new Map(),
  unknownMembers: {},
};

/** One or two folders deep, nothing that leaves the generation. */
const fileNamePattern = /^(?:[A-Za-z0-9_%-][A-Za-z0-9._%-]*\/){1,3}[A-Za-z0-9_%-][A-Za-z0-9._%-]*$/;

const knownMembers = new Set([
  'format',
  'timeFloorMilliseconds',
  'holds',
  'lastConfirmedCommit',
  'firstUse',
  'reservedReportCounter',
  'stateEpoch',
  'files',
]);

type Members = Record<string, unknown>;

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function damaged(field: string): SotaError {
  return new SotaError('STATE_DAMAGED', { message: `state.json: ${field} is not what it should be` });
}

function numberOf(members: Members, field: string): number {
  const value = members[field] ?? 0;
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw damaged(field);
  return value;
}

function textOrNull(members: Members, field: string): string | null {
  const value = members[field] ?? null;
  if (value !== null && typeof value !== 'string') throw damaged(field);
  return value;
}

function textOf(members: Members, field: string): string {
  const value = members[field];
  if (typeof value !== 'string') throw damaged(field);
  return value;
}

/** Members that a newer program added to a hold stay with it. */
function readHold(value: unknown): Hold {
  if (!isMembers(value)) throw damaged('holds');
  return {
    ...value,
    targetName: textOf(value, 'targetName'),
    sha256: textOf(value, 'sha256'),
    correlationId: textOrNull(value, 'correlationId'),
    reason: textOf(value, 'reason'),
  };
}

/** null also for a source that a newer program knows: no reason to call everything damaged. */
function readFirstUse(value: unknown): FirstUse | null {
  if (value === undefined || value === null) return null;
  if (!isMembers(value)) throw damaged('firstUse');
  const source = textOf(value, 'source');
  if (source !== 'import' && source !== 'image' && source !== 'provisioning') return null;
  return { source, time: textOf(value, 'time') };
}

function readFiles(value: unknown): ReadonlyMap<string, ListedFile> {
  if (!isMembers(value)) throw damaged('files');
  return new Map(
    Object.entries(value).map(([name, listed]) => {
      if (!fileNamePattern.test(name) || !isMembers(listed)) throw damaged(`files.${name}`);
      const length = numberOf(listed, 'length');
      const sha256 = textOf(listed, 'sha256');
      if (length < 0 || !/^[0-9a-f]{64}$/.test(sha256)) throw damaged(`files.${name}`);
      return [name, { sha256, length }];
    }),
  );
}

/** @throws SotaError STATE_DAMAGED naming the member. */
export function parseGenerationState(text: string): GenerationState {
  let members: unknown;
  try {
    members = JSON.parse(text);
  } catch (cause) {
    throw new SotaError('STATE_DAMAGED', { message: 'state.json is no JSON', cause });
  }
  if (!isMembers(members)) throw damaged('the whole');
  const holds = members['holds'] ?? [];
  if (!Array.isArray(holds)) throw damaged('holds');
  const firstUse = readFirstUse(members['firstUse']);
  const isKnown = (name: string): boolean => knownMembers.has(name) && (name !== 'firstUse' || firstUse !== null);
  return {
    timeFloorMilliseconds: numberOf(members, 'timeFloorMilliseconds'),
    holds: holds.map(readHold),
    lastConfirmedCommit: textOrNull(members, 'lastConfirmedCommit'),
    firstUse,
    reservedReportCounter: numberOf(members, 'reservedReportCounter'),
    stateEpoch: numberOf(members, 'stateEpoch'),
    files: readFiles(members['files']),
    unknownMembers: Object.fromEntries(Object.entries(members).filter(([name]) => !isKnown(name))),
  };
}

export function printGenerationState(state: GenerationState): string {
  const { unknownMembers, files, firstUse, ...members } = state;
  // One that only a newer program can read stands among the unknown members.
  const kept = firstUse === null ? { firstUse, ...unknownMembers } : { ...unknownMembers, firstUse };
  return `${JSON.stringify({ ...kept, format: 1, ...members, files: Object.fromEntries(files) }, null, 1)}\n`;
}
