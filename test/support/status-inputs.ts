import type { StatusInputs } from '../../src/domain/status/status-inputs.js';

export const running = { name: 'image-1', checksum: '1'.repeat(64) };
export const next = { name: 'image-2', checksum: '2'.repeat(64) };

export const attempt = {
  target: { name: 'image-2', sha256: '2'.repeat(64), sha512: null, lengthBytes: 0, format: 'OSTREE', uri: null },
  correlationId: 'urn:here-ota:campaign:42',
  ecuSerial: 'ECU-1',
  startedMilliseconds: 0,
  writesWithoutProgress: 1,
  failures: 0,
  lastError: null,
} as const;

/** A device at rest, all well. */
export const atRest: StatusInputs = {
  now: '2025-06-01T12:00:00Z',
  sotadVersion: '1.2.3',
  bootId: '11111111-2222-4333-8444-555555555555',
  device: { id: 'device-7', ecuSerial: 'ECU-1', hardwareId: 'raspberrypi4-64', provisioned: true, reason: null },
  running,
  pending: null,
  rollback: null,
  record: { state: 'idle' },
  progress: null,
  obstacle: null,
  rebootsItself: false,
  lastPoll: { time: '2025-06-01T11:58:00Z', code: null, text: 'nothing new' },
  nextPoll: '2025-06-01T12:03:10Z',
  backoffUntil: null,
  lastSuccessfulContact: '2025-06-01T11:58:00Z',
  lastError: null,
  holds: [],
  queue: { installationReports: 0, events: 0, deviceData: 0 },
  configurationProblems: [],
  configurationDegraded: false,
};
