import { buildStatus } from '../../../src/domain/status/build-status.js';
import type { StatusInputs } from '../../../src/domain/status/status-inputs.js';
import { relativeText, secondsBetween } from '../../../src/domain/status/moment.js';
import { terminalText, wrapText } from '../../../src/domain/status/terminal-text.js';
import { atRest, attempt } from '../../support/status-inputs.js';

const why = (changes: Partial<StatusInputs>) => buildStatus({ ...atRest, ...changes }).why;
const origin = { commit: null, bootId: 'b' };

describe('why nothing happens', () => {
  test('nothing to say when all is well or at work', () => {
    expect(why({})).toEqual([]);
    expect(why({ record: { state: 'downloading', attempt } })).toEqual([]);
  });

  test('waiting for a reboot, with and without somebody', () => {
    const record = { state: 'awaitingReboot', attempt, origin } as const;
    expect(why({ record })).toEqual(['waiting for reboot: somebody must reboot this device']);
    expect(why({ record, rebootsItself: true })).toEqual(['waiting for reboot']);
  });

  test('a lock counts only where the agent would go on', () => {
    expect(why({ obstacle: 'lock' })).toEqual([]);
    expect(why({ obstacle: 'lock', record: { state: 'ready', attempt } })).toEqual(['held: lock']);
  });

  test('the order: what blocks everything comes first', () => {
    const reasons = why({
      configurationDegraded: true,
      device: { ...atRest.device, provisioned: false, reason: 'no archive' },
      backoffUntil: '2025-06-01T13:00:00Z',
      holds: [{ targetName: 't', sha256: 'a', correlationId: null, reason: 'rolled back' }],
    });
    expect(reasons.map((reason) => reason.split(':')[0])).toEqual([
      'degraded configuration',
      'unprovisioned',
      'backoff until 2025-06-01T13',
      'on hold',
    ]);
  });

  test('a failed poll names the last contact', () => {
    const lastPoll = { time: atRest.now, code: 'NETWORK_TIMEOUT', text: 'x' };
    expect(why({ lastPoll })[0]).toContain('the server answered last at 2025-06-01T11:58:00Z');
    expect(why({ lastPoll, lastSuccessfulContact: null })[0]).toContain('the server answered never yet');
  });
});

describe('progress', () => {
  test.each([
    [{ phase: 'p', bytes: 50, totalBytes: 200 }, 25],
    [{ phase: 'p', bytes: 300, totalBytes: 200 }, 100],
    [{ phase: 'p', objectsFetched: 1, objectsRequested: 3 }, 33],
    [{ phase: 'p', bytes: 50 }, null],
    [{ phase: 'p', bytes: 0, totalBytes: 0 }, null],
  ])('%j', (progress, percent) => {
    expect(buildStatus({ ...atRest, progress }).progress?.percent).toBe(percent);
  });
});

test.each([
  ['2024-02-28T23:59:59Z', '2024-03-01T00:00:00Z', 86_401],
  ['1999-12-31T23:59:59Z', '2000-01-01T00:00:01.5Z', 2],
  ['2000-02-29T00:00:00Z', '2100-03-01T00:00:00Z', null],
  ['not a time', '2000-01-01T00:00:00Z', NaN],
])('seconds from %s to %s', (earlier, later, expected) => {
  const computed = secondsBetween(earlier, later);
  if (Number.isNaN(expected)) {
    expect(computed).toBeNull();
  } else {
    expect(computed).toBe(expected ?? (Date.parse(later) - Date.parse(earlier)) / 1000);
  }
});

test.each([
  ['2025-06-01T12:00:00Z', 'just now'],
  ['2025-06-01T11:59:58Z', '2 seconds ago'],
  ['2025-06-01T11:58:59Z', '1 minute ago'],
  ['2025-06-01T08:59:59Z', '3 hours ago'],
  ['2025-05-01T12:00:00Z', '31 days ago'],
  ['2025-06-01T12:05:00Z', 'in 5 minutes'],
])('%s reads as %s', (moment, expected) => {
  expect(relativeText(moment, '2025-06-01T12:00:00Z')).toBe(expected);
});

test('text of the outside world can not move a terminal', () => {
  expect(terminalText('a\u001b[31mb\u202ec\u2028d\ud800')).toBe('a\\u{1b}[31mb\\u{202e}c\\u{2028}d\\u{d800}');
  expect(terminalText('Grün 日本 😀')).toBe('Grün 日本 😀');
});

test('long words are broken, no line is longer than allowed', () => {
  expect(wrapText('ab cdefgh i', 4)).toEqual(['ab', 'cdef', 'gh i']);
});

test('a text without end is cut', () => {
  const document = buildStatus({ ...atRest, lastPoll: { time: atRest.now, code: null, text: 'x'.repeat(10_000) } });
  expect(document.lastPoll?.text).toHaveLength(4096);
});
