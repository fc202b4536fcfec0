// For development only: never part of what runs on a device.
import { close, openAssignments, type Assignment, type DeviceRecord } from './device-record.js';
import type { VerifiedManifest } from './manifest.js';

/**
 * What a manifest does to the open assignments of its device: the table of backend.md 1.7. A wrong report takes
 * everything away here as it does on the real director. Changes the device.
 * @returns what happened, in words.
 */
export function applyManifest(device: DeviceRecord, manifest: VerifiedManifest, time: string): string {
  for (const ecu of device.ecus) {
    ecu.installed = manifest.installed.get(ecu.serial) ?? ecu.installed;
  }
  const open = openAssignments(device);
  const matched = open.filter((assignment) => isMatched(assignment, manifest));
  const { report } = manifest;
  switch (report.kind) {
    case 'none':
      succeed(matched, 'OK', 'reported by a manifest', time);
      return `no report: ${matched.length} of ${open.length} closed`;
    case 'success':
      if (matched.length > 0) {
        succeed(matched, report.code, report.text, time);
        return `success: ${matched.length} of ${open.length} closed`;
      }
      end(device, open, 'cancelled', 'DirectorCancelledAssignment', 'a success that fits no assignment', time);
      return `success without a match: ${open.length} cancelled`;
    case 'failure':
      end(device, open, 'failed', report.code, report.text, time);
      return `failure: ${open.length} closed as failed`;
    case 'malformed':
      end(device, open, 'failed', 'MalformedReport', report.reason, time);
      return `malformed report (${report.reason}): ${open.length} closed as failed`;
  }
}

function isMatched(assignment: Assignment, manifest: VerifiedManifest): boolean {
  const installed = manifest.installed.get(assignment.ecu);
  return (
    installed?.filepath === assignment.target && installed.sha256.toLowerCase() === assignment.sha256.toLowerCase()
  );
}

/** The targets stay as they are: the director doesn't empty them after a success (backend.md 0.6). */
function succeed(assignments: readonly Assignment[], code: string, text: string, time: string): void {
  assignments.forEach((one) => close(one, 'succeeded', { code, text, time }));
}

function end(
  device: DeviceRecord,
  open: readonly Assignment[],
  state: 'failed' | 'cancelled',
  code: string,
  text: string,
  time: string,
): void {
  open.forEach((one) => close(one, state, { code, text, time }));
  if (open.length > 0) {
    device.metadata.isOutdated = true;
  }
}
