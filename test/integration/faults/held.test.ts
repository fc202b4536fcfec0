import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdtemp, realpath, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hardwareId, Laboratory } from '../../../src/development/laboratory/laboratory.js';
import type { StatusDocument } from '../../../src/domain/status/status-document.js';
import { startNotifyListener, type NotifyListener } from '../../support/notify-listener.js';
import { copiedPrograms } from '../../support/programs-folder.js';
import { testProcesses } from '../../support/sysroot/test-processes.js';

const program = copiedPrograms();
let laboratory: Laboratory;
let listener: NotifyListener;
let uuid: string;

beforeAll(async () => {
  const folder = await mkdtemp(join(await realpath(tmpdir()), 'sota-'));
  listener = await startNotifyListener(folder);
  laboratory = await Laboratory.open({ folder, program, packageManager: 'none', processes: testProcesses() });
  const { device } = laboratory;
  // As the service manager does: a notify socket, and a watchdog that bites after 2 s.
  device.parts = {
    ...device.parts,
    environment: { ...device.parts.environment, NOTIFY_SOCKET: listener.path, WATCHDOG_USEC: '2000000' },
  };
  await device.powerOn();
  uuid = (await laboratory.registered()).uuid;
});

afterAll(async () => {
  await laboratory.close();
  await listener.stop();
});

const status = async (): Promise<StatusDocument> =>
  JSON.parse((await laboratory.device.sotactl('status', '--json')).output) as StatusDocument;

const messages = (): readonly string[] => listener.notifications.flatMap(({ message }) => message.split('\n'));

async function publish(name: string): Promise<{ readonly target: string; readonly placed: string }> {
  const content = Buffer.from(`content of ${name}`);
  const path = join(laboratory.options.folder, name);
  await writeFile(path, content);
  const sha256 = createHash('sha256').update(content).digest('hex').toUpperCase();
  const target = await laboratory.backend.publishFile(path, name, hardwareId);
  return { target, placed: join(laboratory.device.folders.images, sha256) };
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

it('installs nothing while somebody holds the update lock, says so, and goes on when it is given back', async () => {
  const lock = join(laboratory.device.folders.runtime, 'update.lock');
  const holder: ChildProcess = spawn('flock', [lock, 'sleep', '600'], { stdio: 'ignore', detached: true });
  try {
    const { target, placed } = await publish('held-1');
    await laboratory.backend.assign(uuid, target);
    const held = await laboratory.until('the status tells of the lock', 30, async () => {
      const document = await status();
      return document.state === 'ready' && document.why.some((reason) => reason.startsWith('held:')) ? document : null;
    });
    expect(held.why.join(' ')).toContain('update.lock');
    expect(await isThere(placed)).toBe(false);
    process.kill(-(holder.pid ?? 0), 'SIGKILL');
    await laboratory.until('the file is in its place', 30, () => isThere(placed));
    await laboratory.until('the assignment is closed', 30, async () => {
      const { assignments } = await laboratory.backend.device(uuid);
      return assignments[0]?.state === 'succeeded';
    });
  } finally {
    if (holder.exitCode === null && holder.signalCode === null) process.kill(-(holder.pid ?? 0), 'SIGKILL');
  }
});

it('tells the service manager that it is ready and what it does, and is fed only while it moves', async () => {
  await laboratory.until('the watchdog is fed', 10, () => Promise.resolve(messages().includes('WATCHDOG=1')));
  expect(messages()).toContain('READY=1');
  expect(messages().some((message) => message.startsWith('STATUS='))).toBe(true);

  // A stopped process shows no sign of life, and a continued one does again.
  const { pid } = laboratory.device;
  process.kill(pid ?? 0, 'SIGSTOP');
  const before = messages().filter((message) => message === 'WATCHDOG=1').length;
  await new Promise((resolve) => setTimeout(resolve, 2500));
  expect(messages().filter((message) => message === 'WATCHDOG=1').length).toBeLessThanOrEqual(before + 1);
  process.kill(pid ?? 0, 'SIGCONT');
  await laboratory.until('it is fed again', 10, () =>
    Promise.resolve(messages().filter((message) => message === 'WATCHDOG=1').length > before + 1),
  );
});

it('says that it stops, and ends with exit code 0', async () => {
  await laboratory.device.stop('SIGTERM');
  await laboratory.until('it said so', 5, () => Promise.resolve(messages().includes('STOPPING=1')));
  expect(laboratory.device.exits.at(-1)).toBe(0);
});
