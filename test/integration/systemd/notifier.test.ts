import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleProgram } from '../../support/bundled-program.js';
import { startNotifyListener, type NotifyListener } from '../../support/notify-listener.js';

let base: string;
let program: string;
let folder: string;
let listener: NotifyListener;

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'sotad-notify-'));
  program = bundleProgram('test/support/programs/notifier.ts', join(base, 'program'));
});

afterAll(() => rmSync(base, { recursive: true, force: true }));

beforeEach(async () => {
  folder = mkdtempSync(join(base, 'run-'));
  listener = await startNotifyListener(folder);
});

afterEach(() => listener.stop());

interface Outcome {
  readonly pid: number;
  readonly lines: readonly { readonly level: string }[];
  readonly statusMilliseconds: number;
  readonly watchdogIntervalSeconds: number | null;
  readonly kind: string;
}

/** A process of its own, since the package hands the real environment on. */
async function run(steps: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const child = spawn(process.execPath, [program, ...steps], {
    env: { PATH: process.env['PATH'] ?? '', NOTIFY_SOCKET: listener.path, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  await new Promise((resolve) => child.once('close', resolve));
  return { ...(JSON.parse(output) as Omit<Outcome, 'pid'>), pid: child.pid ?? 0 };
}

async function received(count: number): Promise<readonly string[]> {
  for (let round = 0; round < 200 && listener.notifications.length < count; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return listener.notifications.map(({ message }) => message.split('\n').sort().join(' '));
}

const statuses = (messages: readonly string[]) => messages.map((message) => message.split('STATUS=')[1]);

test('ready, watchdog and stopping reach a real notify socket in this order, in the name of the daemon', async () => {
  const { pid, lines } = await run(['ready', 'watchdog', 'stopping']);
  expect(await received(3)).toEqual([
    `MAINPID=${pid} READY=1`,
    expect.stringMatching(`^(MAINPID=${pid} )?WATCHDOG=1$`) as string,
    expect.stringMatching(`^(MAINPID=${pid} )?STOPPING=1$`) as string,
  ]);
  expect(lines).toEqual([]);
});

test('equal texts are sent once, and none smuggles another assignment in', async () => {
  await run(['status:pulling 10 %\nREADY=1', 'sleep:1200', 'status:pulling 10 %\nREADY=1', 'sleep:200']);
  const messages = await received(1);
  expect(messages).toHaveLength(1);
  expect(statuses(messages)).toEqual(['pulling 10 % READY=1']);
});

test('of texts that come faster than one a second, the first and the last are sent, and no call waits', async () => {
  const { statusMilliseconds } = await run(['status:one', 'status:two', 'sleep:100', 'status:three', 'status:four']);
  const messages = statuses(await received(2));
  // The process ended only when the last one was out.
  expect([messages[0], messages.at(-1)]).toEqual([expect.stringMatching('one|two'), 'four']);
  expect(messages).toHaveLength(2);
  expect(statusMilliseconds).toBeLessThan(500);
});

test('a waiting status does not hold up the end', async () => {
  const start = Date.now();
  await run(['status:one', 'sleep:300', 'status:two', 'stopping']);
  const messages = await received(2);
  expect(messages.at(-1)).toContain('STOPPING=1');
  expect(statuses(messages)).not.toContain('two');
  expect(Date.now() - start).toBeLessThan(5_000);
});

test('a failing notification is logged once and never throws', async () => {
  const gone = { NOTIFY_SOCKET: join(folder, 'gone') };
  const { lines, kind } = await run(['ready', 'watchdog', 'status:text', 'stopping'], gone);
  expect(kind).toBe('SystemdNotifier');
  expect(lines.map((line) => line.level)).toEqual(['warning']);
  expect(listener.notifications).toEqual([]);
});

test('a system without the binary is logged once', async () => {
  const { lines } = await run(['ready', 'status:text'], { PATH: folder });
  expect(lines.map((line) => line.level)).toEqual(['warning']);
});

test('without a notify socket nothing happens', async () => {
  const outcome = await run(['ready', 'status:x', 'watchdog', 'stopping'], {
    NOTIFY_SOCKET: '',
    WATCHDOG_USEC: '1000',
  });
  expect(outcome).toMatchObject({ kind: 'NullNotifier', lines: [], watchdogIntervalSeconds: null });
  expect(listener.notifications).toEqual([]);
});

test('the interval of the watchdog is half of what the manager allows', async () => {
  expect((await run([], { WATCHDOG_USEC: '3000000' })).watchdogIntervalSeconds).toBe(1.5);
});
