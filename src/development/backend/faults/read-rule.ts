// For development only: never part of what runs on a device.
import type { JsonReader } from '../../../domain/json/json-reader.js';
import { roleNames, type RepositoryName, type RoleName } from '../settings.js';
import type { FaultAction, FaultMatch } from './rule.js';

/** Reads a rule without its id. Refusals name the member. */
export function readFault(reader: JsonReader): { readonly match: FaultMatch; readonly action: FaultAction } {
  const match = reader.optional('match');
  return { match: match === null ? {} : readMatch(match), action: readAction(reader.member('action')) };
}

function readMatch(reader: JsonReader): FaultMatch {
  const path = reader.optional('path');
  if (path !== null && !isRegularExpression(path.text())) {
    path.refuse('is no regular expression');
  }
  return {
    method: reader.optional('method')?.text(10).toUpperCase(),
    path: path?.text(),
    device: reader.optional('device')?.text(),
    nth: reader.optional('nth')?.integer(1, 1_000_000),
    times: reader.optional('times')?.integer(1, 1_000_000),
  };
}

function isRegularExpression(text: string): boolean {
  try {
    return RegExp(text) instanceof RegExp;
  } catch {
    // Not compilable: that is the answer.
    return false;
  }
}

const largest = 2 ** 40;

const readers: Readonly<Record<FaultAction['kind'], (reader: JsonReader) => FaultAction>> = {
  latency: (reader) => ({ kind: 'latency', milliseconds: reader.member('milliseconds').integer(1, 3_600_000) }),
  status: (reader) => ({
    kind: 'status',
    status: reader.member('status').integer(200, 599),
    retryAfterSeconds: reader.optional('retryAfterSeconds')?.integer(0, 1_000_000),
  }),
  html: (reader) => ({ kind: 'html', status: reader.optional('status')?.integer(400, 599) ?? 502 }),
  missing: () => ({ kind: 'missing' }),
  redirect: (reader) => ({
    kind: 'redirect',
    status: reader.optional('status')?.integer(300, 399) ?? 301,
    location: reader.member('location').text(),
  }),
  drop: () => ({ kind: 'drop' }),
  loseReply: () => ({ kind: 'loseReply' }),
  hang: () => ({ kind: 'hang' }),
  stall: (reader) => ({
    kind: 'stall',
    atByte: readAtByte(reader),
    seconds: reader.optional('seconds')?.integer(1, 1_000_000),
  }),
  throttle: (reader) => ({ kind: 'throttle', bytesPerSecond: reader.member('bytesPerSecond').integer(1, largest) }),
  wrongBytes: (reader) => ({ kind: 'wrongBytes', atByte: readAtByte(reader) }),
  truncate: (reader) => ({ kind: 'truncate', atByte: readAtByte(reader) }),
  noRange: () => ({ kind: 'noRange' }),
  oversize: (reader) => ({ kind: 'oversize', bytes: reader.member('bytes').integer(1, largest) }),
  endless: () => ({ kind: 'endless' }),
  notJson: () => ({ kind: 'notJson' }),
  clientRefused: () => ({ kind: 'clientRefused' }),
  foreignCertificate: () => ({ kind: 'foreignCertificate' }),
  expired: (reader) => ({ kind: 'expired', repository: readRepository(reader), role: readRole(reader) }),
  badSignature: (reader) => ({ kind: 'badSignature', repository: readRepository(reader), role: readRole(reader) }),
  mixAndMatch: (reader) => ({
    kind: 'mixAndMatch',
    repository: 'image',
    role: oneOf(reader.member('role'), ['targets', 'snapshot'] as const),
  }),
  disagree: (reader) => {
    const field = oneOf(reader.member('field'), ['hash', 'length', 'hardwareId'] as const);
    return { kind: 'disagree', field, repository: field === 'hardwareId' ? 'image' : 'director' };
  },
  foreignEcu: () => ({ kind: 'foreignEcu', repository: 'director' }),
  foreignHardware: () => ({ kind: 'foreignHardware', repository: 'director' }),
  unknownTarget: () => ({ kind: 'unknownTarget', repository: 'image' }),
};

/** All kinds, for help texts. */
export const faultKinds: readonly string[] = Object.keys(readers);

function readAction(reader: JsonReader): FaultAction {
  const kind = reader.member('kind').text();
  if (!Object.hasOwn(readers, kind)) {
    reader.member('kind').refuse(`must be one of ${faultKinds.join(', ')}, not ${JSON.stringify(kind)}`);
  }
  return readers[kind as FaultAction['kind']](reader);
}

function readAtByte(reader: JsonReader): number {
  return reader.optional('atByte')?.integer(0, largest) ?? 0;
}

function readRepository(reader: JsonReader): RepositoryName {
  return oneOf(reader.member('repository'), ['director', 'image'] as const);
}

function readRole(reader: JsonReader): RoleName {
  return oneOf(reader.member('role'), roleNames);
}

function oneOf<Name extends string>(reader: JsonReader, names: readonly Name[]): Name {
  const text = reader.text();
  return names.find((name) => name === text) ?? reader.refuse(`must be one of ${names.join(', ')}`);
}
