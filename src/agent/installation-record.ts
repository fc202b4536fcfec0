import { readJson } from '../domain/json/json-reader.js';
import type { JsonValue } from '../domain/json/json-value.js';
import { parseStrictJson } from '../domain/json/strict-parser.js';
import { deviceResult, installationReport, type ResultCode } from '../domain/uptane/installation-report.js';

/** How an installation ended, as the queue keeps it until the server has it. */
export interface InstallationRecord {
  readonly correlationId: string;
  readonly ecuSerial: string;
  readonly success: boolean;
  /** `OK`, or the code of the catalogue. */
  readonly code: string;
  readonly description: string;
  readonly rawReport: string;
}

const mostCharacters = 64 * 1024;

/** One line of JSON for the queue. Texts from outside are cut and made fit to be signed. */
export function printInstallationRecord(record: InstallationRecord): string {
  const { description, rawReport } = record;
  return JSON.stringify({ ...record, description: signable(description), rawReport: signable(rawReport) });
}

/** Neither half characters nor two writings of one: the reader would refuse them. */
function signable(text: string): string {
  const whole = text.slice(0, mostCharacters / 2).replace(/\p{Surrogate}/gu, '\u{fffd}');
  return whole.normalize('NFC');
}

/** null when the text is no record. */
export function parseInstallationRecord(text: string): InstallationRecord | null {
  const document = parseStrictJson(new TextEncoder().encode(text));
  if (!document.ok) return null;
  const record = readJson(document.value, (reader) => ({
    correlationId: reader.member('correlationId').text(),
    ecuSerial: reader.member('ecuSerial').text(),
    success: reader.member('success').boolean(),
    code: reader.member('code').text(),
    description: reader.member('description').text(mostCharacters),
    rawReport: reader.member('rawReport').text(mostCharacters),
  }));
  return record.ok ? record.value : null;
}

/** What the servers of this family call our codes (aktualizr.md 3.2); ours stands in description and raw report. */
const resultCodesOfServers: Partial<Record<string, ResultCode>> = {
  OK: 'OK',
  ATTEMPT_DEADLINE: 'DOWNLOAD_FAILED',
  LOOP_DETECTED: 'INTERNAL_ERROR',
};

/** `installation_report` of the manifest. */
export function reportOf(record: InstallationRecord, hardwareId: string): JsonValue {
  const ecu = {
    ecuSerial: record.ecuSerial,
    hardwareId,
    code: resultCodesOfServers[record.code] ?? 'INSTALL_FAILED',
    description: record.success ? record.description : `${record.code}: ${record.description}`,
  };
  return installationReport({
    correlationId: record.correlationId,
    device: deviceResult([ecu]),
    ecus: [ecu],
    rawReport: record.rawReport,
  });
}
