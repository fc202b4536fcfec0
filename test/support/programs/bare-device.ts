import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Readable } from 'node:stream';

/** The real daemon on a device without a server, which is all that its shell needs. */
export interface BareDevice {
  readonly process: ChildProcessByStdio<null, Readable, Readable>;
  readonly exited: Promise<unknown[]>;
  /** Its log. */
  readonly lines: Interface;
}

/** `sota.toml` of such a device below the folder. @returns its path. */
export function writeBareConfiguration(folder: string): string {
  const path = join(folder, 'sota.toml');
  writeFileSync(
    path,
    [
      '[pacman]',
      'type = "none"',
      `images_path = "${folder}/images"`,
      '[storage]',
      `path = "${folder}/var"`,
      '[paths]',
      `runtime = "${folder}/run"`,
      '[uptane]',
      'polling_sec = 1',
      'polling_first_max_sec = 0',
    ].join('\n'),
  );
  return path;
}

export function startBareDevice(program: string, folder: string): BareDevice {
  const child = spawn(process.execPath, [program, '--config', writeBareConfiguration(folder)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return { process: child, exited: once(child, 'exit'), lines: createInterface({ input: child.stdout }) };
}

/** The next line of the log with the text; at once when the daemon ends. */
export async function untilLine({ lines, exited }: BareDevice, text: string): Promise<void> {
  await Promise.race([
    exited,
    new Promise<void>((resolve) => lines.on('line', (line) => line.includes(text) && resolve())),
  ]);
}
