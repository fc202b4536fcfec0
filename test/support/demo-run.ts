import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

export interface DemoRun {
  readonly exitCode: number | null;
  /** The last line of standard output, read as JSON; null when it is none. */
  readonly observations: Readonly<Record<string, unknown>> | null;
  readonly output: string;
  /** What is told to people. */
  readonly story: string;
}

/** Runs the demo as a user does, or with words before it, such as `unshare`. */
export async function runDemo(words: readonly string[], before: readonly string[] = []): Promise<DemoRun> {
  const [file = '', ...rest] = [...before, process.execPath, resolve('scripts/demo.js'), ...words];
  const child = spawn(file, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let story = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (story += text));
  const exitCode = await new Promise<number | null>((done, fail) => {
    child.once('error', fail);
    child.once('close', done);
  });
  return { exitCode, observations: parse(output.trimEnd().split('\n').at(-1) ?? ''), output, story };
}

function parse(line: string): Readonly<Record<string, unknown>> | null {
  return line.startsWith('{') ? (JSON.parse(line) as Readonly<Record<string, unknown>>) : null;
}
