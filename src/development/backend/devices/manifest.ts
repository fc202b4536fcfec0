// For development only: never part of what runs on a device.
import { canonicalOtaBytes } from '../../../domain/json/canonical-ota.js';
import type { JsonReader } from '../../../domain/json/json-reader.js';
import type { JsonValue } from '../../../domain/json/json-value.js';
import { readJson } from '../../../domain/json/json-reader.js';
import { BackendError } from '../backend-error.js';
import { isSignatureValid, type PublicKeyDocument, type SignatureDocument } from '../metadata/keys.js';
import type { DeviceRecord, InstalledImage } from './device-record.js';
import { readBody } from './request-json.js';

/** A manifest whose signatures were checked. */
export interface VerifiedManifest {
  readonly installed: ReadonlyMap<string, InstalledImage>;
  readonly report: InstallationReport;
}

/** What the manifest says about an installation. */
export type InstallationReport =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'success' | 'failure';
      readonly correlationId: string | null;
      readonly code: string;
      readonly text: string;
    }
  | { readonly kind: 'malformed'; readonly reason: string };

interface Signed {
  readonly signatures: readonly SignatureDocument[];
  readonly signed: JsonReader;
}

/**
 * The director's checks of a manifest, in its order (backend.md 1.7): form, a signature of the registered primary,
 * each ECU's own signature, the primary's serial. Key ids don't count.
 */
export function verifyManifest(document: JsonValue, device: DeviceRecord): VerifiedManifest {
  return readBody(document, (reader) => {
    const primary = device.ecus.find((ecu) => ecu.serial === device.primarySerial);
    if (primary === undefined) {
      throw new BackendError(404, 'device_missing_primary_ecu', 'this device has not registered its ECUs');
    }
    const manifest = readSigned(reader);
    requireSignature(manifest, primary.key, 'the manifest');
    const installed = new Map<string, InstalledImage>();
    const oldResults: OperationResult[] = [];
    for (const [serial, entry] of manifest.signed.member('ecu_version_manifests').members(100)) {
      const ecu = device.ecus.find((known) => known.serial === serial);
      if (ecu === undefined) {
        throw new BackendError(400, 'signature_not_valid', `the ECU ${serial} is not registered`);
      }
      const signedEntry = readSigned(entry);
      requireSignature(signedEntry, ecu.key, `the entry of the ECU ${serial}`);
      installed.set(serial, readEcuManifest(signedEntry.signed, serial));
      oldResults.push(...readOperationResult(signedEntry.signed));
    }
    const primarySerial = manifest.signed.member('primary_ecu_serial').text(64);
    if (primarySerial !== primary.serial) {
      throw new BackendError(400, 'ecu_not_primary', `the ECU ${primarySerial} is not the primary of this device`);
    }
    return { installed, report: readReport(manifest.signed, oldResults) };
  });
}

function readSigned(reader: JsonReader): Signed {
  const signatures = reader
    .member('signatures')
    .elements(20)
    .map((one) => ({
      keyid: one.member('keyid').text(200),
      method: one.member('method').text(40),
      sig: one.member('sig').text(),
    }));
  return { signatures, signed: reader.member('signed') };
}

function requireSignature(document: Signed, key: PublicKeyDocument, what: string): void {
  const message = Buffer.from(canonicalOtaBytes(document.signed.value));
  if (!document.signatures.some((one) => isSignatureValid(key, message, one))) {
    throw new BackendError(400, 'signature_not_valid', `no signature of ${what} is right`);
  }
}

function readEcuManifest(signed: JsonReader, serial: string): InstalledImage {
  if (signed.member('ecu_serial').text(64) !== serial) {
    signed.member('ecu_serial').refuse(`must be ${JSON.stringify(serial)}`);
  }
  signed.member('attacks_detected').text(100_000);
  const image = signed.member('installed_image');
  const info = image.member('fileinfo');
  return {
    filepath: image.member('filepath').text(),
    sha256: info.member('hashes').member('sha256').text(64),
    length: info.member('length').integer(0, Number.MAX_SAFE_INTEGER),
  };
}

interface OperationResult {
  readonly code: number;
  readonly text: string;
}

/** The result in manifests of 2018, which had no installation report: 0 and 1 are success. */
function readOperationResult(signed: JsonReader): OperationResult[] {
  const result = signed.optional('custom')?.optional('operation_result');
  return result === null || result === undefined
    ? []
    : [
        {
          code: result.member('result_code').integer(0, 1_000),
          text: result.optional('result_text')?.text(100_000) ?? '',
        },
      ];
}

const uuidForm = '[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}';
const correlationForm = new RegExp(
  `^urn:(?:here-ota:(?:mtu|auto-update|campaign):${uuidForm}` +
    `|tdx-ota:(?:update|target-spec|offline-install):${uuidForm}|tdx-ota:lockbox:[^:]+:[0-9]+:[0-9a-f]{12})$`,
);

function readReport(signed: JsonReader, oldResults: readonly OperationResult[]): InstallationReport {
  const report = signed.optional('installation_report');
  if (report === null) {
    const failed = oldResults.find((result) => result.code > 1);
    if (failed !== undefined) {
      return { kind: 'failure', correlationId: null, code: String(failed.code), text: failed.text };
    }
    return { kind: 'none' };
  }
  // A report that can't be read closes assignments, so it is no refusal of the manifest.
  const result = readJson(report.value, (reader): InstallationReport => {
    const contentType = reader.member('content_type').text();
    if (contentType !== 'application/vnd.com.here.otac.installationReport.v1') {
      reader.member('content_type').refuse(`is ${JSON.stringify(contentType)}`);
    }
    const body = reader.member('report');
    const correlationId = body.member('correlation_id').text();
    if (!correlationForm.test(correlationId)) {
      body.member('correlation_id').refuse(`has no known form: ${JSON.stringify(correlationId)}`);
    }
    const outcome = readResult(body.member('result'));
    body
      .member('items')
      .elements(100)
      .forEach((item) => {
        item.member('ecu').text(64);
        readResult(item.member('result'));
      });
    body.optional('raw_report')?.text(200_000);
    return { kind: outcome.success ? 'success' : 'failure', correlationId, code: outcome.code, text: outcome.text };
  });
  return result.ok ? result.value : { kind: 'malformed', reason: result.error };
}

function readResult(reader: JsonReader): { success: boolean; code: string; text: string } {
  const success = reader.member('success').value;
  if (typeof success !== 'boolean') {
    reader.member('success').refuse('is not true or false');
  }
  return {
    success: success === true,
    code: reader.member('code').text(),
    text: reader.member('description').text(100_000),
  };
}
