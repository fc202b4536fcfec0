// For development only: never part of what runs on a device.
import { openAssignments, type DeviceRecord } from '../devices/device-record.js';
import type { DeviceStore, StoredManifest } from '../devices/device-store.js';

/** What the operator sees of a device in a list. */
export function deviceSummary(device: DeviceRecord): object {
  return {
    uuid: device.uuid,
    deviceId: device.deviceId,
    createdAt: device.createdAt,
    registered: device.registeredAt !== null,
    openAssignments: openAssignments(device).length,
    manifestNumber: device.manifestNumber,
    lastManifestAt: device.lastManifestAt,
    ecus: device.ecus.map((ecu) => ({
      serial: ecu.serial,
      hardwareId: ecu.hardwareId,
      isPrimary: ecu.serial === device.primarySerial,
      installed: ecu.installed,
    })),
  };
}

/** Everything about a device: tests and the demo observe the truth here. */
export function deviceDetail(devices: DeviceStore, device: DeviceRecord): object {
  const manifests = devices.manifestsOf(device.uuid).list();
  return {
    ...deviceSummary(device),
    registeredAt: device.registeredAt,
    removedSerials: device.removedSerials,
    assignments: device.assignments,
    metadata: {
      versions: device.metadata.versions,
      isOutdated: device.metadata.isOutdated,
      assignmentIds: device.metadata.assignmentIds,
    },
    lastManifest: manifests.at(-1)?.manifest ?? null,
    installationReports: manifests.flatMap(reportOf),
    events: devices.eventsOf(device.uuid).list(),
    data: devices.dataOf(device.uuid),
  };
}

function reportOf(stored: StoredManifest): object[] {
  const { signed } = stored.manifest as { signed: { installation_report?: unknown } };
  return signed.installation_report === undefined
    ? []
    : [
        {
          number: stored.number,
          receivedAt: stored.receivedAt,
          effect: stored.effect,
          installationReport: signed.installation_report,
        },
      ];
}
