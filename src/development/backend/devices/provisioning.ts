// For development only: never part of what runs on a device.
import { randomUUID } from 'node:crypto';
import { BackendError } from '../backend-error.js';
import type { JsonReader } from '../../../domain/json/json-reader.js';
import { formatTime } from '../metadata/role-document.js';
import type { Authorities } from '../pki/authorities.js';
import { certify, packPkcs12 } from '../pki/certificates.js';
import type { DeviceRecord } from './device-record.js';
import type { DeviceStore } from './device-store.js';
import { parseBody, readBody } from './request-json.js';

const longestDays = 36_500;

/**
 * `POST /devices` with the shared credential (aktualizr.md 2.3): a new device with a certificate of its own.
 * @returns PKCS#12 bytes with the empty password.
 */
export async function provisionDevice(
  body: Buffer,
  devices: DeviceStore,
  authorities: Authorities,
  now: number,
): Promise<Buffer> {
  const request = readBody(parseBody(body), (reader) => ({
    deviceId: reader.member('deviceId').text(200),
    days: readDays(reader),
  }));
  if (request.deviceId === '') {
    throw new BackendError(400, 'invalid_entity', 'deviceId is empty');
  }
  refuseKnown(devices, request.deviceId);
  const uuid = randomUUID();
  const credential = await certify({
    commonName: uuid,
    kind: 'client',
    validDays: Math.min(request.days, longestDays),
    now,
    issuer: authorities.deviceAuthority,
  });
  // Another request may have come in while the key was made.
  refuseKnown(devices, request.deviceId);
  const packed = packPkcs12(credential, [authorities.serverAuthority.certificate]);
  devices.save(newDevice(uuid, request.deviceId, formatTime(now)));
  return packed;
}

/** A device that has no ECUs yet. */
export function newDevice(uuid: string, deviceId: string, createdAt: string): DeviceRecord {
  return {
    uuid,
    deviceId,
    createdAt,
    registeredAt: null,
    primarySerial: null,
    ecus: [],
    removedSerials: [],
    assignments: [],
    metadata: {
      versions: { targets: 0, snapshot: 0, timestamp: 0 },
      isOutdated: true,
      alteration: '',
      chain: null,
      assignmentIds: [],
    },
    manifestNumber: 0,
    lastManifestAt: null,
  };
}

function refuseKnown(devices: DeviceStore, deviceId: string): void {
  if (devices.list().some((one) => one.deviceId === deviceId)) {
    throw new BackendError(
      409,
      'device_already_registered',
      `a device with the id ${JSON.stringify(deviceId)} is known already`,
    );
  }
}

/** aktualizr sends a string, the certificate provider a number. */
function readDays(reader: JsonReader): number {
  const ttl = reader.optional('ttl');
  if (ttl === null) {
    return longestDays;
  }
  if (typeof ttl.value !== 'string') {
    return ttl.integer(1, Number.MAX_SAFE_INTEGER);
  }
  const text = ttl.text(20);
  return /^[1-9][0-9]{0,15}$/.test(text) ? Number(text) : ttl.refuse('is not a number of days');
}
