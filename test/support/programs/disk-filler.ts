import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openStateStore } from '../../../src/adapters/sqlite/state-store.js';
import { isSotaError } from '../../../src/domain/errors/sota-error.js';

/** Appends ever smaller pieces until not one byte more is taken. */
function fill(file: string): void {
  for (let size = 65_536; size >= 1; size = Math.floor(size / 2)) {
    try {
      for (;;) writeFileSync(file, Buffer.alloc(size), { flag: 'a' });
    } catch (error) {
      if (!(typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOSPC')) throw error;
    }
  }
}

/** Fills the small file system that a folder stands on, writes state into it, makes space, and tells what happened. */
function run(folder: string): void {
  const path = join(folder, 'state-1.db');
  const filler = join(folder, 'filler');
  const store = openStateStore({ path });
  store.journal.write('before');
  fill(filler);
  const failures: string[] = [];
  try {
    store.journal.write('x'.repeat(100_000));
  } catch (error) {
    failures.push(isSotaError(error) ? error.code : String(error));
  }
  const journalAfterFailure = store.journal.load();
  rmSync(filler);
  store.journal.write('after');
  const journalAfterSpace = store.journal.load();
  store.close();
  const again = openStateStore({ path });
  process.stdout.write(
    JSON.stringify({
      failures,
      journalAfterFailure,
      journalAfterSpace,
      reopened: again.journal.load(),
      warnings: again.warnings.length,
    }),
  );
  again.close();
}

run(process.argv[2] ?? '');
