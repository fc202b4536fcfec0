import { RunningDevice, untouched, updated } from '../../support/laboratory/running-device.js';
import { copiedPrograms } from '../../support/programs-folder.js';

const program = copiedPrograms();
let board: RunningDevice;

beforeAll(async () => {
  board = await RunningDevice.start({ program });
});
afterAll(async () => board.close());

/** The director's targets come first in every poll; what is wrong there is met before anything else. */
const directorTargets = { method: 'GET', path: '^/director/targets\\.json$' };

interface Case {
  readonly name: string;
  readonly fault: Readonly<Record<string, unknown>>;
  readonly code: string;
}

/** What the server must learn of, since somebody may be at work there. */
const attacks: ReadonlySet<string> = new Set([
  'METADATA_EXPIRED',
  'METADATA_SIGNATURE',
  'METADATA_ROOT_CHAIN',
  'REPOSITORIES_DISAGREE',
  'TARGET_UNKNOWN',
]);

const alteration = (action: Readonly<Record<string, unknown>>) => ({ action });

const refusals: readonly Case[] = [
  {
    name: 'expired targets of the director',
    fault: alteration({ kind: 'expired', repository: 'director', role: 'targets' }),
    code: 'METADATA_EXPIRED',
  },
  {
    name: 'an expired timestamp of the image repository',
    fault: alteration({ kind: 'expired', repository: 'image', role: 'timestamp' }),
    code: 'METADATA_EXPIRED',
  },
  {
    name: 'a wrong signature of the director',
    fault: alteration({ kind: 'badSignature', repository: 'director', role: 'targets' }),
    code: 'METADATA_SIGNATURE',
  },
  {
    name: 'a wrong signature of the image repository',
    fault: alteration({ kind: 'badSignature', repository: 'image', role: 'targets' }),
    code: 'METADATA_SIGNATURE',
  },
  {
    name: 'an expired root of the director',
    fault: alteration({ kind: 'expired', repository: 'director', role: 'root' }),
    code: 'METADATA_EXPIRED',
  },
  {
    name: 'a wrong signature of the next root of the image repository',
    fault: alteration({ kind: 'badSignature', repository: 'image', role: 'root' }),
    code: 'METADATA_ROOT_CHAIN',
  },
  {
    name: 'director and image repository that disagree',
    fault: alteration({ kind: 'disagree', field: 'hash' }),
    code: 'REPOSITORIES_DISAGREE',
  },
  {
    name: 'a target that the image repository does not know',
    fault: alteration({ kind: 'unknownTarget' }),
    code: 'TARGET_UNKNOWN',
  },
  {
    name: 'a server certificate of a foreign authority',
    fault: { action: { kind: 'foreignCertificate' } },
    code: 'TLS_SERVER_REFUSED',
  },
  {
    name: 'a client certificate that the server refuses',
    fault: { action: { kind: 'clientRefused' } },
    code: 'TLS_CLIENT_REFUSED',
  },
];

/** Answers of something that is no update server. */
const badInput: readonly Case[] = [
  {
    name: 'a page of a captive portal',
    fault: { match: directorTargets, action: { kind: 'notJson' } },
    code: 'HTTP_BAD_REPLY',
  },
  {
    name: 'an error page in HTML',
    fault: { match: directorTargets, action: { kind: 'html', status: 502 } },
    code: 'HTTP_STATUS',
  },
  {
    name: 'metadata without end',
    fault: { match: directorTargets, action: { kind: 'endless' } },
    code: 'HTTP_RESPONSE_TOO_LARGE',
  },
  {
    name: 'a redirection',
    fault: { match: directorTargets, action: { kind: 'redirect', location: 'https://127.0.0.1:1/targets.json' } },
    code: 'HTTP_STATUS',
  },
];

describe('metadata and connections that are refused', () => {
  test.each(refusals)('$name: $code, nothing lost, and the update comes when it is over', async ({ fault, code }) => {
    const version = await board.publish();
    const assigned = await board.during(fault, async () => {
      const update = await board.assign(version);
      expect(await board.untilError()).toBe(code);
      // A refusal by the image repository comes after the manifest of its poll, so the next one tells of it.
      if (attacks.has(code)) await board.untilAttack(code);
      return update;
    });
    expect(await board.observe(assigned)).toEqual({
      ...untouched,
      assignment: expect.stringMatching(/^(assigned|inFlight)$/) as string,
    });
    expect(await board.untilUpdated(assigned)).toEqual(updated);
    expect((await board.status()).lastError).toBeNull();
    expect(await board.attacksDetected()).toBe('');
  });
});

describe('bad input costs nothing', () => {
  beforeAll(async () => board.untilStatus('the device is at rest', ({ state }) => state === 'idle'));

  test.each(badInput)('$name: $code, and the daemon lives', async ({ fault, code }) => {
    const pid = board.device.pid;
    await board.during(fault, async () => expect(await board.untilError()).toBe(code));
    const status = await board.untilStatus('the next poll is fine', ({ lastPoll }) => lastPoll?.outcome === 'ok');
    expect(status).toMatchObject({ state: 'idle', lastError: null });
    expect(board.device.pid).toBe(pid);
  });
});
