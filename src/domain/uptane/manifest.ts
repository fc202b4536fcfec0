/**
 * What the device tells the director (aktualizr.md 3.2, Uptane 5.4.2.1), as data. Signing is the caller's: the text of
 * `canonicalText` goes through a SigningKey, `assemble` puts the parts together.
 */
import { printCanonicalOta } from '../json/canonical-ota.js';
import type { JsonObject, JsonValue } from '../json/json-value.js';
import { fromPlainValue } from '../json/plain-value.js';
import { reportedText } from './reported-text.js';

export interface InstalledImage {
  readonly name: string;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly length: number;
}

/** What is reported of an ECU of which nothing is known. */
export const unknownImage: InstalledImage = {
  name: 'unknown',
  sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  length: 0,
};

export interface EcuReport {
  readonly ecuSerial: string;
  readonly installedImage: InstalledImage;
  /** Empty, or what an attacker seems to have tried. */
  readonly attacksDetected: string;
  /** Grows with each report; only the primary's own has one. */
  readonly reportCounter: number | null;
}

/** No server of the family reads these times; the ancestor writes this constant. */
const noTimeServer = '1970-01-01T00:00:00Z';

/** The part of an ECU version report that the ECU signs (Uptane 5.4.2.1.2). */
export function ecuVersionManifest(report: EcuReport): JsonValue {
  const { name, sha256, length } = report.installedImage;
  return fromPlainValue({
    attacks_detected: reportedText(report.attacksDetected),
    ecu_serial: report.ecuSerial,
    installed_image: { filepath: name, fileinfo: { hashes: { sha256 }, length } },
    previous_timeserver_time: noTimeServer,
    // A text, as in the ancestor.
    report_counter: report.reportCounter === null ? undefined : String(report.reportCounter),
    timeserver_time: noTimeServer,
  });
}

export interface DeviceReport {
  readonly primarySerial: string;
  /** Signed ECU version reports by serial. */
  readonly ecuManifests: ReadonlyMap<string, JsonValue>;
  /** From `installationReport`; null when nothing was installed since the last one. */
  readonly installationReport: JsonValue | null;
  readonly custom?: JsonObject;
}

/** The part of the device's manifest that the primary signs (Uptane 5.4.2.1.1). */
export function deviceManifest(report: DeviceReport): JsonValue {
  return fromPlainValue({
    custom: report.custom,
    ecu_version_manifests: report.ecuManifests,
    installation_report: report.installationReport ?? undefined,
    primary_ecu_serial: report.primarySerial,
  });
}

export interface ManifestSignature {
  readonly keyId: string;
  readonly method: string;
  /** Base64. */
  readonly signature: string;
}

/** The text that is signed, and the form in which bodies are sent. */
export function canonicalText(value: JsonValue): string {
  return printCanonicalOta(value);
}

/** The signed form of a part. */
export function assemble(signed: JsonValue, signatures: readonly ManifestSignature[]): JsonValue {
  return fromPlainValue({
    signatures: signatures.map(({ keyId, method, signature }) => ({ keyid: keyId, method, sig: signature })),
    signed,
  });
}
