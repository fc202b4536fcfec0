import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeProcesses } from '../../../src/adapters/exec/node-processes.js';
import { CommandPower, type CommandPowerOptions } from '../../../src/adapters/power/command-power.js';
import { bundleProgram } from '../../support/bundled-program.js';
import { KeepingLogger } from '../../support/keeping-logger.js';

let folder: string;
let lockFile: string;
let children: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sotad-power-'));
  lockFile = join(folder, 'update.lock');
  children = [];
});

afterEach(() => {
  for (const child of children)
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function makePower(changes: Partial<CommandPowerOptions> = {}): CommandPower {
  return new CommandPower({
    rebootCommand: '/bin/true',
    updateLockFile: lockFile,
    processes: new NodeProcesses(),
    logger: new KeepingLogger(),
    processId: process.pid,
    systemdFolder: join(folder, 'no-systemd'),
    ...changes,
  });
}

/** Another program that holds the lock. */
async function holdLock(): Promise<ChildProcess> {
  const child = spawn('flock', [lockFile, 'sh', '-c', 'echo held; exec sleep 60'], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return child;
}

async function isFree(): Promise<boolean> {
  const child = spawn('flock', ['-n', lockFile, 'true'], { stdio: 'ignore' });
  return (await new Promise((resolve) => child.once('close', resolve))) === 0;
}

async function becomesFree(): Promise<boolean> {
  for (let round = 0; round < 100; round += 1) {
    if (await isFree()) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

test('nobody holds the lock: no obstacle', async () => {
  expect(await makePower().obstacle()).toBeNull();
});

test('a lock that another program holds is an obstacle that names the file, and ends with it', async () => {
  const holder = await holdLock();
  const power = makePower();
  expect(await power.obstacle()).toContain(lockFile);
  await expect(power.acquire()).rejects.toMatchObject({ code: 'UPDATE_LOCKED' });
  if (holder.pid !== undefined) process.kill(-holder.pid, 'SIGKILL');
  await new Promise((resolve) => holder.once('close', resolve));
  expect(await becomesFree()).toBe(true);
  expect(await power.obstacle()).toBeNull();
});

test('the acquired lock keeps others away until it is released; it is no obstacle to ourselves', async () => {
  const power = makePower();
  await power.acquire();
  await power.acquire();
  expect(await isFree()).toBe(false);
  expect(await power.obstacle()).toBeNull();
  expect(await makePower().obstacle()).toContain(lockFile);
  await power.release();
  expect(await isFree()).toBe(true);
  await power.release();
  await power.acquire();
  expect(await isFree()).toBe(false);
  await power.release();
});

test('a missing folder or no configured file means that there is no lock', async () => {
  for (const updateLockFile of [join(folder, 'missing', 'lock'), '']) {
    const power = makePower({ updateLockFile });
    expect(await power.obstacle()).toBeNull();
    await power.acquire();
    await power.release();
  }
});

test('the lock is given up when the program that acquired it is killed', async () => {
  const program = bundleProgram('test/support/programs/lock-holder.ts', join(folder, 'program'));
  const child = spawn(process.execPath, [program, lockFile], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  expect(await isFree()).toBe(false);
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('close', resolve));
  expect(await becomesFree()).toBe(true);
});

/** A stand-in for busctl: no bus runs where tests do. The reply has the form of `busctl --json=short`. */
function fakeBusctl(reply: string, exitCode = 0): Partial<CommandPowerOptions> {
  const busctl = join(folder, 'busctl');
  writeFileSync(join(folder, 'reply'), reply);
  writeFileSync(busctl, `#!/bin/sh\ncat ${folder}/reply\nexit ${exitCode}\n`);
  chmodSync(busctl, 0o755);
  return { busctl, systemdFolder: folder };
}

const inhibitors = (...list: (readonly (string | number)[])[]) => JSON.stringify({ type: 'a(ssssuu)', data: [list] });

test('a program that blocks the shutdown is an obstacle in words', async () => {
  const reply = inhibitors(
    ['sleep', 'UPower', 'Pause polling', 'delay', 0, 1],
    ['idle:shutdown', 'Backup of field data', 'copying', 'block', 0, 2],
  );
  expect(await makePower(fakeBusctl(reply)).obstacle()).toBe('Backup of field data inhibits the shutdown: copying');
});

test.each([
  ['delays', inhibitors(['shutdown', 'a', 'b', 'delay', 0, 1]), 0],
  ['blocks of something else', inhibitors(['sleep:idle', 'a', 'b', 'block', 0, 1]), 0],
  ['no inhibitors', inhibitors(), 0],
  ['no logind', '', 1],
  ['a reply of another form', '{"data":[[["shutdown",3]]]}', 0],
])('%s are no obstacle', async (_case, reply, exitCode) => {
  expect(await makePower(fakeBusctl(reply, exitCode)).obstacle()).toBeNull();
});

test('a system without busctl has no inhibitors', async () => {
  expect(await makePower({ systemdFolder: folder, busctl: join(folder, 'absent') }).obstacle()).toBeNull();
});

test('the reboot command gets its words as they are, without a shell', async () => {
  const script = join(folder, 'reboot it');
  writeFileSync(script, `#!/bin/sh\nprintf '%s|' "$@" >${folder}/arguments\n`);
  chmodSync(script, 0o755);
  await makePower({ rebootCommand: `"${script}" now '$HOME; x' *` }).reboot();
  expect(readFileSync(join(folder, 'arguments'), 'utf8')).toBe('now|$HOME; x|*|');
});

test('a command that fails is REBOOT_FAILED with code and text', async () => {
  const reboot = makePower({ rebootCommand: `sh -c "echo no right >&2; exit 7"` }).reboot();
  await expect(reboot).rejects.toMatchObject({
    code: 'REBOOT_FAILED',
    message: expect.stringMatching(/exit code 7: no right/) as string,
  });
});

test('a command that waits for the end of the daemon does not hold it up', async () => {
  const ending = new AbortController();
  const reboot = makePower({ rebootCommand: 'sleep 60' }).reboot(ending.signal);
  ending.abort();
  await expect(reboot).rejects.toMatchObject({ code: 'REBOOT_FAILED' });
});

test('a command that does not exist is REBOOT_FAILED', async () => {
  await expect(makePower({ rebootCommand: join(folder, 'absent') }).reboot()).rejects.toMatchObject({
    code: 'REBOOT_FAILED',
  });
  expect(existsSync(join(folder, 'absent'))).toBe(false);
});
