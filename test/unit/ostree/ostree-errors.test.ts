import { administrationError, ostreeErrorText, pullError } from '../../../src/adapters/ostree/ostree-errors.js';
import type { ProcessOutcome } from '../../../src/ports/processes.js';

const failed = (standardError: string): ProcessOutcome => ({
  exitCode: 1,
  signal: null,
  endedBy: 'itself',
  standardOutput: '',
  standardError,
});
const killed: ProcessOutcome = { ...failed(''), exitCode: null, signal: 'SIGKILL' };
const checksum = 'c'.repeat(64);

test.each([
  ['Server returned HTTP 404', 'OBJECT_MISSING'],
  ['Server returned HTTP 503', 'HTTP_STATUS'],
  ["While fetching https://h/config: [6] Couldn't resolve host name", 'NETWORK_UNREACHABLE'],
  ["While fetching https://h/config: [7] Couldn't connect to server", 'NETWORK_UNREACHABLE'],
  ['While fetching https://h/x.filez: [18] Transferred a partial file', 'NETWORK_UNREACHABLE'],
  ['While fetching https://h/x.filez: [28] Timeout was reached', 'NETWORK_TIMEOUT'],
  ['While fetching https://h/config: [60] SSL peer certificate or SSH remote key was not OK', 'TLS_SERVER_REFUSED'],
  ['While fetching https://h/config: [58] Problem with the local SSL certificate', 'TLS_CLIENT_REFUSED'],
  [`Corrupted dirtree object; checksum expected='${checksum}' actual='0'`, 'OBJECT_CORRUPT'],
  [`Parsing ${checksum}.file: File header size 4278190106 exceeds size 200099`, 'OBJECT_CORRUPT'],
  ['Writing content object: No such file or directory', 'OBJECT_CORRUPT'],
  ['Writing content object: Input/output error', 'PULL_FAILED'],
  ['Writing content object: write: No space left on device', 'DISK_FULL'],
  ["Writing content object: min-free-space-percent '3%' would be exceeded, at least 1 kB requested", 'DISK_FULL'],
  ['Writing content object: Read-only file system', 'SYSROOT_UNAVAILABLE'],
  ['Locking repo shared failed: Resource temporarily unavailable', 'UPDATE_LOCKED'],
  ['something new', 'PULL_FAILED'],
])('pull: %s', (text, code) => {
  const error = pullError(checksum, failed(`OT: starting fetch\nerror: ${text}\n`), 60, ['in.flight']);
  expect(error.code).toBe(code);
  expect(error.message).toContain(text);
  expect(error.message.includes('in.flight')).toBe(code === 'OBJECT_MISSING');
});

test.each([
  ['stall', 'PULL_STALLED'],
  ['abort', 'ABORTED'],
  ['timeout', 'PULL_FAILED'],
  ['itself', 'PULL_FAILED'],
] as const)('a pull that was ended by %s', (endedBy, code) => {
  expect(pullError(checksum, { ...killed, endedBy }, 60, []).code).toBe(code);
});

test.each([
  [`Checking out deployment tree: No such metadata object ${checksum}.commit`, 'OBJECT_MISSING'],
  [
    'Bootloader write config: openat(boot/loader/uEnv.txt): No such file or directory',
    'BOOT_CONFIGURATION_UNAVAILABLE',
  ],
  ['Installing kernel: No space left on device', 'DISK_FULL'],
  ['Installing kernel: No PRETTY_NAME or ID in /etc/os-release', 'DEPLOY_FAILED'],
  ['Checking out deployment tree: fork: Cannot allocate memory', 'PROCESS_FAILED'],
  ['Checking out deployment tree: openat: Too many open files in system', 'PROCESS_FAILED'],
  ['Checking out deployment tree: Failed to fork (Resource temporarily unavailable)', 'PROCESS_FAILED'],
  ['Generating deployment refs: Locking repo shared failed: Resource temporarily unavailable', 'UPDATE_LOCKED'],
])('deploy: %s', (text, code) => {
  const error = administrationError('deploy', { outcome: failed(`error: ${text}\n`), gaveUpOnLock: false });
  expect(error).toMatchObject({ code, message: `deploy: ${text}` });
});

test('a killed or ended deploy says nothing against the target', () => {
  expect(administrationError('deploy', { outcome: killed, gaveUpOnLock: false }).kind).toBe('transient');
  const ended: ProcessOutcome = { ...killed, endedBy: 'timeout' };
  expect(administrationError('deploy', { outcome: ended, gaveUpOnLock: false }).code).toBe('PROCESS_FAILED');
  expect(administrationError('deploy', { outcome: ended, gaveUpOnLock: true }).code).toBe('UPDATE_LOCKED');
});

test('without an error line the last line tells', () => {
  expect(ostreeErrorText(failed('one\ntwo\nOT: debug\n'))).toBe('two');
  expect(ostreeErrorText({ ...failed(''), standardOutput: 'out\n' })).toBe('out');
});
