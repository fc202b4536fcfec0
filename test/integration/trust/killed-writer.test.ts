import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileTrustStore } from '../../../src/adapters/trust/trust-store.js';
import { bundleProgram } from '../../support/bundled-program.js';
import { KeepingLogger } from '../../support/keeping-logger.js';

let base: string;

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'sotad-trust-kill-'));
});

afterAll(() => rmSync(base, { recursive: true, force: true }));

/** Runs the writer and kills it after a time. @returns the last number whose commit had returned; 0 for none. */
async function killedAfter(program: string, folders: readonly string[], milliseconds: number): Promise<number> {
  const child = spawn(process.execPath, [program, ...folders], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (output === '') setTimeout(() => child.kill('SIGKILL'), milliseconds);
    output += text;
  });
  await new Promise((resolve) => child.once('close', resolve));
  return Number(output.split('\n').at(-2) ?? 0);
}

test('kill -9 at random points of many commits: always one whole state, never older than what was returned', async () => {
  const program = bundleProgram('test/support/programs/trust-writer.ts', join(base, 'program'));
  const folders = [join(base, 'trust'), join(base, 'second')] as const;
  for (let round = 0; round < 12; round += 1) {
    const returned = await killedAfter(program, folders, Math.random() * 60);
    expect(returned).toBeGreaterThan(0);
    const logger = new KeepingLogger();
    const state = await new FileTrustStore({ folder: folders[0], logger }).load();
    expect(logger.lines).toEqual([]);
    const number = state.timeFloorMilliseconds;
    expect([returned, returned + 1]).toContain(number);
    expect(state.director.roots).toHaveLength(number);
    expect(state.director.roots.at(-1)?.bytes.toString()).toBe(String(number));
    for (const targets of [state.image.targets, state.director.targets]) {
      expect(
        Buffer.from(targets ?? [])
          .toString()
          .split(' ')[0],
      ).toBe(String(number));
    }
  }
});
