import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { validateStatusDocument } from '../../../src/adapters/schema/validators.js';
import { buildStatus } from '../../../src/domain/status/build-status.js';
import type { StatusInputs } from '../../../src/domain/status/status-inputs.js';
import { renderStatus } from '../../../src/domain/status/render-status.js';
import { atRest, attempt, next, running } from '../../support/status-inputs.js';

const origin = { commit: '1'.repeat(64), bootId: 'b' };

/** One fixture a situation; the texts beside this file are what people see. UPDATE_GOLDEN=1 writes them anew. */
const situations: Readonly<Record<string, StatusInputs>> = {
  'at-rest': { ...atRest, rollback: { name: 'image-0', checksum: '0'.repeat(64) } },
  pulling: {
    ...atRest,
    record: { state: 'downloading', attempt },
    progress: { phase: 'pulling', objectsFetched: 1200, objectsRequested: 3000, bytes: 41_999_999 },
    pending: null,
  },
  'downloading-a-file': {
    ...atRest,
    record: { state: 'downloading', attempt },
    progress: { phase: 'downloading', bytes: 41_999_999, totalBytes: 100_000_000 },
  },
  'waiting-for-reboot': {
    ...atRest,
    record: { state: 'awaitingReboot', attempt, origin },
    pending: next,
    rollback: running,
  },
  'held-by-a-lock': {
    ...atRest,
    record: { state: 'ready', attempt },
    obstacle: '/run/lock/aktualizr-lock is held by process 815 (backup)',
  },
  'rolled-back': {
    ...atRest,
    holds: [
      {
        targetName: 'image-2',
        sha256: '2'.repeat(64),
        correlationId: 'urn:42',
        reason: 'rolled back: image-1 booted instead',
      },
    ],
    lastError: {
      time: '2025-06-01T11:57:00Z',
      code: 'ROLLED_BACK',
      message: 'image-1 booted, not image-2.',
      hint: 'The target stays on hold until the director assigns another one.',
    },
    queue: { installationReports: 1, events: 4, deviceData: 0 },
  },
  'server-gone': {
    ...atRest,
    record: { state: 'retrying', attempt: { ...attempt, failures: 3 } },
    lastPoll: {
      time: '2025-06-01T11:59:30Z',
      code: 'NETWORK_UNREACHABLE',
      text: 'gateway.example:443 refused the connection',
    },
    lastSuccessfulContact: '2025-05-28T07:00:00Z',
    backoffUntil: '2025-06-01T12:09:00Z',
    lastError: {
      time: '2025-06-01T11:59:30Z',
      code: 'NETWORK_UNREACHABLE',
      message: 'gateway.example:443 refused the connection',
      hint: 'Check the network, the name and the port; the agent tries again by itself.',
    },
  },
  unprovisioned: {
    ...atRest,
    device: {
      id: null,
      ecuSerial: null,
      hardwareId: 'raspberrypi4-64',
      provisioned: false,
      reason: 'CREDENTIALS_MISSING: no archive at /var/sota/credentials.zip',
    },
    running: null,
    lastPoll: null,
    nextPoll: null,
    lastSuccessfulContact: null,
  },
  degraded: {
    ...atRest,
    configurationDegraded: true,
    configurationProblems: [
      {
        severity: 'mistake',
        safety: true,
        source: '/etc/sota/conf.d/20-sota.toml',
        line: 3,
        section: 'pacman',
        key: 'type',
        reason: 'pacman.type must be one of ostree, none, not "debian"',
        suggestion: null,
      },
    ],
  },
  'hostile-texts': {
    ...atRest,
    running: { name: '\u001b[2J\u001b]0;owned\u0007image', checksum: null },
    lastPoll: { time: '2025-06-01T11:58:00Z', code: null, text: 'line one\r\u001b[1Aline two\u202egnp.exe' },
  },
};

describe.each(Object.entries(situations))('%s', (name, inputs) => {
  const document = buildStatus(inputs);

  test('reads as the golden text', () => {
    const text = renderStatus(document, { now: inputs.now, width: 80, color: false });
    const file = join(__dirname, `${name}.txt`);
    if (process.env['UPDATE_GOLDEN'] === '1') {
      writeFileSync(file, text);
    }
    expect(existsSync(file)).toBe(true);
    expect(text).toBe(readFileSync(file, 'utf8'));

    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test('has the shape of its schema, also after a way through JSON', () => {
    expect(validateStatusDocument(JSON.parse(JSON.stringify(document)))).toEqual({ ok: true, value: document });
  });
});

test('colour only adds colour', () => {
  const document = buildStatus(situations['server-gone']!);
  const plain = renderStatus(document, { now: atRest.now, width: 80, color: false });
  const coloured = renderStatus(document, { now: atRest.now, width: 80, color: true });
  expect(coloured).not.toBe(plain);

  expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(plain);
});
