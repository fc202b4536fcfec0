import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeProcesses } from '../../../src/adapters/exec/node-processes.js';
import { endOrphans } from '../../../src/adapters/exec/orphans.js';
import { ownerVariable } from '../../../src/adapters/exec/environment.js';

describe('endOrphans', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sota-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  async function started(processes: NodeProcesses): Promise<{ readonly outcome: Promise<{ signal: string | null }> }> {
    const file = join(folder, `pid-${Math.random()}`);
    const script = `sleep 60 & echo $! > ${file}; wait`;
    const outcome = processes.run({ file: 'sh', arguments: ['-c', script], timeoutSeconds: 20 });
    for (;;) {
      try {
        if (readFileSync(file, 'utf8') !== '') return { outcome };
      } catch {
        // Not started yet.
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  it('ends children and grandchildren of its owner, and nobody else', async () => {
    const ours = await started(new NodeProcesses({ owner: folder }));
    const others = await started(new NodeProcesses({ owner: `${folder}-other` }));
    // The shell and its sleep.
    expect(await endOrphans(folder)).toEqual({ found: 2, left: 0 });
    expect((await ours.outcome).signal).toBe('SIGKILL');
    expect(await endOrphans(folder)).toEqual({ found: 0, left: 0 });
    expect(await endOrphans(`${folder}-other`)).toEqual({ found: 2, left: 0 });
    expect((await others.outcome).signal).toBe('SIGKILL');
  });

  it('ends a child that is stopped', async () => {
    const child = spawn('sleep', ['60'], { env: { PATH: process.env['PATH'], [ownerVariable]: folder } });
    const gone = new Promise((resolve) => child.once('exit', (_code, signal) => resolve(signal)));
    child.kill('SIGSTOP');
    expect(await endOrphans(folder)).toEqual({ found: 1, left: 0 });
    expect(await gone).toBe('SIGKILL');
  });
});
