import { generateKeyPair } from '../../../src/adapters/crypto/software-signing-key.js';
import { NodeCryptography } from '../../../src/adapters/crypto/node-cryptography.js';
import {
  deviceResult,
  installationReport,
  type EcuInstallationResult,
} from '../../../src/domain/uptane/installation-report.js';
import {
  assemble,
  canonicalText,
  deviceManifest,
  ecuVersionManifest,
  unknownImage,
} from '../../../src/domain/uptane/manifest.js';
import { reportEvent, type ReportEvent } from '../../../src/domain/uptane/report-event.js';
import { fromPlainValue } from '../../../src/domain/json/plain-value.js';

const sha256 = '86'.repeat(32);
const ecu = (changes: Partial<EcuInstallationResult> = {}): EcuInstallationResult => ({
  ecuSerial: 'P1',
  hardwareId: 'board',
  code: 'OK',
  description: '',
  ...changes,
});

describe('the manifest', () => {
  test('is printable ASCII, whatever its texts hold: ota-tuf prints other characters unescaped before it verifies', () => {
    const text = 'lösung\u00a0\u007f😀\u0001\n\t"\\';
    const shown = 'l\\u00f6sung\\u00a0\\u007f\\ud83d\\ude00\\u0001\n\t"\\';
    const ecuManifest = ecuVersionManifest({
      ecuSerial: 'P1',
      installedImage: unknownImage,
      attacksDetected: text,
      reportCounter: 1,
    });
    expect(JSON.parse(canonicalText(ecuManifest))).toMatchObject({ attacks_detected: shown });
    const report = installationReport({
      correlationId: 'c',
      device: { success: false, code: 'x', description: text },
      ecus: [ecu({ description: text })],
      rawReport: text,
    });
    const printed = JSON.parse(canonicalText(report)) as { report: Record<string, unknown> };
    expect(printed.report).toMatchObject({
      items: [{ result: { description: shown } }],
      raw_report: shown,
      result: { description: shown },
    });
    expect(canonicalText(report)).toMatch(/^[ -~]*$/);
  });

  test('has the forms of aktualizr, in canonical order', () => {
    const primary = ecuVersionManifest({
      ecuSerial: 'P1',
      installedImage: { name: 'master-86', sha256, length: 0 },
      attacksDetected: '',
      reportCounter: 12,
    });
    expect(canonicalText(primary)).toBe(
      `{"attacks_detected":"","ecu_serial":"P1","installed_image":{"fileinfo":{"hashes":{"sha256":"${sha256}"},"length":0},` +
        '"filepath":"master-86"},"previous_timeserver_time":"1970-01-01T00:00:00Z","report_counter":"12",' +
        '"timeserver_time":"1970-01-01T00:00:00Z"}',
    );
    const signedPrimary = assemble(primary, [{ keyId: 'aa', method: 'ed25519', signature: 'c2ln' }]);
    const device = deviceManifest({
      primarySerial: 'P1',
      ecuManifests: new Map([['P1', signedPrimary]]),
      installationReport: null,
    });
    expect(canonicalText(device)).toBe(
      `{"ecu_version_manifests":{"P1":{"signatures":[{"keyid":"aa","method":"ed25519","sig":"c2ln"}],"signed":${canonicalText(primary)}}},` +
        '"primary_ecu_serial":"P1"}',
    );
  });

  test('of a secondary has no counter, an unknown image has its name', () => {
    const text = canonicalText(
      ecuVersionManifest({ ecuSerial: 'S1', installedImage: unknownImage, attacksDetected: 'x', reportCounter: null }),
    );
    expect(text).not.toContain('report_counter');
    expect(text).toContain('"filepath":"unknown"');
    expect(unknownImage.sha256).toBe(new NodeCryptography().digest('sha256', new Uint8Array()));
  });

  test('carries the installation report', () => {
    const report = installationReport({
      correlationId: 'urn:here-ota:campaign:1',
      device: deviceResult([ecu()]),
      ecus: [ecu()],
      rawReport: 'Installation succesful',
    });
    const manifest = deviceManifest({
      primarySerial: 'P1',
      ecuManifests: new Map(),
      installationReport: report,
      custom: new Map([['a', true]]),
    });
    expect(JSON.parse(canonicalText(manifest))).toEqual({
      custom: { a: true },
      primary_ecu_serial: 'P1',
      ecu_version_manifests: {},
      installation_report: {
        content_type: 'application/vnd.com.here.otac.installationReport.v1',
        report: {
          result: { success: true, code: 'OK', description: 'Device has been successfully installed' },
          raw_report: 'Installation succesful',
          correlation_id: 'urn:here-ota:campaign:1',
          items: [{ ecu: 'P1', result: { success: true, code: 'OK', description: '' } }],
        },
      },
    });
  });

  test('signed by a real key verifies', async () => {
    const { signingKey } = await generateKeyPair('ED25519');
    const signed = deviceManifest({ primarySerial: 'P1', ecuManifests: new Map(), installationReport: null });
    const signature = await signingKey.sign(canonicalText(signed));
    const message = Buffer.from(canonicalText(signed));
    expect(new NodeCryptography().verify(signingKey, message, Buffer.from(signature, 'base64'))).toBe(true);
  });
});

describe('the result of the device', () => {
  test.each<[string, EcuInstallationResult[], string, boolean]>([
    ['all well', [ecu(), ecu({ code: 'ALREADY_PROCESSED' })], 'OK', true],
    [
      'one waits for a reboot',
      [ecu({ code: 'INSTALL_FAILED' }), ecu({ code: 'NEED_COMPLETION' })],
      'NEED_COMPLETION',
      false,
    ],
    [
      'two failures',
      [ecu({ code: 'INSTALL_FAILED' }), ecu(), ecu({ hardwareId: 'radio', code: 'DOWNLOAD_FAILED' })],
      'board:INSTALL_FAILED|radio:DOWNLOAD_FAILED',
      false,
    ],
  ])('%s', (_name, results, code, success) => {
    expect(deviceResult(results)).toMatchObject({ code, success });
  });
});

describe('events', () => {
  const origin = { id: '0f0c0f0a-0000-4000-8000-000000000000', timeMilliseconds: Date.parse('2018-10-25T12:35:42.9Z') };

  test.each<[ReportEvent, object]>([
    [
      { ...origin, type: 'EcuDownloadStarted', ecu: 'P1', correlationId: 'c' },
      { correlationId: 'c', ecu: 'P1' },
    ],
    [
      { ...origin, type: 'EcuInstallationCompleted', ecu: 'P1', correlationId: '', success: false },
      { ecu: 'P1', success: false },
    ],
    [{ ...origin, type: 'DevicePaused', correlationId: null }, {}],
    [{ ...origin, type: 'campaign_accepted', campaignId: 'k' }, { campaignId: 'k' }],
  ])('%j', (event, body) => {
    expect(JSON.parse(canonicalText(reportEvent(event)))).toEqual({
      id: origin.id,
      deviceTime: '2018-10-25T12:35:42Z',
      eventType: { id: event.type, version: 0 },
      event: body,
    });
  });

  test('go as an array', () => {
    const event = reportEvent({ ...origin, type: 'DeviceResumed', correlationId: 'c' });
    expect(canonicalText(fromPlainValue([event]))).toMatch(/^\[\{"deviceTime"/);
  });
});
