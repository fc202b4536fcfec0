/** The director's targets file: what this device shall run (Uptane 5.4.4.6, aktualizr.md 4.5, 4.6). */
import { validateEcuSerial, validateHardwareId } from '../ecu/ecu-identity.js';
import type { JsonReader } from '../json/json-reader.js';
import type { AssignedEcu, AssignedTarget, Assignment, TargetFormat, TargetHashes } from './assignment.js';
import { inQuotes, reject } from './rejection.js';
import { openMetadata, type SignedMetadata, type VerificationContext } from './signed-metadata.js';
import { readFormat, readHashes, readLength, readUri, targetNameRefusal } from './target-fields.js';

export interface DirectorTargetsBody {
  readonly correlationId: string | null;
  readonly targets: readonly AssignedTarget[];
}

export type DirectorTargetsMetadata = SignedMetadata<DirectorTargetsBody>;

export function openDirectorTargets(context: VerificationContext, bytes: Uint8Array): DirectorTargetsMetadata {
  return openMetadata(context, 'targets', bytes, context.limits.directorTargetsBytes, (signed) => {
    refuseDelegations(signed);
    const targets = signed.member('targets').members();
    return {
      correlationId: readCorrelationId(signed),
      targets: targets.map(([name, target]) => readTarget(context, name, target)),
    };
  });
}

/** The assignment of a verified file. @throws RejectedMetadata ASSIGNMENT_FOREIGN when an ECU is named twice. */
export function assignmentOf(context: VerificationContext, metadata: DirectorTargetsMetadata): Assignment {
  const seen = new Set<string>();
  for (const { serial } of metadata.body.targets.flatMap((target) => target.ecus)) {
    if (seen.has(serial)) {
      reject('ASSIGNMENT_FOREIGN', context.repository, 'targets', `ECU ${inQuotes(serial)} has two targets`);
    }
    seen.add(serial);
  }
  return { ...metadata.body, version: metadata.version };
}

/** A director delegates nothing (Uptane 5.4.4.6 step 7); an empty list is what some tools write for none. */
function refuseDelegations(signed: JsonReader): void {
  const roles = signed.optional('delegations')?.optional('roles') ?? null;
  if (roles !== null && roles.elements().length > 0) roles.refuse('delegates, which a director must not');
}

function readCorrelationId(signed: JsonReader): string | null {
  const correlationId = signed.optional('custom')?.optional('correlationId')?.text(1024) ?? '';
  return correlationId === '' ? null : correlationId;
}

function readTarget(context: VerificationContext, name: string, target: JsonReader): AssignedTarget {
  const refusal = targetNameRefusal(name);
  if (refusal !== null) target.refuse(`has a name that ${refusal}`);
  const custom = target.optional('custom');
  return {
    name,
    length: readLength(target),
    hashes: readTargetHashes(target.member('hashes')),
    ecus: readEcus(custom),
    uri: readUri(custom),
    format: readKnownFormat(custom),
    customText: custom === null ? null : context.profile.canonicalText(custom.value),
  };
}

function readTargetHashes(reader: JsonReader): TargetHashes {
  const { sha256, sha512 } = readHashes(reader);
  if (sha256 === null) return reader.refuse('lacks sha256');
  return sha512 === null ? { sha256 } : { sha256, sha512 };
}

function readEcus(custom: JsonReader | null): readonly AssignedEcu[] {
  const identifiers = custom?.optional('ecuIdentifiers') ?? null;
  if (identifiers === null) return [];
  return identifiers.members().map(([name, ecu]) => {
    const serial = validateEcuSerial(name);
    if (!serial.ok) return ecu.refuse(`is not named after an ECU: ${serial.error}`);
    const reader = ecu.member('hardwareId');
    const hardwareId = validateHardwareId(reader.text());
    if (!hardwareId.ok) return reader.refuse(`is refused: ${hardwareId.error}`);
    return { serial: serial.value, hardwareId: hardwareId.value };
  });
}

function readKnownFormat(custom: JsonReader | null): TargetFormat | null {
  const format = readFormat(custom);
  if (custom === null || format === null) return null;
  if (format === 'OSTREE' || format === 'BINARY') return format;
  return custom.member('targetFormat').refuse(`is the unknown format ${inQuotes(format)}`);
}
