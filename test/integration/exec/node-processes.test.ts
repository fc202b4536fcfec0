import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeProcesses } from '../../../src/adapters/exec/node-processes.js';

/** Is a process with this number running, and no zombie? */
function runs(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describe('NodeProcesses', () => {
  const processes = new NodeProcesses();
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sotad-exec-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const shell = (script: string): { file: string; arguments: readonly string[] } => ({
    file: 'sh',
    arguments: ['-c', script],
  });
  const pidIn = (name: string): number => Number(readFileSync(join(folder, name), 'utf8'));

  it('gives exit code and both outputs', async () => {
    expect(await processes.run(shell('echo out; echo err >&2; exit 3'))).toEqual({
      exitCode: 3,
      signal: null,
      endedBy: 'itself',
      standardOutput: 'out\n',
      standardError: 'err\n',
    });
  });

  it('passes arguments as they are, without a shell', async () => {
    const arguments_ = ['%s|', '$HOME', '; rm -rf x', '*', 'a b', ''];
    const { standardOutput } = await processes.run({ file: 'printf', arguments: arguments_ });
    expect(standardOutput).toBe('$HOME|; rm -rf x|*|a b||');
  });

  it('gives the child nothing of our environment', async () => {
    process.env['SOTAD_TEST_SECRET'] = 'secret';
    try {
      const { standardOutput } = await processes.run({ file: 'env', arguments: [], environment: { ADDED: '1' } });
      expect(standardOutput.trim().split('\n').sort()).toEqual([
        'ADDED=1',
        'LANG=C.UTF-8',
        'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        'TZ=UTC',
      ]);
    } finally {
      delete process.env['SOTAD_TEST_SECRET'];
    }
  });

  it('runs in the folder and feeds the input', async () => {
    const { standardOutput } = await processes.run({
      ...shell('pwd; cat'),
      workingFolder: folder,
      input: 'x'.repeat(300_000),
    });
    expect(standardOutput).toBe(`${folder}\n${'x'.repeat(300_000)}`);
  });

  it('has an empty input otherwise, and does not mind a program that reads none', async () => {
    expect((await processes.run({ file: 'cat', arguments: [] })).exitCode).toBe(0);
    expect((await processes.run({ file: 'true', arguments: [], input: 'x'.repeat(1_000_000) })).exitCode).toBe(0);
  });

  it('says which program is not there', async () => {
    await expect(processes.run({ file: 'no-such-program', arguments: [] })).rejects.toMatchObject({
      code: 'PROCESS_NOT_FOUND',
      message: expect.stringContaining('no-such-program') as string,
    });
    await expect(processes.run({ file: folder, arguments: [] })).rejects.toMatchObject({ code: 'PROCESS_NOT_FOUND' });
    await expect(
      processes.run({ file: 'true', arguments: [], workingFolder: join(folder, 'none') }),
    ).rejects.toMatchObject({ code: 'PROCESS_NOT_FOUND', message: expect.stringContaining('none') as string });
    await expect(processes.run({ file: 'true', arguments: ['a\0b'] })).rejects.toMatchObject({
      code: 'PROCESS_FAILED',
    });
  });

  it('tells the signal that ended the child', async () => {
    expect(await processes.run(shell('kill -9 $$'))).toMatchObject({
      exitCode: null,
      signal: 'SIGKILL',
      endedBy: 'itself',
    });
  });

  it('kills the whole family at the timeout, also who left the group or ignores SIGTERM', async () => {
    const script = `
      sleep 300 & echo $! > ${folder}/group
      setsid sleep 301 & echo $! > ${folder}/session
      (trap '' TERM; echo $$ > ${folder}/stubborn; while :; do sleep 1; done) &
      trap '' TERM
      while :; do sleep 1; done`;
    const started = Date.now();
    const outcome = await processes.run({ ...shell(script), timeoutSeconds: 0.5 });
    expect(outcome).toMatchObject({ endedBy: 'timeout', signal: 'SIGKILL' });
    expect(Date.now() - started).toBeLessThan(10_000);
    for (const name of ['group', 'session', 'stubborn']) expect([name, runs(pidIn(name))]).toEqual([name, false]);
  });

  it('gives SIGTERM first, so that a program can tidy up', async () => {
    const outcome = await processes.run({
      ...shell(`trap 'echo tidy; exit 7' TERM; while :; do sleep 0.1; done`),
      timeoutSeconds: 0.5,
    });
    expect(outcome).toMatchObject({ endedBy: 'timeout', exitCode: 7, standardOutput: 'tidy\n' });
  });

  it('ends what the child left in its group, and does not wait for a daemon that holds its output', async () => {
    const started = Date.now();
    const outcome = await processes.run(
      shell(
        `sleep 300 & echo $! > ${folder}/left; setsid sh -c 'echo $$ > ${folder}/daemon; exec sleep 12' & sleep 0.3`,
      ),
    );
    try {
      expect(outcome).toMatchObject({ exitCode: 0, endedBy: 'itself' });
      expect(Date.now() - started).toBeLessThan(8_000);
      expect(runs(pidIn('left'))).toBe(false);
      expect(runs(pidIn('daemon'))).toBe(true);
    } finally {
      process.kill(pidIn('daemon'), 'SIGKILL');
    }
  });

  it('can be cancelled within two seconds, and does not start when cancelled before', async () => {
    const controller = new AbortController();
    const started = Date.now();
    setTimeout(() => controller.abort(), 200);
    const running = { ...shell('sleep 300'), signal: controller.signal };
    expect(await processes.run(running)).toMatchObject({ endedBy: 'abort', signal: 'SIGTERM' });
    expect(Date.now() - started).toBeLessThan(2_200);
    const file = join(folder, 'started');
    expect(await processes.run({ file: 'touch', arguments: [file], signal: controller.signal })).toMatchObject({
      endedBy: 'abort',
    });
    expect(() => readFileSync(file)).toThrow('ENOENT');
  });

  it('ends a child that writes and then sleeps, but not one whose descendant goes on writing', async () => {
    const stalled = await processes.run({
      ...shell(`head -c 100000 /dev/zero > ${folder}/data; sleep 300`),
      stallTimeoutSeconds: 2,
    });
    expect(stalled).toMatchObject({ endedBy: 'stall', signal: 'SIGTERM' });
    const busy = await processes.run({
      ...shell(`(for i in 1 2 3 4 5 6 7 8; do echo x >> ${folder}/data; sleep 0.5; done) & wait`),
      stallTimeoutSeconds: 2,
    });
    expect(busy).toMatchObject({ endedBy: 'itself', exitCode: 0 });
  });

  it('tells the written bytes, which only grow', async () => {
    const told: number[] = [];
    await processes.run({
      ...shell(`for i in 1 2 3; do head -c 1000000 /dev/zero >> ${folder}/data; sleep 1; done`),
      onWrittenBytes: (bytes) => told.push(bytes),
    });
    expect(told.length).toBeGreaterThanOrEqual(2);
    expect(told).toEqual([...told].sort((one, other) => one - other));
    expect(told.at(-1)).toBeGreaterThanOrEqual(2_000_000);
  });

  it('does not judge progress where the kernel tells none', async () => {
    const table = join(folder, 'proc');
    await new NodeProcesses().run(shell(`mkdir ${table}`));
    const blind = new NodeProcesses({ procFolder: table });
    expect(await blind.run({ ...shell('sleep 1.5'), stallTimeoutSeconds: 0.3 })).toMatchObject({ exitCode: 0 });
  });

  it('keeps the newest bytes of a huge output', async () => {
    const { standardOutput } = await processes.run({
      ...shell('seq 1 2000000'),
      outputLimitBytes: 1_000,
    });
    expect(standardOutput).toHaveLength(1_000);
    expect(standardOutput.endsWith('1999999\n2000000\n')).toBe(true);
  });

  it('does not begin its text with half a character', async () => {
    const { standardOutput } = await processes.run({ ...shell('printf aäö'), outputLimitBytes: 3 });
    expect(standardOutput).toBe('ö');
  });

  it('tells lines of both streams as they come, long ones cut at 4 KiB', async () => {
    const lines: string[] = [];
    const script = `printf 'one\\r\\nt'; sleep 0.2; printf 'wo\\n\\n'; head -c 10000 /dev/zero | tr '\\0' x; printf '\\nlast'; echo e >&2`;
    await processes.run({
      ...shell(script),
      onLine: (stream, line) => lines.push(`${stream[0] ?? ''}:${line}`),
    });
    expect(lines.filter((line) => line.startsWith('o:'))).toEqual([
      'o:one',
      'o:two',
      'o:',
      `o:${'x'.repeat(4_096)}`,
      'o:last',
    ]);
    expect(lines).toContain('e:e');
  });

  it('hands on what a callback throws, and ends the child', async () => {
    const running = {
      ...shell(`echo $$ > ${folder}/pid; echo line; sleep 300`),
      onLine: () => {
        throw new Error('of the caller');
      },
    };
    await expect(processes.run(running)).rejects.toThrow('of the caller');
    expect(runs(pidIn('pid'))).toBe(false);
  });

  it('leaves no listener on the signal and no descriptor', async () => {
    const { signal } = new AbortController();
    const added = jest.spyOn(signal, 'addEventListener');
    const removed = jest.spyOn(signal, 'removeEventListener');
    const descriptors = async (): Promise<number> =>
      Number((await processes.run(shell(`ls /proc/${process.pid}/fd | wc -l`))).standardOutput);
    const before = await descriptors();
    for (let round = 0; round < 30; round += 1) {
      await processes.run({ file: 'true', arguments: [], signal, timeoutSeconds: 60, stallTimeoutSeconds: 60 });
    }
    expect(added).toHaveBeenCalledTimes(30);
    expect(removed).toHaveBeenCalledTimes(30);
    expect((await descriptors()) - before).toBeLessThan(5);
  });
});
