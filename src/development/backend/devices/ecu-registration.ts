// For development only: never part of what runs on a device.
import type { JsonReader } from '../../../domain/json/json-reader.js';
import { BackendError } from '../backend-error.js';
import { faultOfPublicKey, type PublicKeyDocument } from '../metadata/keys.js';
import { formatTime } from '../metadata/role-document.js';
import { openAssignments, type DeviceRecord, type EcuRecord } from './device-record.js';
import { parseBody, readBody } from './request-json.js';

interface Registration {
  readonly primarySerial: string;
  readonly ecus: EcuRecord[];
}

/**
 * `POST /director/ecus` (backend.md 1.4). Changes the device.
 * @returns 201 the first time, 200 for a replacement where that is allowed.
 */
export function registerEcus(
  body: Buffer,
  device: DeviceRecord,
  options: { readonly allowReplacement: boolean; readonly now: number },
): 201 | 200 {
  const registration = readBody(parseBody(body), readRegistration);
  if (!registration.ecus.some((ecu) => ecu.serial === registration.primarySerial)) {
    throw new BackendError(400, 'primary_is_not_listed_for_device', 'the primary is not among the ecus');
  }
  if (device.registeredAt === null) {
    device.registeredAt = formatTime(options.now);
    device.primarySerial = registration.primarySerial;
    device.ecus = registration.ecus;
    return 201;
  }
  if (!options.allowReplacement) {
    throw new BackendError(409, 'ecu_replacement_disabled', 'this device has registered its ECUs already');
  }
  replace(device, registration);
  return 200;
}

function replace(device: DeviceRecord, registration: Registration): void {
  const serials = new Set(registration.ecus.map((ecu) => ecu.serial));
  const removed = device.ecus.filter((ecu) => !serials.has(ecu.serial)).map((ecu) => ecu.serial);
  const returning = registration.ecus.find((ecu) => device.removedSerials.includes(ecu.serial));
  if (returning !== undefined) {
    throw new BackendError(409, 'ecu_reuse_not_allowed', `the ECU ${returning.serial} was replaced before`);
  }
  const busy = openAssignments(device).find((assignment) => removed.includes(assignment.ecu));
  if (busy !== undefined) {
    throw new BackendError(412, 'replace_ecu_assignment_exists', `the ECU ${busy.ecu} has an open assignment`);
  }
  device.removedSerials.push(...removed);
  device.primarySerial = registration.primarySerial;
  device.ecus = registration.ecus.map((ecu) => ({
    ...ecu,
    installed: device.ecus.find((known) => known.serial === ecu.serial)?.installed ?? null,
  }));
}

function readRegistration(reader: JsonReader): Registration {
  const primarySerial = reader.member('primary_ecu_serial').text(64);
  const ecus = reader.member('ecus').elements(100).map(readEcu);
  const serials = ecus.map((ecu) => ecu.serial);
  if (new Set(serials).size !== serials.length) {
    reader.member('ecus').refuse('names a serial twice');
  }
  return { primarySerial, ecus };
}

function readEcu(reader: JsonReader): EcuRecord {
  const serial = nonEmpty(reader.member('ecu_serial'), 64);
  const hardwareId = nonEmpty(reader.member('hardware_identifier'), 200);
  const clientKey = reader.member('clientKey');
  const keytype = readKeyType(clientKey.member('keytype'));
  const key: PublicKeyDocument = { keytype, keyval: { public: clientKey.member('keyval').member('public').text() } };
  const fault = faultOfPublicKey(key);
  if (fault !== null) {
    clientKey.refuse(`can't be used: ${fault}`);
  }
  return { serial, hardwareId, key, installed: null };
}

function readKeyType(reader: JsonReader): PublicKeyDocument['keytype'] {
  const text = reader.text(40);
  return text === 'RSA' || text === 'ED25519'
    ? text
    : reader.refuse(`must be RSA or ED25519, not ${JSON.stringify(text)}`);
}

function nonEmpty(reader: JsonReader, maximumLength: number): string {
  const text = reader.text(maximumLength);
  return text === '' ? reader.refuse('is empty') : text;
}
