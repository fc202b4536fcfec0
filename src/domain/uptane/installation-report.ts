/** The outcome of an installation as the server counts it (aktualizr.md 3.2, 3.3; backend.md 1.7). */
import type { JsonValue } from '../json/json-value.js';
import { fromPlainValue } from '../json/plain-value.js';
import { reportedText } from './reported-text.js';

/** The codes of the protocol and their numbers, which the oldest servers read. */
export const resultCodes = {
  OK: 0,
  ALREADY_PROCESSED: 1,
  VERIFICATION_FAILED: 3,
  INSTALL_FAILED: 4,
  DOWNLOAD_FAILED: 5,
  INTERNAL_ERROR: 18,
  GENERAL_ERROR: 19,
  NEED_COMPLETION: 21,
  CUSTOM_ERROR: 22,
  OPERATION_CANCELLED: 23,
  UNKNOWN: -1,
} as const;

export type ResultCode = keyof typeof resultCodes;

export interface EcuInstallationResult {
  readonly ecuSerial: string;
  readonly hardwareId: string;
  readonly code: ResultCode;
  readonly description: string;
}

export interface DeviceInstallationResult {
  readonly success: boolean;
  /** A code, or for failures `hardwareId:CODE` joined with `|`. */
  readonly code: string;
  readonly description: string;
}

/** Did it work? What was installed before counts too. */
export function isSuccess(code: ResultCode): boolean {
  return code === 'OK' || code === 'ALREADY_PROCESSED';
}

/** The device's result out of those of its ECUs (aktualizr.md 3.3). */
export function deviceResult(ecuResults: readonly EcuInstallationResult[]): DeviceInstallationResult {
  if (ecuResults.some((result) => result.code === 'NEED_COMPLETION')) {
    return { success: false, code: 'NEED_COMPLETION', description: 'Completion is needed on one or more ECUs' };
  }
  const failures = ecuResults.filter((result) => !isSuccess(result.code));
  if (failures.length === 0) {
    return { success: true, code: 'OK', description: 'Device has been successfully installed' };
  }
  return {
    success: false,
    code: failures.map((result) => `${result.hardwareId}:${result.code}`).join('|'),
    description: 'Installation failed on one or more ECUs',
  };
}

export interface InstallationReport {
  /** Must be the one of the assignment, verbatim: a server that finds no match cancels what is open. */
  readonly correlationId: string;
  readonly device: DeviceInstallationResult;
  readonly ecus: readonly EcuInstallationResult[];
  /** Text for people; no secrets. */
  readonly rawReport: string;
}

/** `installation_report` of the device's manifest. */
export function installationReport(report: InstallationReport): JsonValue {
  return fromPlainValue({
    content_type: 'application/vnd.com.here.otac.installationReport.v1',
    report: {
      correlation_id: report.correlationId,
      items: report.ecus.map(({ ecuSerial, code, description }) => ({
        ecu: ecuSerial,
        result: { success: isSuccess(code), code, description: reportedText(description) },
      })),
      raw_report: reportedText(report.rawReport),
      result: { ...report.device, description: reportedText(report.device.description) },
    },
  });
}
