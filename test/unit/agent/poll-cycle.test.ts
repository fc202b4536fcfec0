import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStateStore } from '../../../src/adapters/sqlite/state-store.js';
import { printInstallationRecord } from '../../../src/agent/installation-record.js';
import { InstalledVersions } from '../../../src/agent/installed-versions.js';
import { PollCycle, type PollCycleParts } from '../../../src/agent/poll-cycle.js';
import { Reporter } from '../../../src/agent/reporter.js';
import type { UpdateEvent } from '../../../src/domain/update/events.js';
import { idleRecord } from '../../../src/domain/update/record.js';
import type { Assignment } from '../../../src/domain/uptane/assignment.js';
import type { HttpRequest } from '../../../src/ports/http.js';
import type { StateStore } from '../../../src/ports/journal.js';
import { KeepingLogger } from '../../support/keeping-logger.js';

const sha256 = 'a'.repeat(64);
const image = { name: 'version-2', sha256, length: 0 };
const device = { ecuSerial: 'ecu', hardwareId: 'board' };
const assignment: Assignment = {
  correlationId: 'urn:1',
  version: 3,
  targets: [
    {
      name: image.name,
      length: 0,
      hashes: { sha256 },
      ecus: [{ serial: device.ecuSerial, hardwareId: device.hardwareId }],
      uri: null,
      format: 'OSTREE',
      customText: null,
    },
  ],
};

let folder: string;
let state: StateStore;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sota-'));
  state = openStateStore({ path: join(folder, 'state-1.db') });
});
afterEach(() => {
  state.close();
  rmSync(folder, { recursive: true });
});

/** What the runner makes durable at the end of an installation. */
function endInstallation(installed: InstalledVersions): void {
  state.transaction(() => {
    installed.remember(image);
    const result = { success: true, code: 'OK', description: 'done', rawReport: '' };
    const names = { correlationId: assignment.correlationId ?? '', ecuSerial: device.ecuSerial };
    state.reports.add('installation', printInstallationRecord({ ...names, ...result }));
  });
}

/** One poll of a device that booted version 2, whose confirmation ends in the middle of the poll. */
async function pollDuringConfirmation(): Promise<{ manifests: string[]; events: UpdateEvent[] }> {
  const manifests: string[] = [];
  const events: UpdateEvent[] = [];
  const installed = new InstalledVersions(state);
  const clock = { wallMilliseconds: () => 1_700_000_000_000 };
  const logger = new KeepingLogger();
  let isEnded = false;
  const privileged = {
    // Asked between the director's answer and the manifest.
    treeFacts: () => {
      if (!isEnded) endInstallation(installed);
      isEnded = true;
      return Promise.resolve({ booted: { commit: sha256 } });
    },
    nextReportCounter: () => Promise.resolve(1),
    trustedState: () => Promise.resolve({ holds: [], lastConfirmedCommit: sha256 }),
  };
  const http = {
    request: ({ body = '' }: HttpRequest) => {
      manifests.push(body);
      return Promise.resolve({ status: 200, body: Buffer.alloc(0), headers: new Map() });
    },
  };
  const key = { keyId: 'k', method: 'ed25519', sign: () => Promise.resolve('') };
  const parts = {
    packageManager: 'ostree',
    provisioning: { provision: () => Promise.resolve({ ...device, key, http }) },
    session: {
      director: () => Promise.resolve(assignment),
      image: () => Promise.resolve({ targets: new Map() }),
    },
    reporter: new Reporter({ state, privileged, directorUrl: 'https://d', clock, logger } as never),
    eventSender: { flush: () => Promise.resolve() },
    deviceData: { send: () => Promise.resolve() },
    runner: { record: idleRecord, dispatch: (event: UpdateEvent) => events.push(event) },
    privileged,
    installed,
    images: {},
    time: { requirePlausibleClock: () => undefined, best: () => 1_700_000_000_000 },
    clock,
    logger,
    isRetryDue: () => true,
    isDegraded: false,
  };
  await new PollCycle(parts as unknown as PollCycleParts).run();
  return { manifests, events };
}

describe('an installation that ends in the middle of a poll', () => {
  test('is reported beside the name of the version: else the server cancels every assignment', async () => {
    const { manifests } = await pollDuringConfirmation();
    expect(manifests).toHaveLength(1);
    expect(manifests[0]).toContain('"installation_report"');
    expect(manifests[0]).toContain(`"filepath":"${image.name}"`);
  });

  test('is not taken for a new assignment, which would be reported a second time', async () => {
    const { events } = await pollDuringConfirmation();
    expect(events).toEqual([{ name: 'AssignmentSeen', assignment: null, isRunning: false, nowMilliseconds: 1.7e12 }]);
  });
});
