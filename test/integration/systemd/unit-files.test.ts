import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const systemUnits = '/usr/lib/systemd/system';
let root: string;

/** A tree with the system's own units, since the verifier follows the dependencies. */
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sotad-units-'));
  for (const folder of ['usr/lib/systemd', 'usr/bin', 'etc', 'var']) mkdirSync(join(root, folder), { recursive: true });
  cpSync(systemUnits, join(root, systemUnits), { recursive: true, verbatimSymlinks: true });
  writeFileSync(join(root, 'usr/bin/sotad'), '#!/bin/sh\n', { mode: 0o755 });
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function verify(unit: string): { readonly status: number | null; readonly said: string } {
  writeFileSync(join(root, systemUnits, 'sotad.service'), unit);
  const outcome = spawnSync(
    'systemd-analyze',
    ['verify', '--man=no', '--recursive-errors=one', `--root=${root}`, 'sotad.service'],
    { encoding: 'utf8' },
  );
  return { status: outcome.status, said: outcome.stderr + outcome.stdout };
}

const unit = readFileSync('systemd/sotad.service', 'utf8');

test('systemd finds nothing wrong with the unit', () => {
  expect(existsSync(systemUnits)).toBe(true);
  expect(verify(unit)).toEqual({ status: 0, said: '' });
});

test('and it would find a mistake', () => {
  expect(verify(unit.replace('WatchdogSec=120', 'WatchdogSeconds=120')).said).toContain('WatchdogSeconds');
  expect(verify(unit.replace('/usr/bin/sotad', '/usr/bin/other')).said).toContain('/usr/bin/other');
  expect(verify(unit.replace('Type=notify', 'Type=notified')).said).toContain('notified');
});

test('the daemon is restarted, watched, and notified by its children', () => {
  for (const line of [
    'Type=notify',
    'NotifyAccess=all',
    'Restart=always',
    'RestartSec=10',
    'RuntimeDirectoryMode=0750',
    'LimitCORE=0',
  ]) {
    expect(unit.split('\n')).toContain(line);
  }
});

test('sysusers makes the group, tmpfiles the storage folder 0700', () => {
  if (process.getuid?.() !== 0) return; // Both need root.
  for (const [command, ...options] of [
    ['systemd-sysusers', `--root=${root}`, resolve('systemd/sotad.sysusers.conf')],
    ['systemd-tmpfiles', `--root=${root}`, '--create', resolve('systemd/sotad.tmpfiles.conf')],
  ] as const) {
    expect(spawnSync(command, options).status).toBe(0);
  }
  expect(readFileSync(join(root, 'etc/group'), 'utf8')).toMatch(/^sota:x:\d+:$/m);
  expect(statSync(join(root, 'var/sota')).mode & 0o7777).toBe(0o700);
});
